"""What outlives a run, in the state folder: paused queues, the journal, who is at work."""
