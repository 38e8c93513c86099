"""The server's job queues during a run: held still, waited for, given back."""
