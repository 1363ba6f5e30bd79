"""The way to the server, and the only place that knows httpx."""
