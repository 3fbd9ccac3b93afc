"""What is seen and typed, one file a subject."""
