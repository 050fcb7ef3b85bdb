"""Profiles written on this site beside those shipped: checked, proposed, released by a second person.

Every process follows the releases within a second: what is in force is asked, not remembered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Catalogue, Problem, Profile, problems_beside, read_profile
from services.credit_push.catalogue.lines import line_of
from services.credit_push.models import ProfileDraft
from services.credit_push.usecases.deps import Deps
from shared.db import Database
from shared.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from shared.follower import Follower
from shared.http import can_check, can_sign
from shared.ids import new_id
from shared.logs import get_log
from shared.platform_keys import PlatformKey

log = get_log(__name__)
Keys = Mapping[str, PlatformKey]
LONGEST = 20_000
WAITING, RELEASED, REFUSED = "waiting", "released", "refused"
SIGNED = ("http", "manual", "pull")
"""Ways whose key signs requests; that of a packet or a topic names an account."""


@dataclass(frozen=True)
class Release:
    """The newest release of a platform, read as this program and its settings read it now."""

    platform: str
    number: int
    text: str
    profile: Profile | None
    problems: tuple[Problem, ...]

    @property
    def in_force(self) -> bool:
        """Whether it can be used at all; else what was in force before it still is."""
        return self.profile is not None and not self.problems


@dataclass(frozen=True)
class FaultyRelease:
    """A release that was well once and is not any longer, line by line."""

    platform: str
    number: int
    in_force: bool
    problems: tuple[Problem, ...]


class Known(NamedTuple):
    """What the last look brought: highest number, profiles in force, newest releases."""

    number: int
    profiles: dict[str, Profile]
    newest: tuple[Release, ...] = ()


class LiveCatalogue(Mapping[str, Profile]):
    """Shipped profiles, and over them the newest release of each platform of this site."""

    def __init__(self, db: Database, shipped: Catalogue, values: Mapping[str, str]) -> None:
        self.values_given = dict(values)
        self._db, self._shipped = db, dict(shipped)
        self._follower = Follower(Known(0, self._shipped), self._look)

    @property
    def generation(self) -> int:
        """Rises with every release."""
        return self._follower.current().number

    @property
    def newest(self) -> tuple[Release, ...]:
        """The newest release of every platform, also of those that cannot be used."""
        return self._follower.current().newest

    def _released(self) -> dict[str, Profile]:
        return self._follower.current().profiles

    def _look(self, known: Known) -> Known:
        try:
            with self._db.read() as session:
                newest = session.scalar(select(func.max(ProfileDraft.number))) or 0
                return known if newest == known.number else self._reread(session, newest)
        except SQLAlchemyError as error:  # away, or not migrated yet: what is known goes on
            log.warning("releases not readable", error=type(error).__name__)
            return known

    def _reread(self, session: Session, number: int) -> Known:
        releases = self._releases(session)
        usable = {one.platform: one.profile for one in releases if one.profile is not None and one.in_force}
        newest = {one.platform: one for one in releases}
        return Known(number, self._shipped | usable, tuple(newest.values()))

    def _releases(self, session: Session) -> list[Release]:
        """All of them in order."""
        rows = session.scalars(
            select(ProfileDraft).where(ProfileDraft.number.is_not(None)).order_by(ProfileDraft.number)
        )
        found = []
        for row in rows:
            file = f"{row.platform}.toml"
            profile, problems = read_profile(file, row.text, self.values_given, of_site=True)
            release = Release(row.platform, row.number or 0, row.text, profile, tuple(problems))
            if not release.in_force:
                fields = sorted({one.field for one in problems})
                log.warning("release not in force", platform=row.platform, number=row.number, fields=fields)
            found.append(release)
        return found

    def forget(self) -> None:
        """Look again at the next question."""
        self._follower.forget()

    def __getitem__(self, platform: str) -> Profile:
        return self._released()[platform]

    def __iter__(self) -> Iterator[str]:
        return iter(self._released())

    def __len__(self) -> int:
        return len(self._released())


def check_text(deps: Deps, text: str) -> tuple[str, list[Problem]]:
    """The platform a text is about, and everything wrong with it, alone and beside the others."""
    name = _named(text)
    values = deps.catalogue.values_given if isinstance(deps.catalogue, LiveCatalogue) else {}
    profile, problems = read_profile(f"{name}.toml", text, values, of_site=True)
    if profile is None or problems:
        return name, problems
    return name, _around(deps.catalogue, deps.keys, profile, text)


def faulty_releases(catalogue: Catalogue, keys: Keys) -> list[FaultyRelease]:
    """Newest releases that would be refused today: a setting, a key, another profile or the rules changed."""
    found = []
    for one in catalogue.newest if isinstance(catalogue, LiveCatalogue) else ():
        problems = one.problems
        if one.profile is not None and not problems:
            problems = tuple(_around(catalogue, keys, one.profile, one.text))
        if problems:
            found.append(FaultyRelease(one.platform, one.number, one.in_force, problems))
    return found


def _around(catalogue: Catalogue, keys: Keys, profile: Profile, text: str) -> list[Problem]:
    """What is wrong beside the other profiles, and with the keys that are there."""
    missing = [
        Problem(
            f"{profile.id}.toml", field, f"没有密钥 {key}，请先写入 PLATFORM_KEYS_FILE", line_of(text, field)
        )
        for field, key in _keys_of(profile)
        if key and key not in keys
    ]
    return problems_beside(catalogue, profile, text) + missing + _unfit(keys, profile, text)


def _keys_of(profile: Profile) -> Iterator[tuple[str, str]]:
    yield "transport.key", profile.transport.key
    yield "door.key", profile.door.key
    if profile.answers.key != profile.transport.key:
        yield "answers.key", profile.answers.key


def _unfit(keys: Keys, profile: Profile, text: str) -> list[Problem]:
    """Keys that are there, but not of the kind the profile signs with."""
    found = []
    for field, reference in (("transport.key", profile.transport.key), ("door.key", profile.door.key)):
        key = keys.get(reference) if reference and profile.transport.kind in SIGNED else None
        if key is not None and not can_sign(profile.signature, key.secret):
            told = "secret 应为本方的 SM2 私钥，并须安装 gm 组件"
        elif (
            key is not None
            and not reference.startswith("sandbox:")
            and not can_check(profile.signature, key.public)
        ):
            told = "public 应为平台的 SM2 公钥"
        else:
            continue
        message = f"密钥 {reference} 不能用于 {profile.signature}：{told}"
        found.append(Problem(f"{profile.id}.toml", field, message, line_of(text, field)))
    return found


def _named(text: str) -> str:
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and key.strip() == "id":
            return value.split("#")[0].strip().strip("\"'")[:40]
    return "profile"


def propose_profile(session: Session, deps: Deps, text: str, reason: str, who: str) -> ProfileDraft:
    """One person's proposal, free of problems; it waits for another's word."""
    platform, problems = check_text(deps, text)
    if problems:
        fields = [
            FieldError("/text", f"第 {one.line} 行 {one.field}：{one.message}") for one in problems[:50]
        ]
        raise Invalid("bad-profile", "平台配置有误", "请按所列各行改正后再提交。", fields=fields)
    waiting = select(ProfileDraft.id).where(
        ProfileDraft.platform == platform, ProfileDraft.decided_at.is_(None)
    )
    if session.scalars(waiting.limit(1)).first() is not None:
        raise Conflict("profile-waiting", "该平台已有待发布的配置", "请先由另一人发布或退回。")
    draft = ProfileDraft(
        id=new_id(),
        platform=platform,
        text=text,
        reason=reason[:500],
        proposed_by=who[:100],
        proposed_at=deps.clock.now(),
    )
    session.add(draft)
    session.flush()
    return draft


def decide_profile(session: Session, deps: Deps, draft_id: str, who: str, *, agree: bool) -> ProfileDraft:
    """Another person's word: agreed, it is in force everywhere within a second."""
    draft = session.scalars(select(ProfileDraft).where(ProfileDraft.id == draft_id).with_for_update()).first()
    if draft is None:
        raise NotFound("not-found", "没有这份平台配置")
    if draft.decided_at is not None:
        raise Conflict("profile-decided", "该配置已经办结")
    if agree and draft.proposed_by == who:
        raise Forbidden("second-person", "须由另一人确认", "提出配置的人不能自己发布。")
    draft.decided_by, draft.decided_at = who[:100], deps.clock.now()
    if agree:
        draft.number = (session.scalar(select(func.max(ProfileDraft.number))) or 0) + 1
    session.flush()
    return draft


def drafts(session: Session, platform: str | None, before: str | None, limit: int) -> Sequence[ProfileDraft]:
    """Proposals and releases, newest first, at most `limit + 1`."""
    query = select(ProfileDraft).order_by(ProfileDraft.id.desc()).limit(limit + 1)
    if platform:
        query = query.where(ProfileDraft.platform == platform)
    if before is not None:
        query = query.where(ProfileDraft.id < before)
    return session.scalars(query).all()


def state_of(draft: ProfileDraft) -> str:
    """Waiting, released or refused."""
    if draft.decided_at is None:
        return WAITING
    return RELEASED if draft.number is not None else REFUSED
