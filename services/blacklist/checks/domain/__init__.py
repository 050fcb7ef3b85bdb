"""What a sheet's columns are, how groups are judged, what a tender sheet says; no framework."""
