"""Tells the managing departments, once, and records every attempt."""
