"""blacklist.rules.v1: rules every service counts by; now the working calendar's confirmed years."""

from shared.contracts.shapes.fields import day, many, moment, number, shape, text

CalendarConfirmed = shape(
    "CalendarConfirmed",
    {
        "year": number(),
        "generation": number(about="rises with every confirmation of any year"),
        "rest": many(day(), about="weekdays off"),
        "work": many(day(), about="weekend days worked"),
        "source": text(),
        "number": text(null=True),
        "recorded_at": moment(),
    },
)
SHAPES = {"calendar.confirmed": CalendarConfirmed}
