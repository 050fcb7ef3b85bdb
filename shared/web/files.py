"""A file as an answer: saved under its own name, Chinese included, or shown; kept by no cache."""

from urllib.parse import quote

from flask import Response


def file_answer(content: bytes, media_type: str, name: str, *, inline: bool = False) -> Response:
    """A file nobody may cache; shown in the browser only where `inline`."""
    answer = Response(content, mimetype=media_type)
    way = "inline" if inline else "attachment"
    answer.headers["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(name)}"
    answer.headers["Cache-Control"] = "no-store"
    return answer
