"""Credentials, and who gets them."""
