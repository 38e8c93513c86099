"""What people and programs see: results on stdout, progress and messages on stderr."""
