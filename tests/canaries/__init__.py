"""Secrets end to end: when they are sent, what is remembered of them, and that they are seen nowhere."""
