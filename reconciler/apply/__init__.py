"""Carries out a plan: the window over the queues, the requests, the settle, and the proof by reading back."""
