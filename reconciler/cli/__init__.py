"""The commands, a module each: options in, exit code out. What they do is in the folders."""
