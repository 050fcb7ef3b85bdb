"""A platform whose door is a person with a spreadsheet: nothing is sent, the row waits for a hand.

Its public list can be read over HTTP, so that what the hand did is reconciled like everything else.
"""

from collections.abc import Sequence

from services.credit_push.formats import packet, procurement_sheet
from services.credit_push.transports.base import BY_HAND, TAKEN, Job, Ledger, Outcome, Preview, Receipt
from services.credit_push.transports.http import HttpClient
from services.credit_push.transports.http_ledger import HttpLedger


class Manual:
    """A platform served by hand; `client` reads its public list where there is one."""

    def __init__(self, client: HttpClient | None) -> None:
        self._client = client

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
        row = procurement_sheet.sheet_row(job.content.row, job.operation, job.key)
        return Preview("由人工填报的表", packet.to_csv([list(procurement_sheet.LABELS), row]))

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
