"""What can be done with identities; one module per kind of thing acted on."""

from services.blacklist.identity.usecases.access import principal_by_key, principal_by_token, principal_of
from services.blacklist.identity.usecases.departments import (
    Transfer,
    create_department,
    rename_department,
    transfer_department,
)
from services.blacklist.identity.usecases.keys import IssuedKey, issue_api_key, revoke_api_key
from services.blacklist.identity.usecases.passwords import draw_password
from services.blacklist.identity.usecases.sessions import (
    SignedIn,
    change_password,
    refresh,
    revoke_sessions,
    sign_in,
    sign_out,
)
from services.blacklist.identity.usecases.users import (
    CreatedUser,
    create_user,
    decide_role_change,
    disable_user,
    enable_user,
    limit_account,
    propose_roles,
    reset_password,
)

__all__ = [
    "CreatedUser",
    "IssuedKey",
    "SignedIn",
    "Transfer",
    "change_password",
    "create_department",
    "create_user",
    "decide_role_change",
    "disable_user",
    "draw_password",
    "enable_user",
    "issue_api_key",
    "limit_account",
    "principal_by_key",
    "principal_by_token",
    "principal_of",
    "propose_roles",
    "refresh",
    "rename_department",
    "reset_password",
    "revoke_api_key",
    "revoke_sessions",
    "sign_in",
    "sign_out",
    "transfer_department",
]
