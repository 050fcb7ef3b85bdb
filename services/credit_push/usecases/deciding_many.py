"""Two persons decide on many dead or refused deliveries at once: all that fit what they filter by.

Every delivery is decided in a transaction of its own, as if alone: what cannot be is left, and counted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.credit_push import queries
from services.credit_push.usecases.deciding import decide, propose
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.operating import Wanted
from shared.errors import DomainError

MOST = 200


@dataclass(frozen=True)
class Done:
    """How many were done, and how many could not be."""

    done: int
    left: int


def propose_all(deps: Deps, wanted: Wanted, action: str, reason: str, who: str) -> Done:
    """One person's proposal for each that fits and has none waiting."""
    rows, waiting = _found(deps, wanted)
    asked = [row for row in rows if row not in waiting]
    return _each(deps, asked, lambda session, one: propose(session, deps, one, action, reason, who))


def decide_all(deps: Deps, wanted: Wanted, who: str, *, agree: bool) -> Done:
    """Another person's word on each proposal that waits; one's own can only be taken back."""
    _, waiting = _found(deps, wanted)
    mine = [one for one, by in waiting.values() if not (agree and by == who)]
    return _each(deps, mine, lambda session, one: decide(session, deps, one, who, agree=agree))


def _found(deps: Deps, wanted: Wanted) -> tuple[list[str], dict[str, tuple[str, str]]]:
    """Deliveries that fit, and by delivery the proposal that waits with who made it."""
    with deps.db.read() as session:
        rows = [row.id for row in queries.undecided(session, wanted.conditions(), None, MOST)[:MOST]]
        last = queries.decisions(session, rows)
        return rows, {at: (one.id, one.proposed_by) for at, one in last.items() if one.confirmed is None}


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
