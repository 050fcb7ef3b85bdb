"""From TOML files to profiles, collecting every problem instead of stopping at the first."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from ipaddress import ip_network
from pathlib import Path

from services.credit_push.catalogue.answering import read_answers
from services.credit_push.catalogue.document import Document, Problem
from services.credit_push.catalogue.lines import line_of, line_told
from services.credit_push.catalogue.observing import read_asking
from services.credit_push.catalogue.pairs import misfit, unwritable
from services.credit_push.catalogue.places import DATABASES, is_database
from services.credit_push.catalogue.profile import (
    OBSERVED,
    Breaker,
    Deadline,
    Door,
    Limits,
    Profile,
    Receipts,
    RecordLayout,
    Takes,
    TransportSpec,
    Window,
    Withdrawal,
)
from services.credit_push.catalogue.tables import table_faults
from services.credit_push.catalogue.template import read_template
from shared.http import ALGORITHMS
from shared.toml_text import toml_fault

LEVELS = ("nation", "province", "city", "county")
DOMAINS = (
    "housing-security", "rural-housing", "government-procurement", "engineering-tendering", "land-transfer",
    "mining-rights", "state-assets", "forestry-rights", "emission-rights", "work-safety", "product-quality",
    "tax", "health", "spot-check", "other",
)  # fmt: skip
CLASSES = ("serious", "industry-misconduct", "penalty-record", "notice")
SUBJECTS = ("organization", "individual")
FORMATS = ("canonical", "trade_v2", "penalty_2018", "by-class", "procurement_sheet", "none")
RECEIPTS = ("answer", "callback", "column", "feedback", "topic", "hand", "door", "relay")
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
WITHDRAWALS = ("message", "content", "letter", "relay")
BASES = ("published", "assumed")
NEEDS = {
    "http": ("protocol", "endpoint", "key"),
    "exchange_db": ("database",),
    "packet": ("directory", "file"),
    "kafka": ("events", "topic"),
    "manual": (),
    "pull": (),
    OBSERVED: (),
}
"""What each kind of transport cannot do without."""
SFTP_NEEDS = ("key", "host_key")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = time()
_WINDOW = re.compile(rf"(daily|{'|'.join(WEEKDAYS)}) (\d\d:\d\d)-(\d\d:\d\d)")
_ID = re.compile(r"[a-z][a-z0-9-]{2,39}")


def _profile(doc: Document) -> Profile:
    profile = Profile(
        id=doc.word("id"),
        name=doc.word("name"),
        site=doc.word("site", ""),
        level=doc.choice("level", LEVELS),
        region=doc.word("region"),
        named_in=doc.texts("named_in", default=[]),
        takes=_takes(doc),
        record=RecordLayout(
            format=doc.choice("record.format", FORMATS),
            penalty_classes=doc.texts("record.penalty_classes", CLASSES, []),
            tables=doc.names("record.tables"),
            columns=doc.names("record.columns"),
            codes=doc.code_sets("record.codes"),
        ),
        transport=_transport(doc),
        receipts=Receipts(
            doc.choice("receipts.by", RECEIPTS), doc.number("receipts.wait_seconds", 0.05, 864000)
        ),
        withdrawal=Withdrawal(
            doc.choice("withdrawal.by", WITHDRAWALS),
            int(doc.number("withdrawal.reply_working_days", 0, 60, 0)),
        ),
        deadline=Deadline(
            int(doc.number("deadline.list_working_days", 0, 60)),
            int(doc.number("deadline.withdraw_working_days", 0, 60)),
        ),
        retry_seconds=doc.numbers("retry.seconds"),
        relay_to=doc.word("relay.to", ""),
        basis=doc.choice("source.basis", BASES),
        source=doc.word("source.text"),
        limits=Limits(
            rows_per_second=doc.number("limits.rows_per_second", 0, 100_000, 0),
            daily_rows=int(doc.number("limits.daily_rows", 0, 10_000_000, 0)),
            maintenance=_windows(doc),
        ),
        breaker=Breaker(
            failures=int(doc.number("breaker.failures", 1, 1000, 10)),
            pause_seconds=doc.numbers("breaker.pause_seconds", [2, 5, 10, 30]),
            deadline_hours=doc.number("breaker.deadline_hours", 0, 72, 4),
        ),
        door=_door(doc),
        observation=read_asking(doc),
        answers=read_answers(doc),
        template=read_template(doc, doc.word("record.format", "")),
        signature=doc.choice("signature.algorithm", ALGORITHMS, ALGORITHMS[0]),
        reconcile_hours=int(doc.number("reconciliation.every_hours", 0, 8760, 24)),
    )
    if not _ID.fullmatch(profile.id) or f"{profile.id}.toml" != doc.file:
        doc.note("id", "应为小写字母、数字和连字符，并与文件名一致")
    doc.refuse_unknown()
    return profile


def _windows(doc: Document) -> tuple[Window, ...]:
    """`daily 02:00-04:00`, `sun 00:00-24:00`."""
    found = []
    for value in doc.texts("limits.maintenance", default=[]):
        match = _WINDOW.fullmatch(value)
        begins, ends = (_clock_time(match[2]), _clock_time(match[3])) if match else (None, None)
        if match is None or begins is None or ends is None or (begins >= ends != MIDNIGHT):
            doc.note("limits.maintenance", f"{value} 应写作 daily 02:00-04:00 或 sun 00:00-24:00")
            continue
        weekday = WEEKDAYS.index(match[1]) if match[1] in WEEKDAYS else None
        found.append(Window(weekday, begins, ends))
    return tuple(found)


def _door(doc: Document) -> Door:
    door = Door(
        doc.word("door.key", ""),
        doc.texts("door.addresses", default=[]),
        requests=doc.flag("door.requests", default=False),
    )
    for network in door.addresses:
        try:
            ip_network(network)
        except ValueError:
            doc.note("door.addresses", f"{network} 不是网段，应写作 10.1.0.0/16")
    return door


def _clock_time(value: str) -> time | None:
    try:
        return MIDNIGHT if value == "24:00" else time.fromisoformat(value)
    except ValueError:
        return None


def _takes(doc: Document) -> Takes:
    takes = Takes(
        regions=doc.texts("takes.regions"),
        department_levels=doc.texts("takes.department_levels", LEVELS),
        domains=doc.texts("takes.domains", DOMAINS),
        list_classes=doc.texts("takes.list_classes", CLASSES),
        subject_types=doc.texts("takes.subject_types", SUBJECTS),
    )
    for code in takes.regions:
        if not re.fullmatch(r"\d{6}", code):
            doc.note("takes.regions", f"{code} 不是 6 位行政区划代码")
    return takes


def _transport(doc: Document) -> TransportSpec:
    kind = doc.choice("transport.kind", tuple(NEEDS))
    spec = TransportSpec(
        kind=kind,
        protocol=doc.choice("transport.protocol", ("json", "xml"), ""),
        endpoint=doc.place("transport.endpoint"),
        database=doc.place("transport.database"),
        directory=doc.place("transport.directory"),
        host_key=doc.word("transport.host_key", ""),
        ledger=doc.place("transport.ledger"),
        file=doc.choice("transport.file", ("xlsx", "csv", "xml", "json"), ""),
        key=doc.word("transport.key", ""),
        events=doc.place("transport.events"),
        topic=doc.word("transport.topic", ""),
        receipts_topic=doc.word("transport.receipts_topic", ""),
        mechanism=doc.choice("transport.mechanism", MECHANISMS, MECHANISMS[0]),
        tls=doc.flag("transport.tls", default=True),
        ca_file=doc.place("transport.ca_file"),
        in_flight=int(doc.number("transport.in_flight", 1, 512, 16)),
        rows_per_request=int(doc.number("transport.rows_per_request", 1, 500, 1)),
        batch_rows=int(doc.number("transport.batch_rows", 1, 1000, 500)),
        timeout_seconds=doc.number("transport.timeout_seconds", 0.05, 120, 5),
    )
    if spec.key.startswith("sandbox:") and not _ID.fullmatch(spec.key.removeprefix("sandbox:")):
        doc.note("transport.key", "沙箱密钥应由 sandbox、冒号和平台代码组成")
    told = {problem.field for problem in doc.problems}
    if spec.database and not is_database(spec.database) and "transport.database" not in told:
        doc.note("transport.database", f"地址应以 {'、'.join(f'{one}://' for one in DATABASES)} 之一开头")
    for name in (*NEEDS.get(kind, ()), *(SFTP_NEEDS if spec.directory.startswith("sftp:") else ())):
        if not getattr(spec, name):
            doc.note(f"transport.{name}", f"传输方式 {kind} 需要此项")
    return spec


def read_profile(
    file: str, text: str, values: Mapping[str, str], *, of_site: bool = False
) -> tuple[Profile | None, list[Problem]]:
    """One platform from the text of its file, and every problem in it; None where it is no TOML at all.

    A text written on the site, `of_site`, may not point to places inside that no setting names.
    """
    try:
        doc = Document(file, text, values, of_site=of_site)
    except tomllib.TOMLDecodeError as error:
        return None, [Problem(file, "", toml_fault(error), line_told(str(error)))]
    except (RecursionError, ValueError):  # the parser's own limits: brackets in brackets, endless numbers
        return None, [Problem(file, "", "不是合法的 TOML：嵌套过深或数字过长")]
    profile = _profile(doc)
    return profile, doc.problems


def read_folder(folder: Path, values: Mapping[str, str]) -> tuple[dict[str, Profile], list[Problem]]:
    """Profiles by id, and every problem of every file and between files."""
    profiles: dict[str, Profile] = {}
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            texts[path.name] = path.read_text("utf-8")
        except UnicodeDecodeError as error:
            problems.append(Problem(path.name, "", f"不是 UTF-8 文本：{error.reason}"))
            continue
        profile, found = read_profile(path.name, texts[path.name], values)
        if profile is not None:
            profiles[profile.id] = profile
        problems.extend(found)
    between = problems_between(profiles)
    return profiles, problems + [
        replace(one, line=line_of(texts.get(one.file, ""), one.field)) for one in between
    ]


def problems_between(profiles: Mapping[str, Profile]) -> list[Problem]:
    """What is wrong only because of what other files say, or of two settings together."""
    found = []
    for profile in profiles.values():
        file = f"{profile.id}.toml"
        if profile.relay_to and profile.relay_to not in profiles:
            found.append(Problem(file, "relay.to", f"目录中没有平台 {profile.relay_to}"))
        if not profile.pushed and profile.takes.regions:
            found.append(Problem(file, "takes.regions", "只观察的平台不应有推送范围"))
        if wrong := misfit(profile.transport, profile.record.format):
            found.append(Problem(file, "record.format", wrong))
        found.extend(Problem(file, field, message) for field, message in table_faults(profile))
        for code in unwritable(profile.transport, profile.record.columns):
            told = "XML 数据包中的列名应以字母或汉字开头，只含文字、数字、点、连字符和下划线"
            found.append(Problem(file, f"record.columns.{code}", told))
        if profile.transport.kind == "kafka" and (profile.receipts.by == "topic") != bool(
            profile.transport.receipts_topic
        ):
            found.append(
                Problem(
                    file, "receipts.by", "有回执主题时写 topic，没有时写 answer（以消息服务器确认为回执）"
                )
            )
        if profile.transport.kind == "pull" and not profile.door.key:
            found.append(Problem(file, "door.key", "由平台自取的方式需要此项"))
        if profile.pushed and not profile.takes.regions:
            found.append(Problem(file, "takes.regions", "推送的平台需要推送范围"))
    return found
