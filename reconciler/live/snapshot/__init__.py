"""A live state as a file, by which plans are made without a server."""
