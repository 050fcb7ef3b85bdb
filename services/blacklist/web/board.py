"""公开栏: the newest public listings of a place on paper, to be hung up by hand; organisations only (R60)."""

from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.letters.domain.wording import chinese_day
from services.blacklist.register.index import reading
from services.blacklist.register.queries import Criteria, search_on
from services.blacklist.store import Deps
from services.blacklist.supervision.api.papers import PDF
from services.blacklist.web.desk import OFFICERS
from services.blacklist.web.filters import unknown_filters
from services.blacklist.web.options import region_options
from services.blacklist.web.wording import region_name
from shared.typesetting import Section, Table, render_report
from shared.web.access import access, public
from shared.web.files import file_answer
from shared.web.pages import render
from shared.web.place import origin

ON_BOARD = 50
FILTERS = ("region", "domain")
HEAD = ("名称", "统一社会信用代码", "名单、机关、文号", "公示期")


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/listing-board")
    @access(public())
    def listing_board() -> Response:
        rows, more, unknown = newest(deps)
        with deps.db.read() as session:
            regions = region_options(session)
        return render(
            "blacklist/listing_board.html", rows=rows, more=more, most=ON_BOARD, unknown=unknown,
            asked=request.args, regions=regions, today=deps.clock.today(), home=origin(),
        )  # fmt: skip

    @made.get("/listing-board.pdf")
    @access(OFFICERS)
    def listing_board_onpaper() -> Response:
        rows, more, _ = newest(deps)
        return file_answer(paper(rows, more, deps.clock.today()), PDF, "列入信息公开栏.pdf")


def newest(deps: Deps) -> tuple[list[dict[str, Any]], bool, list[str]]:
    """Up to `ON_BOARD` lines, newest first; whether there are more; filters that name nothing."""
    unknown = unknown_filters(request.args, FILTERS)
    if unknown:
        return [], False, unknown
    given = {name: request.args.get(name, "").strip()[:100] or None for name in FILTERS}
    with reading(deps.db.reading) as connection:
        asked = Criteria(region=given["region"], domain=given["domain"])
        rows = search_on(connection, asked, deps.clock.today(), limit=ON_BOARD)
    return rows[:ON_BOARD], len(rows) > ON_BOARD, []


def paper(rows: list[dict[str, Any]], more: bool, today: date) -> bytes:
    """Names as of the printing day; a sheet says itself when it must come down."""
    region = request.args.get("region", "").strip()
    title = f"{region_name(region) if region else ''}公共资源配置领域信用信息公开栏"
    told = [f"打印日期：{chinese_day(today)}。公示情况以 {origin()} 当日所载为准。"]
    told += [f"仅列最近{ON_BOARD}条，其余见网站。"] if more else []
    told += [] if rows else ["目前没有符合条件的公示信息。"]
    lines = [
        (
            row["subject"]["name"], row["subject"]["uscc"] or "",
            "，".join(each for each in (row["list_name"], row["organ_name"], row["document_number"]) if each),
            f"{chinese_day(row['listed_on'])}至{chinese_day(row['public_until'])}",
        )
        for row in rows
    ]  # fmt: skip
    tables = [Table("公示信息", HEAD, lines)] if lines else []
    down = "公示期届满、移出或者更正的，张贴单位应当及时撤下或者更换本页。"
    down += "对公示信息有异议的，可以向认定机关提出。"
    return render_report(title, [Section("说明", (*told, down))], tables, on=today)
