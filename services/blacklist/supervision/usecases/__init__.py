"""Acts of supervision: keeping the ledger, explaining numbers, drawing and closing inspections."""
