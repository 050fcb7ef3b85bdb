"""What would be told of a request, byte for byte, without telling it."""

from collections.abc import Callable

from services.credit_push import requested
from services.credit_push.models import RequestAnswer
from services.credit_push.transports.told import Post
from services.credit_push.usecases.answering import message
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.rehearsing import Rehearsal, shown_as
from shared.errors import NotFound


def rehearse_answer(
    deps: Deps, post: Callable[[str], Post | None], answer_id: str, region: str
) -> tuple[RequestAnswer, Rehearsal]:
    """An outcome of the region, and what would go; NotFound where there is none or a person tells it."""
    with deps.db.read() as session:
        row = requested.answer(session, answer_id, region)
    profile = deps.catalogue.get(row.platform) if row is not None else None
    if row is None or profile is None:
        raise NotFound("not-found", "没有这项办理结果")
    way = post(row.platform)
    if way is None:
        raise NotFound("not-found", "该平台的办理结果不由本系统发送")
    try:
        return row, shown_as(way.preview(message(profile, row)))
    finally:
        way.close()
