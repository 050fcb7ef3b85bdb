"""A transition under way: what effects work on, and how a refusal becomes an error outsiders understand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from services.blacklist.audit.usecases import Act, record_many
from services.blacklist.cases.domain.sameness import Entries
from services.blacklist.cases.domain.standing import FOUR_EYES, ROLE, TWICE, Blocked
from services.blacklist.cases.domain.table import STATE_NAMES, Transition, rows_from, rows_named
from services.blacklist.cases.models import Case, CaseOverlay, CaseStep
from services.blacklist.cases.publishes import CaseNews, RequestAnswer
from services.blacklist.cases.usecases.office import Office
from services.blacklist.register.usecases import Publication
from services.blacklist.rules.domain import ListRule
from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries import duties_of
from services.blacklist.store import Deps
from shared.db import add_rows
from shared.errors import Conflict, DomainError, FieldError, Forbidden, Invalid
from shared.web.access import Principal

SYSTEM = "system"
STEPS = cast("Table", CaseStep.__table__)


@dataclass
class Batch:
    """One transaction's transitions: listings and events are written once for all of them."""

    session: Session
    deps: Deps
    office: Office
    actor: Principal | None
    at: datetime
    publications: list[Publication] = field(default_factory=list)
    news: list[CaseNews] = field(default_factory=list)
    answers: list[RequestAnswer] = field(default_factory=list)
    case_ids: Sequence[str] = ()
    steps: list[dict[str, Any]] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    published: Entries = field(default_factory=Entries)
    """What is public under the document numbers this batch is about to publish."""
    shown: list[Case] = field(default_factory=list)
    """Published, restored, or corrected to another document or subject: their papers must be free."""
    gone: list[str] = field(default_factory=list)
    """Ids of cases that left public view for good."""
    _duties: dict[str, list[Duty]] | None = None

    @property
    def today(self) -> date:
        return self.office.today

    def duties_of(self, case_id: str) -> list[Duty]:
        """The case's duties; those of the whole batch are fetched together, when first asked for."""
        if self._duties is None:
            self._duties = duties_of(self.session, list(self.case_ids))
        return self._duties.setdefault(case_id, [])

    def write_down(self) -> None:
        """Timeline and trail of all transitions, a statement each."""
        add_rows(self.session, STEPS, self.steps)
        record_many(self.session, self.acts, actor=self.actor, at=self.at)


@dataclass
class Move:
    """One case, one row of the table, its inputs. Effects check before they change anything."""

    batch: Batch
    case: Case
    row: Transition
    inputs: Mapping[str, Any]
    overlays: dict[str, CaseOverlay]
    rule: ListRule | None
    target: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.batch.today

    @property
    def person(self) -> str:
        """Who acts, for the case's people columns; the system for loops."""
        return self.batch.actor.user_id if self.batch.actor else SYSTEM

    @property
    def reason(self) -> str | None:
        value = self.inputs.get("reason")
        return str(value) if value is not None else None

    def needed_rule(self) -> ListRule:
        """The list's rule in force today; guards have made sure there is one where it matters."""
        return self.rule or self.batch.office.needed_rule(self.case.list_code)


def plain(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs as JSON: dates in ISO form, at any depth."""
    return {name: _plain(value) for name, value in inputs.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain(value)
    return value.isoformat() if isinstance(value, date) else value


def invalid(*found: tuple[str, str]) -> Invalid:
    """422 naming each field and its remedy."""
    fields = [FieldError(pointer, message) for pointer, message in found]
    return Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=fields)


def check_inputs(row: Transition, inputs: Mapping[str, Any]) -> None:
    """Refuse fields the action does not know and name those it needs."""
    known = (*row.required, *row.optional, *row.linked)
    unknown = [(f"/{name}", f"“{row.title}”没有这个字段，请删去") for name in inputs if name not in known]
    missing = [(f"/{name}", f"“{row.title}”须填写此项") for name in row.required if inputs.get(name) is None]
    if unknown or missing:
        raise invalid(*unknown, *missing)


def wrong_state(case: Case, action: str) -> Conflict:
    named = rows_named(action)
    title = named[0].title if named else action
    possible = [row.action for row in rows_from(case.procedure, case.state) if row.roles]
    return Conflict(
        "wrong-state",
        "案件当前状态不能办理此事项",
        f"案件处于“{STATE_NAMES[case.state]}”，不能“{title}”。",
        state=case.state,
        version=case.version,
        possible_actions=possible,
    )


def refusal(blocked: Blocked) -> DomainError:
    """403 for who may not act, 409 for what may not happen now; both name the rule."""
    extra: dict[str, Any] = {"rule": blocked.rule}
    if blocked.kind == ROLE:
        return Forbidden("role-not-allowed", "没有权限", blocked.reason, **extra)
    if blocked.kind == FOUR_EYES:
        return Forbidden("four-eyes", "须由另一名工作人员办理", blocked.reason, **extra)
    if blocked.earliest and blocked.earliest != date.max:
        extra["earliest"] = blocked.earliest.isoformat()
    if blocked.kind == TWICE:
        return Conflict("published-already", "同一文书已经公示", blocked.reason, **extra)
    return Conflict("action-blocked", "现在还不能办理", blocked.reason, **extra)
