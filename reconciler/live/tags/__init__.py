"""Which photos carry which tags."""
