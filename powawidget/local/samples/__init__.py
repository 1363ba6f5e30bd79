"""What the server offers from the start: agents, orchestrations and workflows over sample data."""
