"""The handles of the pages: set and end faults, seed records; forms that lead back to their page."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from services.credit_push.sandbox.answers import Refused, answer, known_platform
from services.credit_push.sandbox.control import body, read_fault
from services.credit_push.sandbox.desk import Desk
from services.credit_push.sandbox.seeding import MOST, SEEDED, seed

LARGEST_SEED = 10_000


def handles_blueprint(desk: Desk) -> Blueprint:
    """POST /seed for programs, and the forms of the pages."""
    routes = Blueprint("handles", __name__)

    @routes.post("/seed")
    def seed_records() -> Response:
        told = body()
        return answer(_seed(desk, told.get("platform"), told.get("count", 20), told.get("seed", 1)), 201)

    @routes.post("/handles/<name>/faults")
    def fault_form(name: str) -> Response:
        form = request.form
        given = {"kind": form.get("kind"), "rate": _number(form.get("rate")), "platform": name}
        count = _number(form.get("count"))
        desk.faults.set(**read_fault(given | ({"count": int(count)} if count else {})))
        return _back(name)

    @routes.post("/handles/<name>/well")
    def well_form(name: str) -> Response:
        desk.faults.clear(known_platform(name).id)
        return _back(name)

    @routes.post("/handles/<name>/seed")
    def seed_form(name: str) -> Response:
        count = _number(request.form.get("count")) or 0
        _seed(desk, name, int(count), int(_number(request.form.get("seed")) or 1))
        return _back(name)

    return routes


def _seed(desk: Desk, name: object, count: object, number: object) -> dict[str, object]:
    if not isinstance(name, str):
        raise Refused(422, "validation-failed", "platform 应为平台代码")
    platform = known_platform(name)
    if platform.transport not in SEEDED:
        raise Refused(422, "validation-failed", "仅观察的平台不能在此生成记录")
    if type(count) is not int or not 0 < count <= MOST:
        raise Refused(422, "validation-failed", f"count 应为 1 至 {MOST} 的整数")
    if type(number) is not int or not 0 < number <= LARGEST_SEED:
        raise Refused(422, "validation-failed", f"seed 应为 1 至 {LARGEST_SEED} 的整数")
    receipts = seed(desk, platform, count, number)
    refused = [receipt.document() for receipt in receipts if receipt.result != "accepted"]
    return {"platform": platform.id, "filed": len(receipts) - len(refused), "refused": refused}


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text and len(text) < 20 else None
    except ValueError as error:
        raise Refused(422, "validation-failed", "应为数字") from error


def _back(name: str) -> Response:
    return redirect(f"/platforms/{known_platform(name).id}", 303)
