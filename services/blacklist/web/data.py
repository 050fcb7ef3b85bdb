"""下载与接口: files, feeds and interfaces on one page."""

from apiflask import APIBlueprint
from flask import Response

from services.blacklist.register.api.downloads import COLUMNS
from services.blacklist.register.queries import newest_position
from services.blacklist.store import Deps
from services.blacklist.syndication.domain.linked import ABOUT, File, describe_dataset
from services.blacklist.syndication.queries.entries import last_change
from shared.web.access import access, public
from shared.web.pages import render
from shared.web.place import origin

REGISTER = "/api/v1/register"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMS = (
    ("XLSX", SHEET, "电子表格", f"{REGISTER}/download.xlsx"),
    ("CSV", "text/csv", "表格文本", f"{REGISTER}/download.csv"),
    ("NDJSON", "application/x-ndjson", "每行一条 JSON", f"{REGISTER}/download.ndjson"),
    ("FTM", "application/x-ndjson", "FollowTheMoney 实体，供 yente 等工具装入", "/data/entities.ftm.json"),
)


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/data")
    @access(public())
    def data() -> Response:
        home = origin()
        with deps.db.read() as session:
            position, changed = newest_position(session), last_change(session)
        files = [File(form, kind, title, home + path) for form, kind, title, path in FORMS]
        return render(
            "blacklist/data.html",
            about=ABOUT,
            files=files,
            register=home + REGISTER,
            home=home,
            position=position,
            changed=changed,
            columns=[(name, label) for name, label, _ in COLUMNS],
            linked_data=describe_dataset(f"{home}/data", files, changed),
        )
