"""From files and a server to a plan, and whatever else only reads the server."""
