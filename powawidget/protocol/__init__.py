"""What the server says: server-sent events, typed events, and stored runs. No I/O."""
