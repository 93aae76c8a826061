"""The repository itself: names, overrides, variables, approvals."""
