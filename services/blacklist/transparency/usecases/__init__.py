"""Writing the log, and issuing certificates."""
