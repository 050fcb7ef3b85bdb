"""Two persons decide on many dead or refused deliveries at once: all that fit what they filter by.

Every delivery is decided in a transaction of its own, as if alone: what cannot be is left, and counted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import Session

from services.credit_push import queries
from services.credit_push.models import Decision, Delivery
from services.credit_push.usecases.deciding import decide, propose
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.operating import Wanted
from shared.errors import DomainError

MOST = 200
OPEN = (Decision.delivery_id == Delivery.id, Decision.confirmed.is_(None))


@dataclass(frozen=True)
class Done:
    """How many were done, and how many could not be."""

    done: int
    left: int


def propose_all(deps: Deps, wanted: Wanted, action: str, reason: str, who: str) -> Done:
    """One person's proposal for each that fits and has none waiting."""
    asked = [delivery for delivery, _ in _found(deps, wanted, ~exists().where(*OPEN))]
    return _each(deps, asked, lambda session, one: propose(session, deps, one, action, reason, who))


def decide_all(deps: Deps, wanted: Wanted, who: str, *, agree: bool, seen: str) -> Done:
    """Another person's word on each proposal that waits; one's own can only be taken back. `seen` is an id
    as old as the page it was said on: nobody agrees to what was proposed since.
    """
    others = (Decision.proposed_by != who,) if agree else ()
    waiting = _found(deps, wanted, exists().where(*OPEN, Decision.id < seen, *others))
    ids = [decision for _, decision in waiting]
    return _each(deps, ids, lambda session, one: decide(session, deps, one, who, agree=agree))


def _found(deps: Deps, wanted: Wanted, which: ColumnElement[bool]) -> list[tuple[str, str]]:
    """Deliveries that fit, each with the last proposal about it."""
    with deps.db.read() as session:
        fitting = [*wanted.conditions(), which]
        rows = [row.id for row in queries.undecided(session, fitting, None, MOST)[:MOST]]
        last = queries.decisions(session, rows)
        return [(row, last[row].id if row in last else "") for row in rows]


def _each(deps: Deps, ids: Iterable[str], act: Callable[[Session, str], object]) -> Done:
    done = left = 0
    for one in ids:
        try:
            with deps.db.write() as session:
                act(session, one)
            done += 1
        except DomainError:
            left += 1
    return Done(done, left)
