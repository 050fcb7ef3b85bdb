"""Asking for a watch from outside: what a form may say, and whether mail can be sent here at all."""

import re

from services.notifier.domain import MAIL_ADDRESS
from services.notifier.models import Deps
from services.notifier.usecases.watching import Wish, request_watch
from shared.errors import Conflict, FieldError, Invalid
from shared.identifiers import InvalidIdentifier, check_uscc

LONGEST_ADDRESS = 254


def read_wish(uscc: str, email: str, network: str) -> Wish:
    """What a form says, checked; Invalid points at what is wrong."""
    wrong = []
    try:
        uscc = check_uscc(uscc)
    except InvalidIdentifier as error:
        wrong.append(FieldError("/uscc", str(error)))
    if len(email) > LONGEST_ADDRESS or not re.fullmatch(MAIL_ADDRESS, email):
        wrong.append(FieldError("/email", "应为电子邮箱地址，例如 name@example.com。"))
    if wrong:
        raise Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=wrong)
    return Wish(uscc, email, network)


def ask(deps: Deps, wish: Wish) -> None:
    """One request; refused where no mail can be sent."""
    if not deps.mail_origin:
        raise Conflict("watch-unavailable", "本站尚未开通邮件提醒", "可以改用订阅源了解变动。")
    with deps.db.write() as session:
        request_watch(session, deps.keyring, wish, at=deps.clock.system_now())
