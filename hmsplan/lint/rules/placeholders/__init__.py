"""What stands between braces, and is filled in during a call."""
