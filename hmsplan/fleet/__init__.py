"""Many organizations that share a stack: each planned and applied by itself, and shown side by side."""
