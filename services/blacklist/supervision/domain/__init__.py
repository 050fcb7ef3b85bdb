"""The arithmetic of supervision: pure functions over dates, document numbers and counts."""
