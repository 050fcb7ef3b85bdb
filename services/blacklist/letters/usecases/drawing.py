"""From a case to the text of one of its letters, and to the PDF."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.models import Case, CaseOverlay, CaseStep
from services.blacklist.cases.models.case import ID_AAD
from services.blacklist.cases.queries import find_case
from services.blacklist.cases.queries.standing import rule_on
from services.blacklist.identity.queries import department
from services.blacklist.letters.domain.templates import (
    DECISION,
    LABELLED,
    Template,
    Text,
    fill,
    filled,
    templates,
)
from services.blacklist.letters.domain.wording import LABELS, chinese_day, grouped, tidy
from services.blacklist.letters.models import Letter
from services.blacklist.letters.queries.facts import Occasion, flags_of, values_of
from services.blacklist.letters.queries.finding import told_steps
from services.blacklist.rules.domain import ListRule
from services.blacklist.rules.remedies import reviewing_body
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.errors import Conflict, FieldError, Invalid, describe_errors
from shared.typesetting import LetterText, Paragraph, render_letter
from shared.web.access import Principal

STEP_DATED = "step"

describe_errors(
    {
        "letter-not-due": "案件还没有这份文书所依据的办理事项。available 列出现在可以制作的文书。",
        "letter-text-missing": "文书日期没有有效的文书范本。请联系系统管理员补充范本。",
    }
)


@dataclass(frozen=True)
class Draft:
    """Everything decided about a letter before it has a number."""

    template: Template
    version: Text
    step: CaseStep
    rule: ListRule
    dated: date
    title: str
    paragraphs: tuple[Paragraph, ...]

    def text(
        self, case: Case, *, number: str = "", code: str = "", address: str = "", preview: bool = False
    ) -> LetterText:
        return LetterText(
            title=self.title,
            organ=case.department_name,
            number=number,
            recipient=tidy(case.subject_name),
            paragraphs=self.paragraphs,
            date_text=chinese_day(self.dated),
            on=self.dated,
            address=address,
            code=grouped(code),
            notes=_notes(self.template.kind, case.disclosure),
            preview=preview,
        )


def _notes(kind: str, disclosure: str) -> tuple[str, ...]:
    """附注: a notice before the decision is no public paper, whatever the case's attribute."""
    return (LABELS[disclosure],) if kind in LABELLED and disclosure in LABELS else ()


def draft_letter(
    session: Session, deps: Deps, case: Case, kind: str, today: date, *, shown: bool = False
) -> Draft:
    """The letter's text from the case; `shown` prints the party's identity number in clear."""
    template = known_kind(kind)
    steps = told_steps(session, case)
    if kind not in steps:
        raise Conflict(
            "letter-not-due",
            f"现在不能制作{template.name}",
            "案件还没有这份文书所依据的办理事项。",
            available=sorted(steps),
        )
    step = steps[kind]
    dated = local_date(step.at) if template.dated == STEP_DATED else today
    rule = _rule(case, dated)
    version = template.on(dated)
    if version is None:
        raise Conflict("letter-text-missing", f"{template.name}没有有效的范本", f"文书日期{dated}")
    occasion = Occasion(
        case, step, rule, deps.calendar, _request(session, case, step), dated,
        decision_number(session, case), _identity(deps, case) if shown else None,
        _reviewed_by(session, case),
    )  # fmt: skip
    return _composed(template, version, occasion)


def _reviewed_by(session: Session, case: Case) -> str:
    own = department(session, case.department_id)
    return reviewing_body(own.kind, own.region, own.name, own.level)


def _composed(template: Template, version: Text, occasion: Occasion) -> Draft:
    values = values_of(occasion)
    body = filled(version, values, flags_of(occasion))
    parts = tuple(Paragraph(text, heading) for text, heading in body if text)
    title = fill(version.title, values)
    return Draft(template, version, occasion.step, occasion.rule, occasion.dated, title, parts)


def known_kind(kind: str) -> Template:
    if kind not in templates():
        pointed = [FieldError("/kind", f"文书种类应为下列之一：{'、'.join(templates())}")]
        raise Invalid("validation-failed", "没有这种文书", fields=pointed)
    return templates()[kind]


def _rule(case: Case, dated: date) -> ListRule:
    rule = rule_on(case.list_code, case.decided_on or case.noticed_on or dated) or rule_on(
        case.list_code, dated
    )
    if rule is None:
        raise Conflict("letter-text-missing", "名单依据在文书日期不在有效期内", f"文书日期{dated}")
    return rule


def _request(session: Session, case: Case, step: CaseStep) -> CaseOverlay | None:
    """The objection or request for repair a step is about."""
    kind = "objection" if "objection" in step.action else "repair"
    wanted = (
        select(CaseOverlay)
        .where(CaseOverlay.case_id == case.id, CaseOverlay.kind == kind, CaseOverlay.opened_at <= step.at)
        .order_by(CaseOverlay.opened_at.desc(), CaseOverlay.id.desc())
    )
    return session.scalars(wanted).first()


def decision_number(session: Session, case: Case) -> str | None:
    """Of our own decision: as made out, else as the decider gave it."""
    wanted = select(Letter.number).where(
        Letter.case_id == case.id, Letter.kind == DECISION, Letter.superseded_at.is_(None)
    )
    made = session.scalars(wanted.order_by(Letter.id.desc())).first()
    return made or (case.decision or {}).get("number")


def _identity(deps: Deps, case: Case) -> str | None:
    return deps.keyring.unseal(case.id_sealed, f"{ID_AAD}.{case.id}").decode() if case.id_sealed else None


def preview_letter(
    session: Session, deps: Deps, case_id: str, kind: str, *, who: Principal, today: date
) -> bytes:
    """The letter as it would be, without number, marked as a preview; nothing is kept."""
    case = find_case(session, case_id, who)
    draft = draft_letter(session, deps, case, kind, today)
    return render_letter(draft.text(case, preview=True))
