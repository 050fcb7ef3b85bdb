"""blacklist.cases.v1: how cases proceed, which duties fall due, what changed for bidders of watched tenders,
which data users are behind with removals, which letters wait to be announced to their parties, what became
of requests that came through platforms, and which document numbers a department has neither published nor
explained.

Persons' names are masked.
"""

from shared.contracts import vocabulary
from shared.contracts.shapes.fields import choice, day, flag, moment, number, shape, text

Case = shape(
    "Case",
    {
        "case_id": text(),
        "listing_id": text(null=True),
        "sequence": number(),
        "version": number(),
        "state": text(),
        "action": text(),
        "list_code": text(),
        "list_name": text(),
        "list_class": text(),
        "department_id": text(),
        "region": text(),
        "domain": text(),
        "subject_name": text(about="masked for persons"),
        "subject_type": choice("organization", "individual"),
        "document_number": text(null=True),
        "actor_role": text(null=True),
        "reason": text(null=True),
        "rule": text(null=True),
        "rule_version": text(null=True),
        "occurred_at": moment(),
        "recorded_at": moment(),
    },
)
Duty = shape(
    "Duty",
    {
        "case_id": text(),
        "listing_id": text(null=True),
        "sequence": number(),
        "department_id": text(),
        "region": text(),
        "list_code": text(),
        "list_name": text(),
        "subject_name": text(about="masked for persons"),
        "duty_id": text(),
        "kind": text(),
        "due": day(),
        "provisional": flag(),
        "rule": text(null=True),
        "occurred_at": moment(),
        "recorded_at": moment(),
    },
)
Tender = shape(
    "Tender",
    {
        "project_id": text(),
        "sequence": number(),
        "department_id": text(about="that entered the project"),
        "region": text(null=True),
        "number": text(),
        "name": text(),
        "group": number(about="of the bidder; who it is stays where it was entered"),
        "kind": choice("listed", "possible", "lifted", "changed"),
        "occurred_at": moment(),
        "recorded_at": moment(),
    },
)
DataUser = shape(
    "DataUser",
    {
        "data_user_id": text(),
        "sequence": number(),
        "name": text(about="of the organisation"),
        "pending": number(about="removals it has not processed; never which"),
        "oldest_at": moment(),
        "occurred_at": moment(),
        "recorded_at": moment(),
    },
)
Letter = shape(
    "LetterToServe",
    {
        "sending_id": text(),
        "sequence": number(),
        "case_id": text(),
        "letter_id": text(),
        "department_id": text(),
        "region": text(),
        "channel": choice("email", "sms"),
        "title": text(),
        "number": text(),
        "organ": text(),
        "sealed": text(about="address and code of the party, sealed for the notifier"),
        "occurred_at": moment(),
        "recorded_at": moment(),
    },
)
Answer = shape(
    "RequestAnswer",
    {
        "case_id": text(),
        "listing_id": text(null=True),
        "sequence": number(),
        "department_id": text(),
        "region": text(),
        "document_number": text(null=True),
        "kind": choice("objection", "repair"),
        "platform": text(about="where the request came from"),
        "ticket": text(about="the platform's own number"),
        "outcome": choice(
            "accepted",
            "material-requested",
            "extended",
            "refused",
            "upheld",
            "rejected",
            "granted",
            "not-granted",
            "moot",
        ),
        "reason": text(null=True),
        "occurred_at": moment(),
        "recorded_at": moment(),
    },
)
Gap = shape(
    "Gap",
    {
        "warning_id": text(),
        "sequence": number(),
        "department_id": text(about="whose numbers they are"),
        "region": text(),
        "year": number(),
        "numbers": text(about="the first twenty, as written in documents"),
        "gaps": number(about="how many were found anew"),
        "occurred_at": moment(),
        "recorded_at": moment(),
    },
)
_FAMILIES = {
    "duty": Duty,
    "tender": Tender,
    "data-user": DataUser,
    "letter": Letter,
    "request": Answer,
    "gap": Gap,
}
SHAPES = {name: _FAMILIES.get(name.partition(".")[0], Case) for name in vocabulary.CASES}
