"""A platform whose door is a person with a spreadsheet: nothing is sent, the row waits for a hand.

Its public list can be read over HTTP, so that what the hand did is reconciled like everything else.
"""

from collections.abc import Sequence
from dataclasses import replace

from services.credit_push.catalogue import Profile
from services.credit_push.formats.filled import fill, media_type
from services.credit_push.formats.packet import Line
from services.credit_push.transports.base import (
    BY_HAND,
    TAKEN,
    Job,
    Ledger,
    Outcome,
    Preview,
    PreviewFile,
    Receipt,
)
from services.credit_push.transports.http import HttpClient
from services.credit_push.transports.http_ledger import HttpLedger


class Manual:
    """A platform served by hand; `client` reads its public list where there is one."""

    def __init__(self, profile: Profile, client: HttpClient | None) -> None:
        self._profile, self._client = profile, client

    def send(self, jobs: Sequence[Job]) -> list[Outcome]:
        return [Outcome(job.delivery_id, BY_HAND) for job in jobs]

    def query(self, jobs: Sequence[Job]) -> list[Outcome]:
        return [Outcome(job.delivery_id, TAKEN) for job in jobs]  # still with the platform's people

    def receipts(self, awaited: Sequence[str]) -> list[Receipt]:  # noqa: ARG002  a person brings them
        return []

    def forget(self, receipts: Sequence[Receipt]) -> None:
        pass

    def ledger(self, run_id: str) -> Ledger | None:  # noqa: ARG002  answered on the spot
        if self._client is None:
            raise ValueError("该平台不提供可比对的清单，无法对账")
        return HttpLedger(self._client)

    def preview(self, job: Job) -> Preview:
        line = Line(job.key, job.operation, job.listing_id, job.version, job.content.row)
        template, layout = self._profile.template, job.content.layout
        body = fill(self._profile, layout, [line])
        csv = replace(self._profile, template=replace(template, file="csv", encoding="utf-8"))
        sheet = PreviewFile(f"{job.batch_id}.{template.file}", media_type(template), body)
        return Preview("由人工填报的表", body, files=(sheet,), readable=fill(csv, layout, [line]))

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
