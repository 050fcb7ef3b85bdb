"""Carries every listing and withdrawal to the platforms that must have it, and proves it."""
