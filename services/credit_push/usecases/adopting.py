"""认领: what a platform already holds of a migrated listing counts as filed there; it is never pushed twice.

An exact match is taken by itself. Everything else waits for a person, who chooses the record, leaves the
platform alone, or has the listing pushed after all. Pushing, and choosing among several (a later withdrawal
acts on the chosen one), change what is public: a second person agrees.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import ACKNOWLEDGED, LIST, WITHDRAW, record_from
from services.credit_push.formats import layout_of, stable_json
from services.credit_push.models import Adoption, Attempt, Holding, Listing, ListingVersion
from services.credit_push.publishes import lock_listings
from services.credit_push.transports.base import LedgerRow
from services.credit_push.transports.buckets import bucket_hash
from services.credit_push.usecases import rows
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.encoding import sent_aad
from services.credit_push.usecases.matching import Offers, Wanted, reachable, record_key, shown, unknown_at
from services.credit_push.usecases.planning import CHANNEL, planned, working_days
from services.credit_push.usecases.settling import write_holdings
from shared.db import add_rows, among, wake
from shared.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from shared.ids import new_id
from shared.written import cover_identities

UNMATCHED, AMBIGUOUS, PROPOSED, CHOSEN = "unmatched", "ambiguous", "proposed", "chosen"
ADOPTED, PUSHED, LEFT = "adopted", "pushed", "left"
UNANSWERED = (UNMATCHED, AMBIGUOUS)
SECOND = (PROPOSED, CHOSEN)
"""Wait for another person's word."""
OPEN = (*UNANSWERED, *SECOND)
SYSTEM = "系统（对账时完全一致）"
ATTEMPTS = cast("Table", Attempt.__table__)


def match_page(
    session: Session, deps: Deps, profile: Profile, run_id: str, page: Sequence[Wanted], offers: Offers
) -> list[LedgerRow]:
    """Adopt what matches exactly, note the rest as work; the rows that are accounted for now.

    What a person has already answered, or is being asked to confirm, is left as it is.
    """
    known = _still_unknown(session, profile, [one.listing_id for one in page])
    noted = _noted(session, profile, known)
    taken = []
    for one in page:
        sequence, item = known.get(one.listing_id), noted.get(one.listing_id)
        if sequence != one.record.sequence or (item is not None and item.state not in UNANSWERED):
            continue
        row = offers.exact(profile, one)
        if row is None or is_taken(session, profile, one.listing_id, row):
            _note(session, deps, profile, run_id, one, item, offers.candidates(one))
            continue
        item = item or _item(session, deps, profile, run_id, one)
        _adopt(session, deps, profile, item, one, row, who=None)
        taken.append(row)
    session.flush()
    return taken


def _still_unknown(session: Session, profile: Profile, ids: Sequence[str]) -> dict[str, int]:
    """Sequence by listing, of those that nothing was planned for since they were read."""
    lock_listings(session, ids)
    mine = among(session, Listing.id, sorted(ids))
    query = select(Listing.id, Listing.sequence).where(mine, *unknown_at(profile.id))
    return {row.id: row.sequence for row in session.execute(query)}


def _noted(session: Session, profile: Profile, ids: Mapping[str, int]) -> dict[str, Adoption]:
    mine = among(session, Adoption.listing_id, sorted(ids))
    found = session.scalars(select(Adoption).where(Adoption.platform == profile.id, mine))
    return {row.listing_id: row for row in found}


def _item(session: Session, deps: Deps, profile: Profile, run_id: str, one: Wanted) -> Adoption:
    made = Adoption(
        id=new_id(),
        platform=profile.id,
        listing_id=one.listing_id,
        state=UNMATCHED,
        run_id=run_id,
        offered=0,
        region=one.record.region,
        document_number=one.record.document.number,
        found_at=deps.clock.now(),
    )
    session.add(made)
    return made


def _note(
    session: Session, deps: Deps, profile: Profile, run_id: str, one: Wanted, item: Adoption | None,
    found: Sequence[LedgerRow],
) -> None:  # fmt: skip
    item = item or _item(session, deps, profile, run_id, one)
    item.state, item.run_id, item.offered = AMBIGUOUS if found else UNMATCHED, run_id, len(found)
    told = stable_json([shown(row) for row in found])
    item.candidates = deps.keyring.seal(told, _aad(item.id)) if found else None


def _aad(adoption_id: str) -> str:
    return f"push.adoption.{adoption_id}"


