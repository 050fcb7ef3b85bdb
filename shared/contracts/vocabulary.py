"""The event types, by topic. A type belongs to one topic and is never removed or given another meaning."""

PUBLIC = ("listing.current", "listing.withdrawn")

EXCHANGE = tuple(
    f"listing.{verb}"
    for verb in (
        "published",
        "corrected",
        "annotated",
        "removed",
        "revoked",
        "restored",
        "shielded",
        "unshielded",
    )
)

CASE_VERBS = (
    "filed",
    "submitted",
    "returned",
    "noticed",
    "statement-recorded",
    "hearing-opened",
    "hearing-closed",
    "decided",
    "confirmed",
    "not-listed",
    "served",
    "published",
    "dismissed",
    "withdrawn",
    "corrected",
    "annotated",
    "removed",
    "revoked",
    "restored",
    "suspended",
    "suspension-confirmed",
    "suspension-lapsed",
    "shielded",
    "unshielded",
    "objection-opened",
    "objection-accepted",
    "objection-settled",
    "repair-opened",
    "repair-accepted",
    "repair-refused",
    "repair-material-requested",
    "repair-extended",
    "repair-settled",
    "expired",
    "archived",
    "transferred",
)
CASES = (
    *(f"case.{verb}" for verb in CASE_VERBS),
    "duty.due-soon",
    "duty.overdue",
    "tender.changed",
    "data-user.overdue",
    "letter.to-serve",
    "request.answered",
    "gap.found",
)

IDENTITY = ("department.changed", "user.changed", "session.revoked")

RULES = ("calendar.confirmed",)

DELIVERY_VERBS = (
    "accepted",
    "acknowledged",
    "rejected",
    "dead",
    "recovered",
    "awaiting-hand",
    "dropped",
    "reply-overdue",
)
REQUESTS = ("request.objection", "request.repair")
"""A party's objection or repair that came back through a platform."""
ANSWER_DEAD = "answer.dead"
"""The platform a request came from could not be told what became of it."""
DELIVERIES = (
    *(f"delivery.{verb}" for verb in DELIVERY_VERBS),
    "reconciliation.difference",
    *REQUESTS,
    ANSWER_DEAD,
)

NOTICES = ("notice.delivered", "notice.failed", "notice.acknowledged", "letter.sent", "letter.not-sent")
