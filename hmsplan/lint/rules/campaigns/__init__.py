"""Who is called, and when."""
