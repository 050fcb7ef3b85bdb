"""What data users and their registration take and answer over HTTP."""

from marshmallow import fields, validate

from services.blacklist.register.schemas import OrganisationName
from services.blacklist.syndication.domain.following import KINDS, STATES
from shared.web.schemas import Schema, Text

LARGEST = 2**53 - 1


class DataUserIn(Schema):
    """An organisation that keeps a copy of the register, and whom to call there."""

    name = OrganisationName(200, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(sorted(KINDS)))
    contact = Text(500, lines=True, required=True)


class CursorIn(Schema):
    """The last position of the change feed that was processed."""

    position = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=LARGEST))


class BoardLine(Schema):
    """How many removals a data user has not processed and for how long; never which."""

    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(sorted(KINDS)))
    registered_at = fields.AwareDateTime(required=True)
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    pending = fields.Integer(required=True)
    oldest_at = fields.AwareDateTime(required=True, allow_none=True)
    age_hours = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(sorted(STATES)))
    counted_at = fields.AwareDateTime(required=True, allow_none=True)


class Board(Schema):
    """Everybody registered, the longest behind first."""

    items = fields.List(fields.Nested(BoardLine), required=True)
    overdue_after_hours = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)


class OwnLine(BoardLine):
    """With what only the data user itself and the operators see."""

    id = fields.String(required=True)
    position = fields.Integer(required=True)
    key_expires_at = fields.AwareDateTime(required=True)


class DataUserOut(OwnLine):
    """For the operators."""

    contact = fields.String(required=True)


class DataUserMade(DataUserOut):
    """The key as it is presented (`Authorization: ApiKey …`), shown once."""

    key = fields.String(required=True)
