"""The state in a folder."""
