"""Columns of what platforms are told of requests, in files and tables; a profile may name them otherwise."""

from collections.abc import Mapping
from typing import NamedTuple


class Column(NamedTuple):
    """The code a column has unless the profile says otherwise, and its title."""

    code: str
    label: str


TOLD = {
    "idempotency_key": Column("YWLSH", "业务流水号"),
    "ticket": Column("SLH", "受理号"),
    "kind": Column("SQZL", "申请种类"),
    "listing_id": Column("MDBH", "名单编号"),
    "document_number": Column("WSH", "文号"),
    "outcome": Column("BLJG", "办理结果"),
    "reason": Column("BLYY", "理由"),
    "decided_at": Column("BLSJ", "办理时间"),
}
"""What is told, in this order."""
IN_TABLES = {
    "submitted_at": Column("TJSJ", "提交时间"),
    "result": Column("JSJG", "接收结果"),
    "receipt_number": Column("HZH", "回执号"),
    "message": Column("CWXX", "退回原因"),
}
"""Beside these in a table: when we wrote the row, and the three that the platform fills in."""


def columns_of(way: str) -> dict[str, Column]:
    """By standard name the columns of a packet or of a table."""
    return TOLD | IN_TABLES if way == "exchange_db" else dict(TOLD)


def codes(own: Mapping[str, str], way: str) -> dict[str, str]:
    """By standard name what the platform calls each column."""
    return {name: own.get(name, column.code) for name, column in columns_of(way).items()}
