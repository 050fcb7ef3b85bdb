"""Reading for supervision: figures per department, lists to drill down into, ledger, gaps, inspections."""
