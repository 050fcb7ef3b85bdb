"""订阅源: the newest publications and removals as Atom, RSS and JSON Feed."""

from apiflask import APIBlueprint
from flask import Response

from services.blacklist.store import Deps
from services.blacklist.syndication.domain.feeds import FORMS, Feed
from services.blacklist.syndication.queries.entries import newest_entries
from shared.errors import NotFound
from shared.web.access import access, public
from shared.web.openapi import produces
from shared.web.place import origin

TITLE = "公共资源配置领域不良行为公示"


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/feed.<any(atom, rss, json):form>")
    @access(public())
    @produces(*(media_type for media_type, _ in FORMS.values()))
    @bp.doc(summary="最新公示和移出（法人和非法人组织）的订阅源")
    def feed(form: str) -> Response:
        if form not in FORMS:
            raise NotFound("not-found", "没有这种订阅格式")
        media_type, write = FORMS[form]
        with deps.db.read() as session:
            entries = newest_entries(session, deps.clock.today())
        updated = entries[0].at if entries else deps.clock.now().replace(hour=0, minute=0, second=0)
        whole = Feed(TITLE, origin(), f"{origin()}/feed.{form}", updated.replace(microsecond=0), entries)
        return Response(write(whole), content_type=f"{media_type}; charset=utf-8")
