"""The rules: values and `now` in, a decision with its reasons out. No Django, clock or file."""
