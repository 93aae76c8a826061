"""Fields that work against each other, and what a model or the platform refuses."""
