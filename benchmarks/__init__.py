"""What speed costs, as ratios measured in one run; ``make bench`` runs all of it, ``make bench ONLY=plan`` one."""
