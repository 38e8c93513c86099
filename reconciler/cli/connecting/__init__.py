"""From settings to a connection to the server, for one account or several."""
