"""The annual report on paper: PDF with embedded Chinese fonts."""

from typing import Any

from shared.typesetting import Section, Table, render_report

PDF = "application/pdf"


def annual_pdf(report: dict[str, Any]) -> bytes:
    """Text, tables behind the section they belong to, and the months as a table."""
    sections = [Section(each["heading"], each["paragraphs"]) for each in report["sections"]]
    tables = [
        Table(each["title"], part["head"], part["rows"], after=each["section"])
        for each in report["tables"]
        for part in _narrow(each)
    ]
    months = Table("按月公示件数", ("月份", "件数"), [(p["name"], p["value"]) for p in report["series"]])
    return render_report(
        report["title"], sections, [*tables, months], organ=report["place"], on=report["until"]
    )


MOST_COLUMNS = 7


def _narrow(table: dict[str, Any]) -> list[dict[str, Any]]:
    """A wide table as several of a page's width, each repeating the first column."""
    head = list(table["head"])
    starts = range(1, len(head), MOST_COLUMNS - 1)
    return [
        {
            "head": [head[0], *head[start : start + MOST_COLUMNS - 1]],
            "rows": [[row[0], *row[start : start + MOST_COLUMNS - 1]] for row in table["rows"]],
        }
        for start in starts
    ]
