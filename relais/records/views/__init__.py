"""Pages of service reviews: one file a subject."""
