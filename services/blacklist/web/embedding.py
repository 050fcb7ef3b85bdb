"""What other websites show of the register: a column for departments (嵌入栏目), and previews for tools.

Small pages without scripts, cookies and forms. The column may be framed by the sites of EMBED_ANCESTORS only;
a preview by anyone, since nothing can be done on it.
"""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.register.domain.scope import searched
from services.blacklist.register.index import reading
from services.blacklist.register.queries import search_on
from services.blacklist.register.queries.reconciling import describe, entity
from services.blacklist.store import Deps
from services.blacklist.web.filters import unknown_filters
from services.blacklist.web.public import criteria
from shared.errors import NotFound
from shared.web.access import access, public
from shared.web.headers import framed_by, open_to_others
from shared.web.pages import render
from shared.web.place import origin

USUAL, MOST = 10, 30
SCRIPT = """// 在网页中加入：<script src="本文件地址" data-region="行政区划代码" data-limit="10"></script>
(() => {
  const own = document.currentScript, frame = document.createElement("iframe");
  const address = new URL("column", own.src);
  for (const name of ["region", "domain", "list", "class", "limit"])
    if (own.dataset[name]) address.searchParams.set(name, own.dataset[name]);
  frame.src = address.href;
  frame.title = own.dataset.title || "信用信息公示";
  frame.loading = "lazy";
  frame.setAttribute("sandbox", "allow-popups");
  frame.style.cssText = "border:0;width:100%;height:" + (parseInt(own.dataset.height, 10) || 480) + "px";
  own.after(frame);
})();
"""


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _column(made, deps)
    _entities(made, deps)


def _column(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/embed/column")
    @access(public())
    def embedded_column() -> Response:
        asked, limit = criteria(), _limit(request.args.get("limit", ""))
        unknown = unknown_filters(request.args, ("region", "domain", "list", "class"))
        with reading(deps.db.reading) as connection:
            rows = [] if unknown else search_on(connection, asked, deps.clock.today(), limit=limit)[:limit]
        framed_by(deps.embed_ancestors)
        scope = searched(deps.clock.today())
        return render("blacklist/embed/column.html", rows=rows, place=origin(), unknown=unknown, scope=scope)

    @made.get("/embed/column.js")
    @access(public())
    def embedding_script() -> Response:
        open_to_others()
        return Response(SCRIPT, mimetype="text/javascript", headers={"Cache-Control": "public, max-age=3600"})


def _limit(text: str) -> int:
    return min(max(1, int(text)), MOST) if text.isascii() and text.isdigit() and len(text) < 4 else USUAL


def _entities(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/embed/preview")
    @access(public())
    def preview() -> Response:
        lines = _lines(deps)
        framed_by("*")
        told = [(line, describe(line)) for line in lines]
        return render(
            "blacklist/embed/preview.html", name=lines[0]["subject"]["name"], lines=told, place=origin()
        )

    @made.get("/embed/view")
    @access(public())
    def view() -> AnyResponse:
        lines = _lines(deps)
        if len(lines) == 1:
            return redirect(url_for("web.listing", listing_id=lines[0]["id"]), 303)
        return redirect(url_for("web.home", q=lines[0]["subject"]["uscc"]), 303)


def _lines(deps: Deps) -> list[dict[str, Any]]:
    """The public listings of the entity asked for; NotFound if it has none."""
    with reading(deps.db.reading) as connection:
        lines = entity(connection, request.args.get("id", "")[:100], deps.clock.today())
    if not lines:
        raise NotFound("listing-not-found", "没有这条公示信息", "编号有误，或者该信息当前不公示。")
    return lines
