"""What the law asks of calls, and of data about people."""
