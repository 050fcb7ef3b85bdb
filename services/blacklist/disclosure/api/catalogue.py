"""公开事项目录 as JSON and as sheets; the exceptions and answer types the law knows."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import xlsxwriter
from apiflask import APIBlueprint
from flask import Response

from services.blacklist.disclosure import queries, schemas
from services.blacklist.disclosure.domain import answer_types
from services.blacklist.disclosure.queries import CATALOGUE_COLUMNS
from services.blacklist.rules.grounds import exception_grounds
from services.blacklist.store import Deps
from shared.sheets import XLSX
from shared.web.access import access, public
from shared.web.openapi import produces
from shared.web.paging import page
from shared.web.problem import problems

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Rows = Sequence[Mapping[str, Any]]


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_catalogue(bp, deps)
    _add_sheets(bp, deps)
    _add_vocabulary(bp)


def rows_asked(deps: Deps, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The catalogue as the query narrows it."""
    on: date = asked["on"] or deps.clock.today()
    department = str(asked["department_id"]) if asked["department_id"] else None
    with deps.db.read() as session:
        return queries.catalogue_rows(
            session, on, region=asked["region"], department_id=department, domain=asked["domain"]
        )


def _add_catalogue(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/disclosure-catalogue")
    @access(public())
    @bp.input(schemas.CatalogueQuery, location="query")
    @bp.output(schemas.CataloguePage)
    @bp.doc(summary="政府信息公开事项目录")
    def list_catalogue(query_data: dict[str, Any]) -> dict[str, Any]:
        return page(rows_asked(deps, query_data), None)


def _add_sheets(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/disclosure-catalogue.<any(csv, xlsx):form>")
    @access(public())
    @problems(404)
    @produces(*(media_type.partition(";")[0] for media_type, _ in FORMS.values()))
    @bp.input(schemas.CatalogueQuery, location="query")
    @bp.doc(summary="下载公开事项目录")
    def download_catalogue(form: str, query_data: dict[str, Any]) -> Response:
        media_type, write = FORMS[form]
        answer = Response(write(rows_asked(deps, query_data)), mimetype=media_type)
        answer.headers["Content-Disposition"] = f"attachment; filename=disclosure-catalogue.{form}"
        return answer


def _add_vocabulary(bp: APIBlueprint) -> None:
    @bp.get("/disclosure-exceptions")
    @access(public())
    @bp.output(schemas.GroundPage)
    @bp.doc(summary="不予公开的情形及依据")
    def list_exceptions() -> dict[str, Any]:
        return page([asdict(each) for each in exception_grounds().values()], None)

    @bp.get("/disclosure-answer-types")
    @access(public())
    @bp.output(schemas.AnswerTypePage)
    @bp.doc(summary="依申请公开的答复类型及依据")
    def list_answer_types() -> dict[str, Any]:
        return page([asdict(each) for each in answer_types().values()], None)


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [str(row[name] or "") for name, _ in CATALOGUE_COLUMNS]


def write_csv(rows: Rows) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([heading for _, heading in CATALOGUE_COLUMNS])
    writer.writerows([f"'{c}" if c.startswith(_FORMULA) else c for c in _cells(row)] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def write_xlsx(rows: Rows) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False})
    sheet, wrap = book.add_worksheet("公开事项目录"), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, len(CATALOGUE_COLUMNS) - 1, 26, wrap)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.write_row(0, 0, [heading for _, heading in CATALOGUE_COLUMNS])
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(_cells(row)):
            sheet.write_string(number, column, cell)
    book.close()
    return file.getvalue()


FORMS: Mapping[str, tuple[str, Callable[[Rows], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", write_csv),
    "xlsx": (XLSX, write_xlsx),
}
