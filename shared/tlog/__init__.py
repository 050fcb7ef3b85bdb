"""Transparency logs as RFC 6962 and C2SP define them: Merkle tree, tiles, signed notes and checkpoints.

Pure functions over bytes; where hashes are kept is the caller's business.
"""