def candidates_of(deps: Deps, item: Adoption) -> list[LedgerRow]:
    """What a person may choose from."""
    if item.candidates is None:
        return []
    return [LedgerRow(**row) for row in json.loads(deps.keyring.unseal(item.candidates, _aad(item.id)))]


def is_taken(session: Session, profile: Profile, listing_id: str, row: LedgerRow) -> bool:
    """Whether another listing stands for this record already, or is about to."""
    chosen = select(Adoption.id).where(
        Adoption.platform == profile.id,
        Adoption.record == record_key(row),
        Adoption.listing_id != listing_id,
    )
    held = select(Holding.listing_id).where(
        Holding.platform == profile.id,
        Holding.bucket_hash == bucket_hash(row.match_key),
        Holding.match_key == row.match_key,
        Holding.content_digest == row.content_digest,
        Holding.listing_id != listing_id,
    )
    return any(session.execute(query.limit(1)).first() is not None for query in (chosen, held))


def _adopt(
    session: Session,
    deps: Deps,
    profile: Profile,
    item: Adoption,
    one: Wanted,
    row: LedgerRow,
    *,
    who: str | None,
) -> None:
    """A delivery that was never sent stands for what the platform holds: all that follows builds on it."""
    made = _delivery(deps, profile, one)
    made.state, made.settled_at, made.possibly_sent = ACKNOWLEDGED, deps.clock.now(), True
    made.layout, made.match_key, made.content_digest = one.layout, row.match_key, row.content_digest
    made.result_reason = "平台原有记录，经对账认领，本系统未推送"
    if profile.transport.kind == "exchange_db" and row.content is not None:
        made.sent_row = deps.keyring.seal(stable_json(dict(row.content)), sent_aad(made.id))
    rows.add(session, [made])
    write_holdings(session, profile.id, [made])
    detail = f"认领平台原有记录：{who or SYSTEM}"
    trail = {"id": new_id(), "delivery_id": made.id, "at": deps.clock.system_now()}
    add_rows(session, ATTEMPTS, [trail | {"kind": "adopt", "outcome": "adopted", "detail": detail}])
    item.state, item.delivery_id, item.candidates = ADOPTED, made.id, None
    item.record, item.decided_by, item.decided_at = record_key(row), who and who[:100], deps.clock.now()
    if who is None:
        item.reason = item.proposed_by = None


def _delivery(deps: Deps, profile: Profile, one: Wanted) -> rows.Row:
    today, days = deps.clock.today(), working_days(profile, LIST)
    due = deps.calendar.add_working_days(today, days).day
    return planned(one.record, profile, LIST, due, deps.clock.system_now(), deps.clock.now())


def _held(session: Session, deps: Deps, adoption_id: str) -> tuple[Adoption, Profile, Wanted]:
    """An open item with its listing, both locked; Conflict where there is nothing left to do."""
    item = session.get(Adoption, adoption_id)
    if item is None or item.platform not in deps.catalogue:
        raise NotFound("not-found", "没有这项认领")
    profile = deps.catalogue[item.platform]
    known = _still_unknown(session, profile, [item.listing_id])
    session.refresh(item, with_for_update=True)
    listing = session.get_one(Listing, item.listing_id)
    if item.state not in OPEN or item.listing_id not in known or listing.operation == WITHDRAW:
        raise Conflict("adoption-settled", "该项认领已经办结", "名单已认领、已推送、已撤下或者已有人处理。")
    version = session.get_one(ListingVersion, (item.listing_id, known[item.listing_id]))
    record = record_from(version.payload)
    return item, profile, Wanted(item.listing_id, record, layout_of(profile, record))


def choose(session: Session, deps: Deps, adoption_id: str, candidate: str, reason: str, who: str) -> Adoption:
    """A person says which of the platform's records it is; where there are several, another confirms it."""
    item, profile, one = _unanswered(session, deps, adoption_id)
    found = candidates_of(deps, item)
    row = next((each for each in found if candidate and candidate_key(deps, each) == candidate), None)
    if row is None:
        raise Invalid("no-such-candidate", "没有这条候选记录", "候选记录可能已经变化，请刷新后重新选择。")
    if not reachable(profile, one, row):
        raise Conflict(
            "not-adoptable",
            "该记录不能认领",
            "平台以自有编号或其他名称登记，认领后无法变更或撤销，请与平台核对。",
        )
    if is_taken(session, profile, one.listing_id, row):
        raise _record_taken()
    item.reason = reason[:500]
    if len(found) > 1:
        item.state, item.record, item.proposed_by = CHOSEN, record_key(row), who[:100]
    else:
        _adopt(session, deps, profile, item, one, row, who=who)
    _flush(session)
    return item


