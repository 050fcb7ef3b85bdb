"""What the letters' routes share: who may call, the site's own address, a file as an answer."""

from urllib.parse import quote

from flask import Response

from services.blacklist.cases.api.filing import READ
from services.blacklist.cases.domain.figures import figure
from shared.web.access import scope

__all__ = ["MOST_BYTES", "READ", "WRITE", "file_answer"]

WRITE = scope("cases:write", roles=("clerk", "reviewer", "decider"))
MOST_BYTES = figure("attachments", "max_bytes")


def file_answer(content: bytes, media_type: str, name: str, *, inline: bool = False) -> Response:
    """A file nobody may cache; shown in the browser only where `inline`."""
    answer = Response(content, mimetype=media_type)
    way = "inline" if inline else "attachment"
    answer.headers["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(name)}"
    answer.headers["Cache-Control"] = "no-store"
    return answer
