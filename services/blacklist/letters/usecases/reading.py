"""Opening a letter: by whoever may see its case, each time with an entry in the trail (it names a party)."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.letters.models import Letter
from services.blacklist.letters.queries.finding import find_letter
from services.blacklist.letters.usecases.keeping import fetch
from services.blacklist.store import Deps
from shared.web.access import Principal


def open_letter(
    session: Session, deps: Deps, letter_id: str, *, who: Principal, at: datetime
) -> tuple[Letter, bytes]:
    """The PDF as issued, proved by its hash."""
    letter, case = find_letter(session, letter_id, who)
    content = fetch(deps, "letter", letter.id, letter.sha256)
    audit.record(
        session, actor=who, action="letter.read", object_type="case", object_id=case.id,
        detail={"letter": letter.id, "number": letter.number, "shows_identity": letter.shows_identity}, at=at,
    )  # fmt: skip
    return letter, content
