"""The pages of what is promised."""
