"""What feeds, site maps and files are made from."""
