"""登记册: what the public may see — listings, their versions, search, change feed and downloads."""
