"""Hold a document in public for one case: of two transactions that publish it at once, one must give way.

The guard sees only what is committed; the unique key of `case_papers` sees the other transaction too. Keys
are taken in one order, so that two bulk publications wait for each other in turn.
"""

from collections.abc import Iterable

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.guards import ONCE, TWIN_REMEDY
from services.blacklist.cases.domain.standing import TWICE, Blocked
from services.blacklist.cases.models import Case, PublishedPaper
from services.blacklist.cases.queries.twins import entry_of
from services.blacklist.cases.usecases.moves import Batch, refusal
from shared.db import among, dialect_of, upsert


def keep_papers(batch: Batch) -> None:
    """Give back what the batch took from public view, and hold what it put there; Conflict when held."""
    if batch.gone:
        gone = among(batch.session, PublishedPaper.case_id, batch.gone)
        batch.session.execute(delete(PublishedPaper).where(gone))
    for case, holder in hold_papers(batch.session, batch.shown):
        raise refusal(Blocked(_held(batch.session, case, holder), ONCE, TWICE))


def hold_papers(session: Session, cases: Iterable[Case]) -> list[tuple[Case, str]]:
    """Take each case's paper where it is free; those held by another case, with that case's id."""
    wanted = {key: case for case in cases if (key := entry_of(case).key)}
    if not wanted:
        return []
    rows = [{"key": key, "case_id": wanted[key].id} for key in sorted(wanted)]
    taking = upsert(dialect_of(session))(PublishedPaper).values(rows)
    taking = taking.on_conflict_do_update(index_elements=["key"], set_={"key": taking.excluded.key})
    held = session.execute(taking.returning(PublishedPaper.key, PublishedPaper.case_id))
    return [(wanted[key], holder) for key, holder in held if holder != wanted[key].id]


def _held(session: Session, case: Case, holder: str) -> str:
    """The department's own case by its number; another department's by what the public sees."""
    other = session.get(Case, holder)
    if other is None:  # behind the wall between departments
        named = "其他部门"
    elif other.department_id == case.department_id:
        named = f"案件{other.id}"
    else:
        named = f"公示信息{other.listing_id}"
    return f"同一文书、机关、主体和名单的信息已由{named}公示，不得重复公示。{TWIN_REMEDY}"
