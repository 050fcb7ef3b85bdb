"""Fills the sample world at the first start, through the product's own doors and by the sample accounts.

For each sheet: the clerk uploads and confirms it and submits the cases, the reviewer confirms the decisions,
the decider publishes. What is done is kept in `first-start.json`, so a start cut short goes on where it was.
"""

import json
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from services.blacklist.sample import SampleBatch, sample_batches, write_sample_penalties
from services.demo import Caller, Officers, sign_in, sign_in_officers
from shared.clock import SystemClock
from shared.ids import new_id

Say = Callable[[str], None]
DONE_FILE = "first-start.json"
IMPORT_SECONDS = 60.0
SETTLE_SECONDS = 120.0
MEASURES_MARK = "measures"
MEASURES = (("operator", "engineering-tendering"), ("system-admin", None))
"""Whose department applies measures in the sample world, and in which field; None is every one."""
SETTLED = frozenset({"acknowledged", "rejected", "awaiting-hand", "dead", "superseded"})
STEPS = (
    ("clerk", "draft", "submit"),
    ("reviewer", "under_review", "confirm_decision"),
    ("decider", "served", "publish"),
)


class FirstStartFailure(RuntimeError):
    """The sample world could not be filled; the text says at which step."""


def load_sample_cases(base: str, accounts: list[dict[str, Any]], data_dir: Path, say: Say) -> None:
    """Every batch not yet done, then wait until the deliveries have settled."""
    done_file = data_dir / DONE_FILE
    done: list[str] = json.loads(done_file.read_text("utf-8")) if done_file.exists() else []
    if MEASURES_MARK not in done:
        state_measures(base, accounts)
        done.append(MEASURES_MARK)
        done_file.write_text(json.dumps(done), "utf-8")
    batches = [batch for batch in sample_batches() if mark_of(batch) not in done]
    if not batches:
        return
    say(f"loading the sample world: {sum(batch.rows for batch in batches)} synthetic penalties")
    for batch in batches:
        file_batch(base, accounts, data_dir, batch)
        done.append(mark_of(batch))
        done_file.write_text(json.dumps(done), "utf-8")
    operator = sign_in(base, next(account for account in accounts if account["roles"] == ["operator"]))
    wait_for_deliveries(operator, say)


def state_measures(base: str, accounts: list[dict[str, Any]]) -> None:
    """Institutions that apply measures, so that there is somebody to tell when a sample listing ends."""
    for role, domain in MEASURES:
        keeper = next(account for account in accounts if account["roles"] == [role])
        stated = {"region": keeper["region"], "domain": domain}
        sign_in(base, keeper).call("POST", "/notices/api/v1/enforcement", stated)


def mark_of(batch: SampleBatch) -> str:
    return f"{batch.region} {batch.domain} {batch.list_code}"


def file_batch(base: str, accounts: list[dict[str, Any]], data_dir: Path, batch: SampleBatch) -> None:
    officers = sign_in_officers(base, accounts, batch.region)
    today = SystemClock(data_dir / "clock.json").today()
    # Outside DATA_DIR: the sheet has identity numbers in clear until the import seals it.
    with tempfile.TemporaryDirectory() as folder:
        sheet = Path(folder) / "penalties.xlsx"
        write_sample_penalties(sheet, batch.region, batch.rows, domain=batch.domain, today=today)
        import_id = import_sheet(officers.clerk, sheet, batch)
    for role, state, action in STEPS:
        move_all(officers, role, import_id, state, action)


def import_sheet(clerk: Caller, sheet: Path, batch: SampleBatch) -> str:
    """Upload, look at the preview, confirm; returns the import's id once every row is filed."""
    fields = {"list_code": batch.list_code, "domain": batch.domain, "region": batch.region}
    made = upload(clerk, "/api/v1/imports", fields, sheet)
    preview = wait_for_import(clerk, made["id"], {"preview", "failed"})
    if preview["state"] == "failed" or preview["bad_rows"]:
        raise FirstStartFailure(f"the sample sheet was refused: {preview}")
    clerk.call("POST", f"/api/v1/imports/{made['id']}/confirm")
    filed = wait_for_import(clerk, made["id"], {"done", "failed"})
    if filed["filed_rows"] != batch.rows:
        raise FirstStartFailure(f"only {filed['filed_rows']} of {batch.rows} rows were filed")
    return str(made["id"])


def wait_for_import(clerk: Caller, import_id: str, states: set[str]) -> dict[str, Any]:
    deadline = time.monotonic() + IMPORT_SECONDS
    while time.monotonic() < deadline:
        seen: dict[str, Any] = clerk.get(f"/api/v1/imports/{import_id}", limit="1")
        if seen["state"] in states:
            return seen
        time.sleep(0.05)
    raise FirstStartFailure(f"import {import_id} did not reach {states} in {IMPORT_SECONDS:.0f} s")


def move_all(officers: Officers, role: str, import_id: str, state: str, action: str) -> None:
    who: Caller = getattr(officers, role)
    items = [{"id": case["id"], "version": case["version"]} for case in cases_of(who, import_id, state)]
    if not items:
        return
    answer = who.call("POST", "/api/v1/cases/transitions", {"action": action, "items": items})
    refused = [row for row in answer["items"] if not row["ok"]]
    if refused:
        raise FirstStartFailure(f"{action} was refused for {len(refused)} sample cases: {refused[0]}")


def cases_of(who: Caller, import_id: str, state: str) -> Iterator[dict[str, Any]]:
    query = {"import": import_id, "state": state, "limit": "200"}
    while True:
        page = who.get("/api/v1/cases", **query)
        yield from page["items"]
        if not page["next"]:
            return
        query["cursor"] = page["next"]


def upload(who: Caller, path: str, fields: dict[str, str], file: Path) -> Any:
    """One multipart form with one file."""
    boundary = new_id()
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
    kind = "Content-Type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet\r\n\r\n"
    body = b"".join([*parts, (head + kind).encode(), file.read_bytes(), f"\r\n--{boundary}--\r\n".encode()])
    request = urllib.request.Request(who.base + path, data=body, method="POST")  # noqa: S310  own address
    request.add_header("Authorization", f"Bearer {who.token}")
    request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
    request.add_header("Idempotency-Key", boundary)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        raise FirstStartFailure(f"the upload was refused with {error.code}: {text[:600]}") from error


def wait_for_deliveries(operator: Caller, say: Say) -> None:
    """Until no delivery is on its way; what a platform refuses is settled too, and shows in the monitor."""
    deadline = time.monotonic() + SETTLE_SECONDS
    told = ""
    while time.monotonic() < deadline:
        counts: dict[str, int] = {}
        for platform in operator.get("/push/api/v1/platforms")["items"]:
            for state, count in platform["counts"].items():
                counts[state] = counts.get(state, 0) + count
        under_way = sum(count for state, count in counts.items() if state not in SETTLED)
        if counts and not under_way:
            say(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
            return
        if (progress := f"{under_way} deliveries under way") != told:
            told = progress
        time.sleep(0.2)
    raise FirstStartFailure(f"deliveries did not settle in {SETTLE_SECONDS:.0f} s ({told})")
