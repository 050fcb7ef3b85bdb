"""An officer's own mobile number for urgent notices: sealed when it is stated, gone when it is withdrawn."""

import re
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.notifier.domain import PHONE
from services.notifier.models import Phone
from shared.crypto import KeyRing
from shared.errors import FieldError, Invalid, describe_errors
from shared.web.access import Principal

describe_errors({"phone-number": "手机号码须为 11 位境内手机号码。"})


def state_phone(session: Session, keyring: KeyRing, number: str, *, actor: Principal, at: datetime) -> None:
    """Remember the number, or forget it where it is empty."""
    if not number:
        session.execute(delete(Phone).where(Phone.user_id == actor.user_id))
        return
    if not re.fullmatch(PHONE, number):
        wrong = FieldError("/number", "应为 11 位境内手机号码。")
        raise Invalid("phone-number", "手机号码有误", fields=[wrong])
    sealed = keyring.seal(number, Phone.aad(actor.user_id))
    session.merge(Phone(user_id=actor.user_id, sealed=sealed, updated_at=at))


def shown_phone(session: Session, keyring: KeyRing, user_id: str) -> str | None:
    """The officer's own number as 138****0000."""
    row = session.get(Phone, user_id)
    if row is None:
        return None
    number = keyring.unseal(row.sealed, Phone.aad(user_id)).decode()
    return f"{number[:3]}****{number[-4:]}"
