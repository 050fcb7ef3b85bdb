"""Reading the log: its size, tiles, checkpoints, proofs, and what a public listing's leaf commits to."""
