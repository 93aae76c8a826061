"""How one long text became another, and how that is drawn. Pure."""
