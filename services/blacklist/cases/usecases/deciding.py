"""The decision's five parts for a case under way."""

from typing import Any

from services.blacklist.cases.domain.decision import decision_parts
from services.blacklist.cases.usecases.moves import Move
from services.blacklist.rules.queries import measure, measures_version


def decision_of(move: Move) -> dict[str, Any]:
    """Severity, months and measures must be set by now; what the decider left out comes from the rule."""
    case = move.case
    known = [(each["code"], measure(each["code"], move.today)) for each in case.measures or ()]
    parts = decision_parts(
        move.needed_rule(),
        move.inputs,
        region=case.region,
        domain=case.domain,
        facts=case.misconduct.get("facts") or "",
        basis=case.document.get("basis") or "",
        severity=case.severity or "",
        months=case.publicity_months or 0,
        measures=[each.name if each else code for code, each in known],
    )
    necessity = move.inputs.get("necessity")
    number = {"number": move.inputs.get("decision_number"), "edition": measures_version(move.today)}
    return number | parts | ({"necessity": necessity} if necessity else {})
