"""监督: indicators, assessment sheet, annual report, decision ledger and its gaps, inspections (R63–R68)."""
