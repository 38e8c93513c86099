"""Rules and names of photos → the searches that find these photos, and which way costs the server least."""
