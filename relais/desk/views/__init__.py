"""What is seen and typed at the desk, one file a screen."""
