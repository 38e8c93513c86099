"""Coming back to runs that are over: what became of them, and how to take them back."""
