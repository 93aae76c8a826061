"""The executor: Plan -> Report, and all writes to the API."""
