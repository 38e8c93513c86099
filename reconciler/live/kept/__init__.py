"""What earlier readings have left on this disk, and why it may stand for what the server would tell."""
