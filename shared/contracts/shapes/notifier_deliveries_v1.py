"""notifier.deliveries.v1: whether departments were reached, and parties told of their letters."""

from shared.contracts import vocabulary
from shared.contracts.shapes.fields import choice, moment, number, shape, text

Notice = shape(
    "Notice",
    {
        "notice_id": text(),
        "sequence": number(),
        "event_type": text(),
        "subject_id": text(),
        "department_id": text(null=True),
        "channel": text(),
        "at": moment(),
        "reason": text(null=True),
    },
)
Letter = shape(
    "LetterAnnounced",
    {
        "sending_id": text(),
        "sequence": number(),
        "case_id": text(),
        "letter_id": text(),
        "channel": choice("email", "sms"),
        "provider_id": text(null=True),
        "reason": text(null=True),
        "at": moment(),
    },
)
SHAPES = {name: Letter if name.startswith("letter.") else Notice for name in vocabulary.NOTICES}
