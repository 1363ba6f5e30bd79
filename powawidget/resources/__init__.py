"""What a person holds of a project: its agents, orchestrations and workflows."""
