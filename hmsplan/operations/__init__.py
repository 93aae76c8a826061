"""What a person asks for, as functions: read, plan, apply, drift. No printing."""
