"""A platform's ledger of many records made from their numbers, with planted differences; its own process.

python -m bench._ledger PORT ROWS
"""

import hashlib
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LEAVES = 65536
KINDS = ("missing", "extra", "stale", "altered")
Row = tuple[str, int, str]
"""Listing id, version, content digest."""


def key_of(number: int) -> str:
    return f"0190a0b0-{number >> 16:04x}-7{(number >> 12) & 15:x}00-8000-{number:012x}"


def digest_of(number: int) -> str:
    return hashlib.sha256(b"content %d" % number).hexdigest()


def bucket_of(key: str) -> int:
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16)


def planted(rows: int, each: int = 25) -> dict[str, str]:
    """Which listing differs in which way: the same on both sides of the bench."""
    chosen = random.Random(7).sample(range(rows), each * 3)
    kinds = {key_of(number): KINDS[at % 3 + (at % 3 > 0)] for at, number in enumerate(chosen)}
    return kinds | {key_of(rows + number): "extra" for number in range(each)}


def ledger(rows: int) -> Iterator[Row]:
    kinds = planted(rows)
    for number in range(rows + len(kinds) // 4):
        key = key_of(number)
        kind = kinds.get(key)
        if number >= rows or kind != "missing":
            yield key, 0 if kind == "stale" else 1, digest_of(number if kind != "altered" else -number)


class Books:
    """The ledger by finest bucket; sums of coarser ones are worked out once."""

    def __init__(self, rows: int) -> None:
        self.leaves: dict[int, list[Row]] = defaultdict(list)
        for row in ledger(rows):
            self.leaves[bucket_of(row[0]) % LEAVES].append(row)
        self.count = sum(map(len, self.leaves.values()))
        self.sums: dict[int, dict[int, dict[str, Any]]] = {}

    def level(self, buckets: int) -> dict[int, dict[str, Any]]:
        if buckets not in self.sums:
            parts: dict[int, list[str]] = defaultdict(list)
            for leaf, rows in self.leaves.items():
                parts[leaf % buckets].extend("\t".join(map(str, row)) for row in rows)
            self.sums[buckets] = {number: _sum(lines) for number, lines in parts.items()}
        return self.sums[buckets]


def _sum(lines: list[str]) -> dict[str, Any]:
    return {"count": len(lines), "sha256": hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()}


def _told(row: Row) -> dict[str, Any]:
    names = {
        "document_number": f"示〔2026〕{row[0][-7:]}号",
        "subject_name": f"示例企业{row[0][-7:]}有限公司",
    }
    return {"listing_id": row[0], "version": row[1], "content_digest": row[2], **names}


def serve(port: int, rows: int) -> None:
    books = Books(rows)
    for buckets in (256, 4096, LEAVES):
        books.level(buckets)

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
            if url.path.endswith("/digest"):
                wide, only = asked.get("within", 1), asked.get("bucket", 0)
                found = books.level(asked["buckets"]).items()
                told: Any = {
                    "count": books.count,
                    "buckets": {n: what for n, what in found if n % wide == only},
                }
            else:
                told = {"rows": [_told(row) for row in books.leaves[asked["bucket"]]]}
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self._headers_buffer.append(b"\r\n" + body)  # in one piece, or Nagle waits for the other side
            self.flush_headers()

        def log_message(self, *_: object) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Door).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
