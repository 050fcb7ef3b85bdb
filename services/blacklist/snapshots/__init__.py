"""The register as files for whoever keeps a copy: snapshots, and deltas that lead from one to the next."""
