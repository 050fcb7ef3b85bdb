"""名单: what a list lays down on a day, as its version and the regime in force say; read from `data/`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from shared.errors import describe_errors
from shared.regions import within


@dataclass(frozen=True)
class Basis:
    """One legal basis: 文件名、文号、条款, and the region it is in force for (000000: everywhere)."""

    title: str
    document: str
    region: str
    article: str
    source: str
    status: str

    @property
    def cited(self) -> str:
        """《文件名》（文号）; the name alone where the paper has no number of its own."""
        return f"《{self.title}》（{self.document}）" if "号" in self.document else f"《{self.title}》"


@dataclass(frozen=True)
class Window:
    """A period counted from an event; `unit` is "wd" (工作日) or "months"."""

    n: int
    unit: str


@dataclass(frozen=True)
class PublicityRange:
    """公示期 of one severity, in months; a minimum of 0 means it may stay unshown."""

    min_months: int
    max_months: int


@dataclass(frozen=True)
class Override:
    """A statutory minimum or maximum for some domains only (食品药品、安全生产 …)."""

    domains: tuple[str, ...]
    severity: str
    publicity: PublicityRange
    status: str
    source: str


@dataclass(frozen=True)
class RemovalRule:
    """How a listing may end early: 信用修复 after so many months, by whom, within which times."""

    repair_after_months: Mapping[str, int]
    accept_wd: int
    settle_wd: int
    extend_wd: int
    stop_wd: int
    conditions: tuple[str, ...]
    archive_after_expiry: bool
    restorable: bool
    basis: str


@dataclass(frozen=True)
class ObjectionRule:
    """Times for 异议; mostly assumed, so `status` says it."""

    accept_wd: int
    settle_wd: int
    suspend_confirm_wd: int
    status: str


@dataclass(frozen=True)
class ExpiryRule:
    """期满询问: by how much a publicity that ends with obligations open may be prolonged, and where."""

    domains: tuple[str, ...]
    extend_months: int
    status: str
    source: str


@dataclass(frozen=True)
class ListRule:
    """One list (名单) as it stands on a day: the list's own version merged with the regime in force."""

    code: str
    name: str
    list_class: str
    procedure: str
    version: str
    valid_from: date
    valid_to: date | None
    status: str
    source: str
    legal_basis: tuple[Basis, ...]
    deciding_levels: tuple[str, ...]
    deciding_organs: tuple[str, ...]
    filing_organs: tuple[str, ...]
    subject_types: tuple[str, ...]
    requires_documents: tuple[str, ...]
    statement_window: Window
    hearing_window: Window
    superior_consent: bool
    publicity: Mapping[str, PublicityRange]
    overrides: tuple[Override, ...]
    default_severity: str
    default_months: int
    publicity_start: str
    minor_needs_necessity: bool
    publicity_follows_ban: bool
    duty_start: str
    publication_duty: Mapping[str, int]
    correct_wd: int
    due_soon_wd: int
    objection: ObjectionRule
    removal: RemovalRule
    expiry: tuple[ExpiryRule, ...]
    remedy: str
    regime: str

    @property
    def rule_id(self) -> str:
        """How events and duties name the rule that allowed them."""
        return f"list:{self.code}"

    def basis_in(self, region: str) -> tuple[Basis, ...]:
        """What a decision there may cite: national papers and those of a region that holds it.

        A list of one place alone, met elsewhere, still names the papers it was founded by.
        """
        found = tuple(each for each in self.legal_basis if within(region, each.region))
        return found or self.legal_basis

    def publication_duty_wd(self, document_kind: str | None) -> int:
        """7 working days for a penalty decision, else 20 (as the data says)."""
        return self.publication_duty.get(document_kind or "", self.publication_duty["default"])


@dataclass(frozen=True)
class TradeDomain:
    """配置领域. `trading` says whether its listings go to public-resource trading platforms."""

    code: str
    name: str
    trading: bool
    items: tuple[str, ...]
    organs: tuple[str, ...]
    source: str


describe_errors(
    {"list-not-in-force": "没有这个名单，或其依据在这一天不在有效期内。请对照 /api/v1/lists 选择。"}
)
