"""Registering data users, taking their cursors, and watching who falls behind."""
