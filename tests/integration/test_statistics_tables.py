"""The tables of the statistics page: none gives back what another withholds."""

from datetime import date

from services.blacklist.register.domain.figures import Cell
from services.blacklist.web.statistics import statistics_of


def test_lists_do_not_give_back_what_their_class_withholds():
    cells = [
        Cell("individual", "work-safety-serious", "serious", "tax", "130102", "2026-11", 3),
        Cell("individual", "wage-arrears", "serious", "tax", "130102", "2026-11", 20),
        Cell("organization", "wage-arrears", "serious", "tax", "130102", "2026-11", 7),
    ]
    tables = {table.name: table for table in statistics_of(cells, date(2026, 11, 2)).tables}
    assert [(line.organisations, line.persons) for line in tables["list_code"].lines] == [(7, None)]
    assert [line.persons for line in tables["list_class"].lines] == [23]
