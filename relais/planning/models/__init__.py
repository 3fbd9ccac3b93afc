"""Before the day: one file a subject."""
