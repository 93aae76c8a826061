"""What several test folders share: time that nobody waits for, and one organization with one stack."""
