"""A zero return of a successor: what the merged department decided before the merger is not its own."""

from datetime import date

import pytest

from services.blacklist.identity.models import Department
from services.blacklist.supervision.queries.ledger import made_in
from tests.unit.blacklist.case_office import memory_database, open_office

NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))


@pytest.mark.parametrize("between", [False, True])
@pytest.mark.parametrize(("merged_on", "own"), [(date(2026, 1, 1), True), (date(2026, 12, 1), False)])
def test_a_merged_department_of_the_same_name_hides_no_decision_of_its_successor(
    tmp_path, clock, merged_on, own, between
):
    db = memory_database()
    office = open_office(db, tmp_path, clock)
    office.published()
    with db.write() as session:
        successor = session.get_one(Department, office.department.id)
        same = {column.name: getattr(successor, column.name) for column in Department.__table__.columns}
        same |= {"id": "before", "code": "before", "successor_id": successor.id, "valid_to": merged_on}
        if between:  # merged into one that was merged in its turn, under another name
            chained = {"id": "between", "code": "between", "name": "并入的部门", "valid_to": date(2027, 1, 1)}
            session.add(Department(**same | chained))
            session.flush()
            same |= {"successor_id": "between"}
        session.add(Department(**same))
        session.flush()
        assert made_in(session, successor.id, *NOVEMBER) is own
    db.close()
