"""Channel 站内消息: the message becomes visible in the department's inbox.

The row was written with the event; sending only shows it, so a repeat changes nothing.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from services.notifier.channels.base import Channel, Message, Ports, Sent, Target
from services.notifier.models import Notice
from shared.errors import DeliveryError

NAME = "inbox"


class Settings(Schema):
    """The inbox has no settings: it is always on."""


SETTINGS = Settings()


class InboxChannel:
    name = NAME
    retries = (1, 2, 5, 10, 30, *[60] * 1000)  # the database comes back; nobody gives up on it
    concurrency = 1
    per_target = 1

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def send(self, message: Message, target: Target) -> Sent:
        shown = update(Notice).where(Notice.id == message.notice_id, Notice.department_id == target.address)
        first = shown.where(Notice.shown_at.is_(None)).values(shown_at=self._ports.clock.system_now())
        try:
            with self._ports.db.write() as session:
                session.execute(first)
                known = session.get(Notice, message.notice_id)
        except SQLAlchemyError as error:
            raise DeliveryError("数据库暂不可用") from error
        if known is None or known.department_id != target.address:
            raise DeliveryError("没有这个收件部门的消息", permanent=True)
        return Sent(message.notice_id)


def open_channel(settings: Mapping[str, Any], ports: Ports) -> Channel | None:  # noqa: ARG001  one shape for all
    return InboxChannel(ports)
