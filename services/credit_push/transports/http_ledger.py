"""A platform's ledger over signed HTTP: digests per bucket, then the rows of the buckets that differ."""

import json
from collections.abc import Iterator
from typing import Any

from services.credit_push.transports.base import Digest, LedgerRow, TransportDown, Within
from services.credit_push.transports.http import HttpClient


class HttpLedger:
    """What an HTTP platform says it shows."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def digest(self, buckets: int, within: Within | None = None) -> Digest:
        narrow = f"&within={within.buckets}&bucket={within.bucket}" if within else ""
        answer = self._ask(f"/ledger/digest?buckets={buckets}{narrow}")
        told = {int(n): (int(b["count"]), str(b["sha256"])) for n, b in answer["buckets"].items()}
        if within is not None:  # whoever knows no `within` tells everything
            told = {n: what for n, what in told.items() if n % within.buckets == within.bucket}
        return Digest(int(answer["count"]), told)

    def rows(self, bucket: int, buckets: int) -> Iterator[LedgerRow]:
        for row in self._ask(f"/ledger?bucket={bucket}&buckets={buckets}")["rows"]:
            yield ledger_row(row)

    def _ask(self, path: str) -> dict[str, Any]:
        reply = self._client.get(path)
        try:
            answer: dict[str, Any] = json.loads(reply.body)
        except (ValueError, RecursionError) as error:
            raise TransportDown("台账答复无法读取") from error
        return answer


def ledger_row(row: dict[str, Any]) -> LedgerRow:
    """A row of a ledger as both JSON and packet ledgers name its parts."""
    listing_id, number, name = (
        str(row.get(n) or "") for n in ("listing_id", "document_number", "subject_name")
    )
    version = str(row.get("version", ""))
    return LedgerRow(
        match_key=listing_id or f"{number}\n{name}",
        listing_id=listing_id,
        document_number=number,
        subject_name=name,
        version=int(version) if version.isdigit() else None,
        content_digest=str(row.get("content_digest") or ""),
        uscc=str(row.get("uscc") or ""),
        listed_in=str(row.get("list") or ""),
    )
