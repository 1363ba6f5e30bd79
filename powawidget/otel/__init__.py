"""A run as spans of OpenTelemetry: what each is called and tells, and how they are handed over."""