def _record_taken() -> Conflict:
    return Conflict("record-taken", "该记录已由另一条名单认领", "一条平台记录只对应一条名单，请核对。")


def _flush(session: Session) -> None:
    """Two persons may choose one record for two listings in the same moment: the database knows."""
    try:
        session.flush()
    except IntegrityError as error:
        raise _record_taken() from error


def candidate_key(deps: Deps, row: LedgerRow) -> str:
    """How a person names a record: by its key and content, whatever place it has in the list."""
    told = deps.keyring.blind_index(f"push.candidate\n{row.match_key}\n{row.content_digest}")
    return told.rpartition(":")[2][:32]


def _unanswered(session: Session, deps: Deps, adoption_id: str) -> tuple[Adoption, Profile, Wanted]:
    item, profile, one = _held(session, deps, adoption_id)
    if item.state in SECOND:
        raise Conflict("decision-open", "该记录已有待确认的处理意见", "请先由另一人确认或否决。")
    return item, profile, one


def leave(session: Session, deps: Deps, adoption_id: str, reason: str, who: str) -> Adoption:
    """The platform does not hold it and is not to: nothing changes there."""
    item, _, _ = _unanswered(session, deps, adoption_id)
    item.state, item.reason, item.candidates = LEFT, reason[:500], None
    item.decided_by, item.decided_at = who[:100], deps.clock.now()
    session.flush()
    return item


def propose_push(session: Session, deps: Deps, adoption_id: str, reason: str, who: str) -> Adoption:
    """One person finds that the platform lacks it; another has to agree before it goes out."""
    item, _, _ = _unanswered(session, deps, adoption_id)
    item.state, item.reason, item.proposed_by = PROPOSED, reason[:500], who[:100]
    session.flush()
    return item


def answer_second(session: Session, deps: Deps, adoption_id: str, who: str, *, agree: bool) -> Adoption:
    """The other person's word: agreed, it is planned like any listing, or the chosen record is adopted."""
    item, profile, one = _held(session, deps, adoption_id)
    if item.state not in SECOND:
        raise Conflict("decision-made", "该处理意见已经办结")
    if agree and item.proposed_by == who:
        raise Forbidden("second-person", "须由另一人确认", "提出处理意见的人不能自己确认。")
    if not agree:
        item.state = AMBIGUOUS if item.candidates else UNMATCHED
        item.proposed_by = item.reason = item.record = None
    elif item.state == CHOSEN:
        _adopt_chosen(session, deps, profile, item, one, who)
    else:
        made = _delivery(deps, profile, one)
        rows.add(session, [made])
        item.state, item.delivery_id, item.candidates = PUSHED, made.id, None
        item.decided_by, item.decided_at = who[:100], deps.clock.now()
        wake(session, CHANNEL)
    _flush(session)
    return item


def _adopt_chosen(
    session: Session, deps: Deps, profile: Profile, item: Adoption, one: Wanted, who: str
) -> None:
    row = next(each for each in candidates_of(deps, item) if record_key(each) == item.record)
    if is_taken(session, profile, one.listing_id, row):
        raise _record_taken()
    if not reachable(profile, one, row):
        raise Conflict("not-adoptable", "该记录不能认领", "名单已有变更，请否决后重新处理。")
    _adopt(session, deps, profile, item, one, row, who=who)


def answer(session: Session, deps: Deps, adoption_id: str, who: str, given: Mapping[str, Any]) -> Adoption:
    """What a person decides: choose, leave, push; confirm or refuse what another proposed."""
    action, reason = given["action"], given["reason"]
    if action in ("confirm", "refuse"):
        return answer_second(session, deps, adoption_id, who, agree=action == "confirm")
    if not reason:
        raise Invalid("validation-failed", "请填写理由", fields=[FieldError("/reason", "请填写理由。")])
    if cover_identities(reason) != reason:
        field = FieldError("/reason", "不得含有证件号码，请删去。")
        raise Invalid("validation-failed", "理由有误", fields=[field])
    if action == "choose":
        return choose(session, deps, adoption_id, given["candidate"], reason, who)
    return (leave if action == "leave" else propose_push)(session, deps, adoption_id, reason, who)
