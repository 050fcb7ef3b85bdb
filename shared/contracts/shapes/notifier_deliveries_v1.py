"""notifier.deliveries.v1: whether departments were reached."""

from shared.contracts import vocabulary
from shared.contracts.shapes.fields import moment, number, shape, text

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
SHAPES = dict.fromkeys(vocabulary.NOTICES, Notice)
