"""列名对照: which of the sheet's columns is which field, as the clerk says; the department's from then on."""

from collections.abc import Mapping, Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.cases.domain.layout import Layout, layout_named
from services.blacklist.cases.domain.rows import letters
from services.blacklist.cases.queries.imports import find_import
from services.blacklist.cases.usecases.imports import read_again, teach_headings
from services.blacklist.store import Deps
from shared.errors import FieldError, Invalid
from shared.web.access import access, principal, roles

LONGEST = 100


def heading_rows(layout: Layout, headings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each heading with its letter, the field it was read as, and whether its own name says so."""
    used = {each["code"] for each in headings}
    rows = []
    for each in headings:
        own = layout.column(each["heading"])
        rows.append(
            {
                "index": each["index"],
                "letter": letters(each["index"]),
                "heading": each["heading"],
                "own": own.label if own else None,
                "code": each["code"] if layout.coded(each["code"]) else "",
                "options": [
                    (column.code, ("＊" if column.required else "") + column.label)
                    for column in layout.columns
                    if column.to and (column.code == each["code"] or column.code not in used)
                ],
            }
        )
    return rows


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/imports/<import_id>/headings")
    @access(roles("clerk"))
    def teach_import_headings(import_id: str) -> AnyResponse:
        with deps.db.write() as session:
            upload = find_import(session, import_id, principal())
            layout = layout_named(request.form.get("layout"))
            if layout is None:
                raise Invalid(
                    "validation-failed",
                    "请选择表格格式",
                    fields=[FieldError("/layout", "请选择表格格式")],
                )
            given = _given(layout, upload.headings)
            now = deps.clock.now()
            if given:
                teach_headings(session, given, layout.code, actor=principal(), at=now)
            read_again(session, import_id, layout.code, actor=principal(), at=now)
        return redirect(f"/imports/{import_id}", 303)


def _given(layout: Layout, headings: Sequence[Mapping[str, Any]]) -> dict[str, str | None]:
    """What the form says of the headings the layout does not know by name."""
    return {
        each["heading"][:LONGEST]: request.form[f"c{each['index']}"] or None
        for each in headings
        if layout.column(each["heading"]) is None and f"c{each['index']}" in request.form
    }
