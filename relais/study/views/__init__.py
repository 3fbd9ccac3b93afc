"""Pages of the diagnostic: one file a subject."""
