"""Pure parts: what is committed to, and what a certificate says."""
