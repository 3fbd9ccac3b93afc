"""What outlives the people who made it."""
