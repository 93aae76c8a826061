"""Numbers, trunks and transfers."""
