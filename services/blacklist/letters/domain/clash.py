"""Where waiting for service and the day publication is due pull apart: both rules, the days, and what to do.

Service comes first: what has not been served is not published (送达在先), so a public notice of thirty days
always outlasts seven working days.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.blacklist.cases.domain.serving import PUBLIC_NOTICE, effective_on, methods
from services.blacklist.letters.domain.wording import chinese_day

ADVICE = (
    "送达是公示的前提。能够直接送达、邮寄送达或者电子送达的，不采用公告送达；"
    "确需公告的，在案卷中注明逾期原因。"
)


@dataclass(frozen=True)
class Clash:
    """`certain` once service is on record; else what a public notice begun today would lead to."""

    certain: bool
    due: date
    effective_on: date
    text: str
    rules: tuple[str, ...]

    def view(self) -> dict[str, Any]:
        return {
            "certain": self.certain,
            "due": self.due.isoformat(),
            "effective_on": self.effective_on.isoformat(),
            "days_late": (self.effective_on - self.due).days,
            "text": self.text,
            "rules": list(self.rules),
            "advice": ADVICE,
        }


def service_clash(
    *, due: date | None, duty_rule: str, served: tuple[str, date] | None, today: date
) -> Clash | None:
    """`served` is (method, the day service counts from) as recorded, None while there is none."""
    if due is None:
        return None
    certain = served is not None
    method, effective = served or (PUBLIC_NOTICE, effective_on(PUBLIC_NOTICE, today))
    if effective <= due:
        return None
    known = methods().get(method)
    name = known.name if known else "送达"
    late, limit = chinese_day(effective), chinese_day(due)
    days = (effective - due).days
    text = (
        f"{name}于{late}方为送达，公示应在{limit}前完成，相差{days}日。"
        if certain
        else f"今日起{name}的，{late}方为送达，晚于公示期限{limit}，相差{days}日。"
    )
    return Clash(certain, due, effective, text, (known.rule if known else "送达后生效", duty_rule))
