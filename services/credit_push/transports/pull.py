"""A platform that comes for its events itself (the exchange door): nothing is sent, receipts are awaited."""

from collections.abc import Sequence

from services.credit_push.transports.base import TAKEN, Job, Ledger, Outcome, Preview, Receipt


class Pull:
    """The door is open; what is planned counts as offered."""

    def send(self, jobs: Sequence[Job]) -> list[Outcome]:
        return [Outcome(job.delivery_id, TAKEN) for job in jobs]

    def query(self, jobs: Sequence[Job]) -> list[Outcome]:
        return [Outcome(job.delivery_id, TAKEN) for job in jobs]  # it has not told us yet

    def receipts(self, awaited: Sequence[str]) -> list[Receipt]:  # noqa: ARG002  it brings them to the door
        return []

    def forget(self, receipts: Sequence[Receipt]) -> None:
        pass

    def ledger(self, run_id: str) -> Ledger | None:  # noqa: ARG002  it has none that we could ask
        raise ValueError("由平台自取的平台没有可核对的台账")

    def preview(self, job: Job) -> Preview:
        return Preview("GET /exchange/v1/events", job.content.json)

    def close(self) -> None:
        pass
