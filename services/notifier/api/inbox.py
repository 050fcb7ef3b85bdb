"""A department's messages: the list, one, and acknowledging them singly or in bulk."""

from typing import Any

from apiflask import APIBlueprint

from services.notifier.api import schemas
from services.notifier.models import Deps
from services.notifier.queries import messages
from services.notifier.usecases import reading
from shared.web.access import access, principal, signed_in
from shared.web.paging import page


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_list(bp, deps)
    _add_one(bp, deps)
    _add_acknowledgement(bp, deps)


def _add_list(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/inbox")
    @access(signed_in())
    @bp.input(schemas.InboxQuery, location="query")
    @bp.output(schemas.NoticePage)
    @bp.doc(summary="本部门消息")
    def list_inbox(query_data: dict[str, Any]) -> dict[str, Any]:
        limit, cursor = query_data.pop("limit"), query_data.pop("cursor")
        wanted = messages.InboxFilter(**query_data)
        with deps.db.read() as session:
            return messages.inbox_page(session, principal(), wanted, cursor, limit, deps.clock.today())

    @bp.get("/inbox/unread")
    @access(signed_in())
    @bp.output(schemas.UnreadOut)
    @bp.doc(summary="本人未签收的条数")
    def count_unread() -> dict[str, Any]:
        with deps.db.read() as session:
            return {"unread": messages.unread_count(session, principal())}


def _add_one(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/notices/<notice_id>")
    @access(signed_in())
    @bp.output(schemas.NoticeOut)
    @bp.doc(summary="一条消息")
    def get_notice(notice_id: str) -> dict[str, Any]:
        with deps.db.read() as session:
            found = messages.notice_of(session, principal(), notice_id)
            return messages.notice_views(session, principal(), [found], deps.clock.today())[0]

    @bp.post("/notices/<notice_id>/acknowledgement")
    @access(signed_in())
    @bp.output(schemas.NoticeOut)
    @bp.doc(summary="签收一条消息")
    def acknowledge_notice(notice_id: str) -> dict[str, Any]:
        with deps.db.write() as session:
            found = messages.notice_of(session, principal(), notice_id)
            now, keyring = deps.clock.system_now(), deps.keyring
            reading.acknowledge(session, [notice_id], actor=principal(), at=now, keyring=keyring)
            session.refresh(found)
            return messages.notice_views(session, principal(), [found], deps.clock.today())[0]


def _add_acknowledgement(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/inbox/acknowledgements")
    @access(signed_in())
    @bp.input(schemas.AcknowledgeIn)
    @bp.output(schemas.AcknowledgedPage)
    @bp.doc(summary="批量签收")
    def acknowledge_inbox(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            ids, now = json_data["ids"], deps.clock.system_now()
            results = reading.acknowledge(session, ids, actor=principal(), at=now, keyring=deps.keyring)
        return page([{"id": key, "result": result} for key, result in results.items()], None)
