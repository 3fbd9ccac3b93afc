"""Words of the diagnostic in templates."""
