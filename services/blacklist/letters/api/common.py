"""What the letters' routes share: who may call, how large a file may be."""

from services.blacklist.cases.api.filing import READ
from services.blacklist.cases.domain.figures import figure
from shared.web.access import scope

__all__ = ["MOST_BYTES", "READ", "WRITE"]

WRITE = scope("cases:write", roles=("clerk", "reviewer", "decider"))
MOST_BYTES = figure("attachments", "max_bytes")
