"""Which albums' members have to be known, and who is in them."""
