"""What identity takes and answers over HTTP."""

from marshmallow import fields, validate

from services.blacklist.identity.domain import PASSWORD_MAX, ROLES, SCOPES
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Flag, RegionField, Schema, StatutoryDate, Text, UsccField

LEVELS = ("nation", "province", "city", "county", "town")
_CODE = validate.Regexp(r"^[a-z0-9][a-z0-9-]{1,63}\Z", error="应为小写字母、数字和连字符，2 至 64 个字符。")
_USERNAME = validate.Regexp(
    r"^[a-z0-9][a-z0-9._-]{2,63}\Z", error="应为小写字母、数字、点、横线，3 至 64 个字符。"
)
_ONE_ROLE = validate.OneOf(tuple(ROLES), error="没有这个角色。")
_ONE_SCOPE = validate.OneOf(tuple(SCOPES), error="没有这项接口权限。")


class SignInRequest(Schema):
    """用户名和口令."""

    username = Text(64, required=True)
    password = fields.String(required=True, load_only=True, validate=validate.Length(min=1, max=PASSWORD_MAX))


class PasswordChange(Schema):
    """更换本人口令."""

    current_password = fields.String(
        required=True, load_only=True, validate=validate.Length(min=1, max=PASSWORD_MAX)
    )
    new_password = fields.String(
        required=True, load_only=True, validate=validate.Length(min=1, max=PASSWORD_MAX)
    )


class SignedInUser(Schema):
    """Who is signed in, and for which department."""

    id = fields.UUID(required=True)
    username = fields.String(required=True)
    display_name = fields.String(required=True)
    department_id = fields.UUID(required=True)
    department = fields.String(required=True)
    region = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    must_change_password = fields.Boolean()


class SessionAnswer(Schema):
    """A token for `Authorization: Bearer`, valid until `expires_at`."""

    token = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)
    user = fields.Nested(SignedInUser, required=True)


class CurrentSession(Schema):
    """The session the request came with."""

    user = fields.Nested(SignedInUser, required=True)


class DepartmentQuery(PageQuery):
    """部门查询条件."""

    region = RegionField(load_default=None)
    on = StatutoryDate(load_default=None, metadata={"description": "只列这一天存续的部门"})


class DepartmentView(Schema):
    """部门; `valid_to` is its first day out of being."""

    id = fields.UUID(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    short_name = fields.String(required=True)
    kind = fields.String(required=True)
    region = fields.String(required=True)
    level = fields.String(required=True)
    uscc = fields.String(required=True)
    parent_id = fields.UUID(required=True, allow_none=True)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(required=True, allow_none=True)
    successor_id = fields.UUID(required=True, allow_none=True)


class DepartmentFiling(Schema):
    """新设部门."""

    code = fields.String(required=True, validate=_CODE)
    name = Text(200, required=True)
    short_name = Text(60, required=True)
    kind = fields.String(required=True, validate=_CODE, metadata={"description": "职能条线代码"})
    region = RegionField(required=True)
    level = fields.String(required=True, validate=validate.OneOf(LEVELS, error="没有这个层级。"))
    uscc = UsccField(required=True)
    parent_id = fields.UUID(load_default=None)
    email = fields.Email(load_default=None, validate=validate.Length(max=254))
    valid_from = StatutoryDate(required=True)


class DepartmentRenaming(Schema):
    """更名、更换邮箱."""

    name = Text(200, required=True)
    short_name = Text(60, required=True)
    email = fields.Email(required=True, allow_none=True, validate=validate.Length(max=254))


class TransferRequest(Schema):
    """机构改革移交: 由哪个部门、自哪天起承继."""

    successor_id = fields.UUID(required=True)
    on = StatutoryDate(required=True)


class TransferAnswer(Schema):
    """What moved."""

    from_id = fields.UUID(required=True)
    to_id = fields.UUID(required=True)
    on = fields.Date(required=True)
    users = fields.Integer(required=True)
    keys = fields.Integer(required=True)


class UserQuery(PageQuery):
    """用户查询条件."""

    department_id = fields.UUID(load_default=None)


class UserView(Schema):
    """用户."""

    id = fields.UUID(required=True)
    username = fields.String(required=True)
    display_name = fields.String(required=True)
    department_id = fields.UUID(required=True)
    email = fields.String(required=True, allow_none=True)
    roles = fields.List(fields.String(), required=True)
    disabled = fields.Boolean(required=True)
    valid_until = fields.Date(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)


class UserFiling(Schema):
    """新建用户; roles are proposed and approved afterwards."""

    username = fields.String(required=True, validate=_USERNAME)
    display_name = Text(60, required=True)
    department_id = fields.UUID(required=True)
    email = fields.Email(load_default=None, validate=validate.Length(max=254))
    valid_until = StatutoryDate(
        load_default=None, metadata={"description": "限期账号的最后一天，如外部评估员"}
    )


class Validity(Schema):
    """设定、延长或者取消账号有效期."""

    valid_until = StatutoryDate(required=True, allow_none=True)
    reason = Text(500, required=True)


class PasswordIssued(Schema):
    """A first or reset password, shown once."""

    user = fields.Nested(UserView, required=True)
    password = fields.String(required=True)


class ReasonGiven(Schema):
    """办理理由."""

    reason = Text(500, required=True)


class RolesProposal(Schema):
    """The exact roles the user shall hold, and why."""

    roles = fields.List(
        fields.String(validate=_ONE_ROLE), required=True, validate=validate.Length(max=len(ROLES))
    )
    reason = Text(500, required=True)


class RoleChangeQuery(PageQuery):
    """角色变更查询条件."""

    state = fields.String(
        load_default=None,
        validate=validate.OneOf(("proposed", "approved", "refused"), error="没有这个状态。"),
    )


class RoleChangeView(Schema):
    """角色变更."""

    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    roles = fields.List(fields.String(), required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True)
    proposed_by = fields.String(required=True)
    proposed_at = fields.AwareDateTime(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class RoleDecision(Schema):
    """核准或不予核准."""

    approve = Flag(required=True)


class ApiKeyFiling(Schema):
    """签发接口密钥."""

    name = Text(100, required=True)
    department_id = fields.UUID(required=True)
    scopes = fields.List(
        fields.String(validate=_ONE_SCOPE), required=True, validate=validate.Length(min=1, max=len(SCOPES))
    )
    addresses = fields.List(Text(64), load_default=list, validate=validate.Length(max=50))
    expires_at = fields.AwareDateTime(load_default=None)


class ApiKeyView(Schema):
    """接口密钥, without its secret."""

    id = fields.UUID(required=True)
    prefix = fields.String(required=True)
    name = fields.String(required=True)
    department_id = fields.UUID(required=True)
    scopes = fields.List(fields.String(), required=True)
    addresses = fields.List(fields.String(), required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(required=True, allow_none=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class ApiKeyIssued(Schema):
    """The key as it is presented (`Authorization: ApiKey …`), shown once."""

    key = fields.Nested(ApiKeyView, required=True)
    presented = fields.String(required=True)


DepartmentPage = page_schema(DepartmentView, "DepartmentPage")
UserPage = page_schema(UserView, "UserPage")
RoleChangePage = page_schema(RoleChangeView, "RoleChangePage")
ApiKeyPage = page_schema(ApiKeyView, "ApiKeyPage")
