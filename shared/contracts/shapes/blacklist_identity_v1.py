"""blacklist.identity.v1: departments, people and revoked sessions, for the copies other services keep."""

from shared.contracts.shapes.fields import day, flag, many, moment, shape, text

Department = shape(
    "Department",
    {
        "id": text(),
        "code": text(),
        "name": text(),
        "short_name": text(null=True),
        "region": text(),
        "level": text(),
        "parent_id": text(null=True),
        "uscc": text(null=True),
        "valid_from": day(),
        "valid_to": day(null=True),
        "successor_id": text(null=True),
        "email": text(null=True),
        "recorded_at": moment(),
    },
)
User = shape(
    "User",
    {
        "id": text(),
        "username": text(),
        "display_name": text(),
        "department_id": text(),
        "roles": many(text()),
        "email": text(null=True),
        "disabled": flag(),
        "recorded_at": moment(),
    },
)
SessionRevoked = shape(
    "SessionRevoked",
    {
        "user_id": text(),
        "session_id": text(null=True, about="null: every session issued before issued_before"),
        "issued_before": moment(null=True),
        "recorded_at": moment(),
    },
)
SHAPES = {"department.changed": Department, "user.changed": User, "session.revoked": SessionRevoked}
