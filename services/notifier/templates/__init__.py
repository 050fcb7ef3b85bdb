"""Texts of the messages (消息文字): one TOML file per family of events and language, rendered in a sandbox.

A text may use only the variables its family allows; anything else fails when the texts are loaded. A site's
own texts (`queries.texts`) come before the shipped ones.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Template

from services.notifier.domain import one_line
from services.notifier.templates.sandbox import HTML, LONGEST_TITLE, compiled, problems
from shared.logs import get_log
from shared.metrics import counter

LANGUAGES = {"zh": "中文", "en": "English"}
SMS = "sms."  # before the name of a kind of message: its words in a text message
NO_TEXTS: Mapping[str, "Text"] = {}
log = get_log(__name__)
unusable = counter(
    "notifier_own_texts_unusable", "Messages in the shipped text for a fault of the site's", ["text"]
)


class BadTemplate(Exception):
    """A text uses a variable or a construct that is not allowed."""


@dataclass(frozen=True)
class Text:
    """The words for one kind of message in one language, as written."""

    title_source: str
    body_source: str
    variables: frozenset[str]
    longest_title: int = LONGEST_TITLE

    def worded(self, title: str, body: str) -> "Text":
        """Other words for the same kind of message."""
        return replace(self, title_source=title, body_source=body)

    @property
    def title(self) -> Template:
        return compiled(self.title_source)

    @property
    def body(self) -> Template:
        return compiled(self.body_source)

    def problems(self) -> list[tuple[str, int, str]]:
        """(field, line, what is wrong), empty where the text can be used."""
        titles = problems(self.title_source, self.variables, self.longest_title)
        bodies = problems(self.body_source, self.variables)
        found = [("title", each.line, each.message) for each in titles]
        found += [("body", each.line, each.message) for each in bodies]
        return found or list(self._unfillable())

    def _unfillable(self) -> Iterator[tuple[str, int, str]]:
        """As `problems`: what shows only once it is filled, with nothing and with something everywhere."""
        for facts in ({}, {name: f"〔{name}〕" for name in self.variables}):
            try:
                self.filled(facts)
            except Exception as error:  # noqa: BLE001  whatever was written, it is told and not raised
                yield "body", 1, f"无法填写（{type(error).__name__}）"

    def filled(self, facts: Mapping[str, str]) -> "Rendered":
        """With the facts in their places; facts that the text does not allow are not even passed."""
        allowed = {name: facts.get(name, "") for name in self.variables}
        title = one_line(self.title.render(allowed))
        return Rendered(title, self.body.render(allowed).strip())


@dataclass(frozen=True)
class Rendered:
    title: str
    body: str


def render(
    event_type: str, facts: Mapping[str, str], own: Mapping[str, Text] = NO_TEXTS, language: str = "zh"
) -> Rendered:
    """Title (one line) and body of a message; `own` are the site's texts, by name of the text."""
    name = text_name(event_type)
    shipped = all_texts(language).get(name) or all_texts()[name]
    if name in own:
        try:
            return own[name].filled(facts)
        except Exception as error:  # noqa: BLE001  whatever a site wrote, its message goes out
            unusable.labels(name).inc()
            log.warning("own text cannot be used", text=name, error=type(error).__name__)
    return shipped.filled(facts)


def sms_kind(event_type: str, own: Mapping[str, Text] = NO_TEXTS) -> str:
    """What a text message calls this kind of message; empty where there are no words for it."""
    name = f"{SMS}{event_type}"
    return render(name, {}, own).title if name in all_texts() else ""


def render_mail(title: str, body: str, link: str, footer: str) -> str:
    """The HTML part of a mail; every value is escaped."""
    source = files(__package__).joinpath("mail.html").read_text("utf-8")
    return HTML.from_string(source).render(title=title, body=body, link=link, footer=footer)


@lru_cache(maxsize=1000)
def text_name(event_type: str) -> str:
    """The name of an event type's text: its own, or the longest pattern; KeyError where there is none."""
    texts = all_texts()
    if event_type in texts:
        return event_type
    matching = [name for name in texts if fnmatchcase(event_type, name)]
    if not matching:
        raise KeyError(event_type)
    return max(matching, key=len)


@cache
def all_texts(language: str = "zh") -> dict[str, Text]:
    """Every text shipped with the service, by event type or pattern."""
    texts: dict[str, Text] = {}
    for _, source in text_files(language):
        texts.update(compile_texts(tomllib.loads(source), {} if language == "zh" else all_texts()))
    return texts


def text_files(language: str) -> Iterator[tuple[str, str]]:
    """(file, content) of what is shipped in a language."""
    folder = files(__package__) if language == "zh" else files(__package__).joinpath(language)
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.name.endswith(".toml"):
            where = entry.name if language == "zh" else f"{language}/{entry.name}"
            yield f"services/notifier/templates/{where}", entry.read_text("utf-8")


def compile_texts(raw: Mapping[str, Any], chinese: Mapping[str, Text] = NO_TEXTS) -> dict[str, Text]:
    """Texts of one file, each checked; another language allows what the Chinese text of that name does."""
    texts = read_texts(raw, chinese)
    for name, text in texts.items():
        if wrong := text.problems():
            raise BadTemplate("；".join(f"{name} {field} {line}：{said}" for field, line, said in wrong))
    return texts


def read_texts(raw: Mapping[str, Any], chinese: Mapping[str, Text] = NO_TEXTS) -> dict[str, Text]:
    """Texts of one file as they stand, unchecked."""
    shared, longest = frozenset(raw.get("variables", ())), int(raw.get("longest_title", LONGEST_TITLE))
    known = {name: text.variables for name, text in chinese.items()}
    return {
        name: Text(text["title"], text["body"].strip("\n"), known.get(name, shared), longest)
        for name, text in raw.items()
        if isinstance(text, dict)
    }
