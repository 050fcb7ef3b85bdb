"""Where a use case stands: its department and the list rule on the day, each asked once per request."""

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from services.blacklist.cases.queries.standing import rule_on
from services.blacklist.identity.models import Department
from services.blacklist.identity.queries import department
from services.blacklist.rules.domain import ListRule
from shared.errors import FieldError, Invalid


@dataclass
class Office:
    """Lookups of one request; a bulk of thousands of rows asks each question once."""

    session: Session
    today: date
    _rules: dict[tuple[str, date], ListRule | None] = field(default_factory=dict)
    _departments: dict[str, Department] = field(default_factory=dict)

    def rule(self, code: str, on: date | None = None) -> ListRule | None:
        """The list's rule on a day (today by default), None where none is in force."""
        key = (code, on or self.today)
        if key not in self._rules:
            self._rules[key] = rule_on(*key)
        return self._rules[key]

    def needed_rule(self, code: str) -> ListRule:
        found = self.rule(code)
        if found is None:
            pointed = [FieldError("/list_code", "没有这个名单，或其依据目前不在有效期内")]
            raise Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=pointed)
        return found

    def department(self, department_id: str) -> Department:
        if department_id not in self._departments:
            self._departments[department_id] = department(self.session, department_id)
        return self._departments[department_id]
