"""What programs of others say of our output; ``scripts/judges`` installs them."""
