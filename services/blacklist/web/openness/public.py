"""What anybody may read: public items with filters, one item, its files, the sheet for the 公开栏."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.openness.api.public import after, file_answer, key_of, narrowed
from services.blacklist.openness.queries.catalogue import entry_titles
from services.blacklist.openness.queries.public import public_item, public_items, public_line, public_view
from services.blacklist.openness.schemas.inputs import PublicItemQuery
from services.blacklist.openness.usecases.files import open_file
from services.blacklist.store import Deps
from services.blacklist.web.openness.asking import kind_options
from services.blacklist.web.options import region_options
from shared.errors import DomainError
from shared.web.access import access, public
from shared.web.forms import load_form
from shared.web.pages import form_errors, render, with_query
from shared.web.paging import cut
from shared.web.place import origin

PER_PAGE = 20
ON_BOARD = 30
LABELS = {"q": "查找", "region": "地区", "domain": "领域", "kind": "种类", "since": "形成日期不早于"}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _list(made, deps)
    _board(made, deps)
    _one(made, deps)


def _asked() -> tuple[dict[str, str], dict[str, Any] | None, dict[str, str]]:
    """What the form asks, as given and as understood; unknown values are told, not guessed."""
    names = PublicItemQuery().fields
    given = {name: value for name, value in request.args.items() if value and name in names}
    try:
        return given, load_form(PublicItemQuery(), given), {}
    except DomainError as error:
        return given, None, form_errors(error)


def _list(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/items")
    @access(public())
    def open_items() -> Response:
        given, asked, errors = _asked()
        with deps.db.read() as session:
            rows = (
                public_items(session, narrowed(asked), after=after(asked["cursor"]), limit=PER_PAGE + 1)
                if asked
                else []
            )
            shown, following = cut(rows, PER_PAGE, key_of)
            lines, titles = [public_line(each) for each in shown], entry_titles(session)
            regions = region_options(session)
        return render(
            "blacklist/openness/items.html", rows=lines, titles=titles, asked=given, errors=errors,
            labels=LABELS, regions=regions, kinds=kind_options(),
            entries=sorted({(code, title) for (_, code), title in titles.items()}),
            next_url=with_query(cursor=following) if following else "",
            first_url=with_query(cursor=None) if given.get("cursor") else "",
        )  # fmt: skip


def _board(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/items/board")
    @access(public())
    def notice_board() -> Response:
        """公开栏: the newest items of a place on paper, to be hung up by hand (R60)."""
        given, asked, errors = _asked()
        with deps.db.read() as session:
            rows = public_items(session, narrowed(asked), limit=ON_BOARD) if asked else []
            views = [public_view(session, each) for each in rows]
            regions = region_options(session)
        return render(
            "blacklist/openness/board.html", rows=views, asked=given, errors=errors, labels=LABELS,
            regions=regions, today=deps.clock.today(), home=origin(),
        )  # fmt: skip


def _one(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/items/<item_id>")
    @access(public())
    def open_item(item_id: str) -> Response:
        with deps.db.read() as session:
            view = public_view(session, public_item(session, item_id))
        return render("blacklist/openness/item.html", view=view)

    @made.get("/items/<item_id>/files/<file_id>")
    @access(public())
    def open_item_file(item_id: str, file_id: str) -> Response:
        with deps.db.read() as session:
            return file_answer(*open_file(session, deps, item_id, file_id, None))
