"""Making out a tender project's signed sheet (信用核查单), bound to a checkpoint of the log."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.checks.domain.figures import figure
from services.blacklist.checks.domain.groups import found_in
from services.blacklist.checks.domain.sites import sites_for
from services.blacklist.checks.models import TenderProject, TenderSheet
from services.blacklist.checks.queries.projects import (
    OPEN,
    find_project,
    group_answers,
    groups_of,
    purpose_of,
    sealed_answers,
)
from services.blacklist.checks.queries.sheets import sheet_aad
from services.blacklist.checks.usecases.receiving import spend_one
from services.blacklist.checks.usecases.watching import watch_listings
from services.blacklist.register.domain.scope import ORGANISATIONS
from services.blacklist.register.models import Listing
from services.blacklist.rules.queries import all_lists
from services.blacklist.store import Deps
from services.blacklist.transparency.domain.certificates import NOTE, new_code
from services.blacklist.transparency.domain.signatures import SHEET_FORMAT, signed_document
from services.blacklist.transparency.queries.proofs import closed, opened_leaves
from services.blacklist.transparency.queries.searching import is_pending
from services.blacklist.transparency.queries.store import latest_checkpoint, signed_note
from services.blacklist.transparency.usecases.certifying import logged_at
from shared.clock import SHANGHAI, local_date
from shared.errors import Unavailable
from shared.web.access import Principal

MATCHED = "统一社会信用代码相同，或者名称、曾用名、简称相同；未查到的再按名称近似查找，只作“疑似”提示"


class Office(NamedTuple):
    """On whose behalf a sheet is made out, where it may be verified, and from which address it was asked."""

    issuer: str
    system: str
    base: str
    address: str


def issue_sheet(deps: Deps, key: str, who: Principal | None, office: Office, at: datetime) -> dict[str, Any]:
    """The signed document with its code; the same project may have several, each with its time."""
    spend_one(
        deps, "tender", office.address, figure("projects", "per_address"), figure("projects", "overall")
    )
    with deps.db.read() as session:
        project = find_project(session, key, who)
        project_id, standing = project.id, project.standing
        payload, proofs = _sheet(session, deps, project, office, at)
    document = signed_document(deps.keyring.signing("certificate"), payload, proofs)
    code, found = payload["code"], payload["listings"]
    paper = json.dumps(document | {"proofs": closed(proofs)}, ensure_ascii=False)
    sealed = deps.keyring.seal(paper, sheet_aad(code))
    kept = [[each["id"], each["version"]] for each in found]
    row = TenderSheet(code=code, project_id=project_id, sealed=sealed, found=kept, issued_at=at, closed=True)
    with deps.db.write() as session:
        current = session.scalars(
            select(TenderProject).where(TenderProject.id == project_id).with_for_update()
        ).one()
        if current.standing == standing:
            current.answers = sealed_answers(deps.keyring, project_id, payload["groups"], at)
            if current.state == OPEN:
                watch_listings(session, project_id, [each["id"] for each in found])
        else:  # the watch found something else while the searches ran
            row.changed_at = at
        session.add(row)
    return {"code": code, **document}


def spend_paper(deps: Deps, address: str) -> None:
    """A sheet of hundreds of bidders takes seconds to print; TooMany beyond the budget."""
    spend_one(
        deps, "tender-paper", address, figure("projects", "papers_per_address"),
        figure("projects", "papers_overall"),
    )  # fmt: skip


def _sheet(
    session: Session, deps: Deps, project: TenderProject, office: Office, at: datetime
) -> tuple[dict[str, Any], list[Any]]:
    """What is signed, and the proofs beside it. Hundreds of searches: no writer waits for them."""
    groups = _asked(session, deps, project, at)
    found = [listing for listing, _ in found_in(groups)]
    if is_pending(session, found):
        raise Unavailable("certificate-log-behind", "正在写入透明日志", "请一秒后再试。", retry_after=1)
    checkpoint = latest_checkpoint(session)
    payload = _payload(project, office, groups, at)
    payload["log"] = logged_at(checkpoint, signed_note(session, checkpoint))
    proofs = [
        leaf
        for listing in _listings(session, found)
        for leaf in opened_leaves(session, listing, checkpoint)[-1:]
    ]
    return payload, proofs


def _asked(session: Session, deps: Deps, project: TenderProject, at: datetime) -> list[dict[str, Any]]:
    groups = groups_of(deps.keyring, project)
    on, today = local_date(project.cutoff_at), local_date(at)
    return group_answers(session, groups, purpose_of(project), on, today)


def _payload(
    project: TenderProject, office: Office, groups: Sequence[Mapping[str, Any]], at: datetime
) -> dict[str, Any]:
    code, today = new_code(), local_date(at)
    lists = [each for each in all_lists(today) if "organization" in each.subject_types]
    purpose = {name: getattr(project, name) for name in ("domain", "region", "action")}
    return {
        "format": SHEET_FORMAT,
        "code": code,
        "issuer": office.issuer,
        "system": office.system,
        "issued_at": _moment(at),
        "project": {
            "number": project.number,
            "name": project.name,
            "operator": project.operator,
            "cutoff_at": _moment(project.cutoff_at),
            "purpose": purpose,
        },
        "groups": list(groups),
        "listings": [{"id": listing, "version": version} for listing, version in found_in(groups)],
        "sites": sites_for(project.domain),
        "scope": {
            "subjects": ORGANISATIONS,
            "as_of": today.isoformat(),
            "lists": [{"code": each.code, "name": each.name} for each in lists],
            "matched_by": MATCHED,
            "note": NOTE,
        },
        "verify_at": f"{office.base}/verify/{code}",
    }


def _moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")


def _listings(session: Session, ids: Sequence[str]) -> Sequence[Listing]:
    return (
        session.scalars(select(Listing).where(Listing.id.in_(ids)).order_by(Listing.id)).all() if ids else []
    )
