"""How a text sounds when it is spoken."""
