"""Audit trail (审计日志): who did what to which object, append-only and hash-chained after commit."""
