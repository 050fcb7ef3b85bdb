"""Texts of the messages (消息文字): one TOML file per family of events, rendered in a sandbox.

A text may use only the variables its file allows; anything else fails when the texts are loaded.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import StrictUndefined, Template, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notifier.domain import one_line

_PLAIN = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_HTML = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)


class BadTemplate(Exception):
    """A text uses a variable that its family does not allow."""


@dataclass(frozen=True)
class Text:
    title: Template
    body: Template
    variables: frozenset[str]


@dataclass(frozen=True)
class Rendered:
    title: str
    body: str


def render(event_type: str, facts: Mapping[str, str]) -> Rendered:
    """Title (one line) and body of a message; facts that the text does not allow are not even passed."""
    text = text_for(event_type)
    allowed = {name: facts.get(name, "") for name in text.variables}
    body = text.body.render(allowed).strip()
    return Rendered(one_line(text.title.render(allowed)), body)


def render_mail(title: str, body: str, link: str, footer: str) -> str:
    """The HTML part of a mail; every value is escaped."""
    source = files(__package__).joinpath("mail.html").read_text("utf-8")
    return _HTML.from_string(source).render(title=title, body=body, link=link, footer=footer)


def text_for(event_type: str) -> Text:
    """The text of an event type, by exact name or by pattern; KeyError where there is none."""
    texts = all_texts()
    if event_type in texts:
        return texts[event_type]
    matching = [name for name in texts if fnmatchcase(event_type, name)]
    if not matching:
        raise KeyError(event_type)
    return texts[max(matching, key=len)]


@cache
def all_texts() -> dict[str, Text]:
    """Every text shipped with the service, by event type or pattern."""
    texts: dict[str, Text] = {}
    for entry in sorted(files(__package__).iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            texts.update(compile_texts(tomllib.loads(entry.read_text("utf-8"))))
    return texts


def compile_texts(raw: Mapping[str, Any]) -> dict[str, Text]:
    """Texts of one family, each checked against the variables the family allows."""
    variables = frozenset(raw["variables"])
    return {
        name: Text(
            _checked(text["title"], variables, name), _checked(text["body"], variables, name), variables
        )
        for name, text in raw.items()
        if isinstance(text, dict)
    }


def _checked(source: str, variables: frozenset[str], name: str) -> Template:
    unknown = meta.find_undeclared_variables(_PLAIN.parse(source)) - variables
    if unknown:
        raise BadTemplate(f"{name} uses {', '.join(sorted(unknown))}")
    return _PLAIN.from_string(source)
