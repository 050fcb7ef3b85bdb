"""blacklist.public.v1: what anyone may know of an organisation's listing, and its tombstone."""

from shared.contracts.shapes.blacklist_exchange_v1 import Measure, Publicity
from shared.contracts.shapes.fields import choice, day, flag, many, moment, number, part, shape, text

PublicList = shape(
    "PublicList",
    {
        "code": text(),
        "name": text(),
        "class": choice("serious", "industry-misconduct", "penalty-record", "notice"),
    },
)
PublicSubject = shape(
    "PublicSubject",
    {
        "name": text(),
        "uscc": text(null=True),
        "former_names": many(text()),
        "short_names": many(text(), optional=True, about="简称"),
    },
)
PublicOrgan = shape("PublicOrgan", {"name": text(), "uscc": text(null=True)})
PublicDocument = shape("PublicDocument", {"number": text(), "date": day(null=True)})
Current = shape(
    "Current",
    {
        "listing_id": text(),
        "version": number(),
        "list": part(PublicList),
        "domain": text(),
        "region": text(),
        "subject": part(PublicSubject),
        "organ": part(PublicOrgan),
        "document": part(PublicDocument),
        "publicity": part(Publicity),
        "measures": many(part(Measure)),
        "recorded_at": moment(optional=True),
    },
)
Withdrawn = shape(
    "Withdrawn",
    {
        "listing_id": text(),
        "version": number(),
        "recorded_at": moment(),
        "by_date": flag(optional=True, about="true: its last day is over and it has no case that says so"),
    },
)
SHAPES = {"listing.current": Current, "listing.withdrawn": Withdrawn}
