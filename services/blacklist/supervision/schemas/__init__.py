"""Shapes of the supervision API: what it takes, and what it answers."""
