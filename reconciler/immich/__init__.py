"""The HTTP client of an Immich server: transport, what differs between versions, a reader and a writer."""
