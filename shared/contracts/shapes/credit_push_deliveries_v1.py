"""credit-push.deliveries.v1: what became of each listing version at each platform."""

from shared.contracts import vocabulary
from shared.contracts.shapes.fields import choice, day, flag, moment, number, shape, text

Delivery = shape(
    "Delivery",
    {
        "delivery_id": text(),
        "listing_id": text(),
        "sequence": number(),
        "version": number(),
        "platform": text(),
        "platform_name": text(),
        "operation": choice("list", "correct", "withdraw"),
        "state": choice(
            "waiting",
            "sending",
            "accepted",
            "acknowledged",
            "rejected",
            "awaiting-hand",
            "dead",
            "superseded",
        ),
        "at": moment(),
        "due": day(null=True),
        "late": flag(),
        "receipt_number": text(null=True),
        "reason": text(null=True),
        "field": text(null=True),
        "code": text(null=True),
        "attempts": number(),
        "department_id": text(null=True),
        "region": text(null=True),
        "list_code": text(null=True),
        "subject_name": text(about="masked for persons"),
        "document_number": text(null=True),
        "recorded_at": moment(),
    },
)
Difference = shape(
    "Difference",
    {
        "run_id": text(),
        "platform": text(),
        "listing_id": text(null=True),
        "kind": choice("missing", "extra", "stale", "altered"),
        "detail": text(null=True),
        "recorded_at": moment(),
    },
)
Request = shape(
    "Request",
    {
        "request_id": text(),
        "platform": text(),
        "platform_name": text(),
        "listing_id": text(),
        "kind": choice("objection", "repair"),
        "ticket": text(about="the platform's own number"),
        "received_on": day(about="when the platform got it: statutory days count from here"),
        "evidence": text(about="without identity numbers"),
        "commitment": text(null=True),
        "recorded_at": moment(),
    },
)
Answer = shape(
    "Answer",
    {
        "answer_id": text(),
        "platform": text(),
        "platform_name": text(),
        "listing_id": text(),
        "sequence": number(),
        "kind": choice("objection", "repair"),
        "ticket": text(about="the platform's own number"),
        "outcome": text(),
        "reason": text(null=True, about="why the platform could not be told"),
        "attempts": number(),
        "department_id": text(null=True),
        "region": text(null=True),
        "subject_name": text(about="masked for persons"),
        "document_number": text(null=True),
        "at": moment(),
        "recorded_at": moment(),
    },
)
SHAPES = {
    **{f"delivery.{verb}": Delivery for verb in vocabulary.DELIVERY_VERBS},
    "reconciliation.difference": Difference,
    **dict.fromkeys(vocabulary.REQUESTS, Request),
    vocabulary.ANSWER_DEAD: Answer,
}
