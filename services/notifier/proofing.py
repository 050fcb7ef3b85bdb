"""Looking at texts before anybody gets them: shown with real or sample data, and checked as a whole.

The check names file and line, so that it can stand in a build: every kind of message that is routed has
every text it needs in every language and channel, and no text can fail, reach out or be cut.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifier.consumes import golden_facts
from services.notifier.domain import one_line
from services.notifier.models import Notice
from services.notifier.routing import Route, routing
from services.notifier.templates import LANGUAGES, SMS, Rendered, Text, all_texts, read_texts, text_files
from shared.toml_text import toml_fault
from shared.web.access import Principal

ROUTING = "services/notifier/routing.toml"
LONGEST_SHOWN = 4000
NEWEST = 50
PLACE = {"department_name": "长安区住房和城乡建设局", "region_name": "石家庄市长安区"}
TODAY = "2026年11月23日"
FAILED_RECEIVER = {
    "occurred_on": TODAY,
    "receiver": "本局业务系统",
    "channel_name": "Webhook",
    "reason": "接收端答复 503",
    "count": "4",
}
SAMPLES: Mapping[str, Mapping[str, str]] = {
    "webhook.test": {"occurred_on": TODAY},
    "notice.digest": {"occurred_on": TODAY, "count": "2", "items": "1. 案件提交审核\n2. 决定已送达"},
    "address.failing": {"occurred_on": TODAY, "address": "z***@example.gov.cn", "status": "5.1.1"},
    "receiver.failing": FAILED_RECEIVER,
    "receiver.disabled": FAILED_RECEIVER,
    "notice.handover": {
        "occurred_on": TODAY,
        "from_name": "张示例",
        "to_name": "李示例",
        "period": "2026年11月24日至2026年11月27日",
        "count": "1",
        "items": "1. 法定期限将至",
    },
}
STOPPED = {"cause": "移出名单", "field": "工程建设项目招标投标"}
ESCALATED = {"origin_title": "已超期（2026年11月11日）：公示列入信息", "waiting_since": "2026年11月12日"}


@dataclass(frozen=True)
class Shown:
    """A text filled in, with where the data comes from."""

    source: str
    title: str
    body: str
    problem: str = ""


def sample_facts(name: str, variables: frozenset[str]) -> dict[str, str]:
    """Facts of the golden sample of this kind of message; a name in brackets where no sample says."""
    if name in SAMPLES:
        return {**PLACE, **SAMPLES[name]}
    own = {"escalation": ("duty.overdue", ESCALATED), "enforcement": ("case.removed", STOPPED)}
    sample, added = own.get(name.partition(".")[0], (name, {}))
    found = golden_facts(sample)
    if found is None:
        return {each: f"〔{each}〕" for each in variables}
    return {**PLACE, **found, **added, "items": found.get("item", ""), "count": "1"}


def recent_facts(session: Session, name: str, actor: Principal) -> dict[str, str] | None:
    """Facts of the newest message of this kind that the actor's own department got."""
    prefix = re.split(r"[*?\[]", name)[0]
    mine = (
        Notice.department_id == actor.department_id,
        Notice.event_type.startswith(prefix, autoescape=True),
    )
    query = select(Notice.event_type, Notice.facts).where(*mine).order_by(Notice.id.desc()).limit(NEWEST)
    for event_type, facts in session.execute(query):
        if facts and fnmatchcase(event_type, name):
            return dict(facts)
    return None


def show(session: Session, name: str, text: Text, actor: Principal) -> list[Shown]:
    """The text with the newest real data the actor may see, and with the golden sample."""
    recent = recent_facts(session, name, actor)
    shown = [_shown("样例数据", text, sample_facts(name, text.variables))]
    if recent is not None:
        shown.insert(0, _shown("本部门最近一条同类消息的数据", text, recent))
    return shown


def _shown(source: str, text: Text, facts: Mapping[str, str]) -> Shown:
    try:
        filled = text.filled(facts)
    except Exception as error:  # noqa: BLE001  whatever was written, it is told and not raised
        return Shown(source, "", "", f"无法填写（{type(error).__name__}）")
    return Shown(source, filled.title, filled.body, _cut(filled, text, facts))


def _cut(filled: Rendered, text: Text, facts: Mapping[str, str]) -> str:
    """What would be lost of it."""
    allowed = {name: facts.get(name, "") for name in text.variables}
    whole = one_line(text.title.render(allowed), LONGEST_SHOWN)
    if whole != filled.title:
        return "标题超过 200 字，超出部分会被截去"
    return f"正文超过 {LONGEST_SHOWN} 字" if len(filled.body) > LONGEST_SHOWN else ""


def check_texts() -> list[str]:
    """What is wrong with the shipped texts, as `file:line: what`; empty when all is well."""
    found = [problem for language in LANGUAGES for problem in _check_language(language)]
    source = files("services.notifier").joinpath("routing.toml").read_text("utf-8")
    return found or [problem for route in routing().routes for problem in check_route(route, source)]


def _check_language(language: str) -> Iterator[str]:
    chinese: dict[str, Text] = {}
    if language != "zh":
        for _, source in text_files("zh"):
            chinese |= read_texts(tomllib.loads(source))
    for where, source in text_files(language):
        yield from check_file(where, source, chinese)


def check_file(where: str, source: str, chinese: Mapping[str, Text]) -> Iterator[str]:
    """The problems of one file of texts."""
    try:
        texts = read_texts(tomllib.loads(source), chinese)
    except tomllib.TOMLDecodeError as error:
        yield f"{where}: {toml_fault(error)}"
        return
    except KeyError as error:
        yield f"{where}: 缺少 {error.args[0]}"
        return
    for name, text in texts.items():
        wrong = text.problems()
        yield from (
            f"{where}:{line_of(source, name, key) + at - 1}: {name}：{said}" for key, at, said in wrong
        )
        shown = None if wrong else _shown("", text, sample_facts(name, text.variables))
        here = f"{where}:{line_of(source, name, 'title')}: {name}"
        if shown and (shown.problem or not shown.title or not shown.body):
            yield f"{here}：{shown.problem or '以样例数据填写后为空'}"
        if chinese and name not in chinese:
            yield f"{here}：没有同名的中文文字"


def check_route(route: Route, source: str) -> Iterator[str]:
    """What a kind of message lacks for the channels it is sent on."""
    line = _line_matching(source, f'event = "{re.escape(route.event)}"')
    where = f"{ROUTING}:{line}: {route.event}"
    for language, title in LANGUAGES.items():
        if route.event not in all_texts(language) and _pattern_of(route.event, language) is None:
            yield f"{where}：没有{title}文字"
    if "sms" in route.channels and f"{SMS}{route.event}" not in all_texts():
        yield f"{where}：没有短信事项名称"


def _pattern_of(event: str, language: str) -> str | None:
    return next((name for name in all_texts(language) if fnmatchcase(event, name)), None)


def line_of(source: str, name: str, key: str) -> int:
    """The line on which a text's title or body begins."""
    lines = source.splitlines()
    start = next((at for at, line in enumerate(lines) if line.strip() in (f'["{name}"]', f"[{name}]")), 0)
    for number, line in enumerate(lines[start:], start + 1):
        if re.match(rf"{key}\s*=", line):
            return number + (1 if line.rstrip().endswith(('"""', "'''")) else 0)
    return start + 1


def _line_matching(source: str, pattern: str) -> int:
    matching = (number for number, line in enumerate(source.splitlines(), 1) if re.search(pattern, line))
    return next(matching, 1)
