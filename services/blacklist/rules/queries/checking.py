"""Checking the rule files: every fault with file, line and field, for whoever edits the law."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.blacklist.rules.domain import ATTACHMENT_KINDS, LIST_CLASSES, PROCEDURES, SEVERITIES
from services.blacklist.rules.queries.shapes import (
    ANY,
    CATALOGUE,
    DATA,
    DOMAIN,
    DUTY,
    EXCEPTION,
    GROUP,
    KINDS,
    LIST,
    MEASURE,
    MINORS,
    REGIMES,
    Fault,
    Problem,
    walk,
)
from shared.regions import NATION, is_known
from shared.toml_text import toml_fault

FILES = ("organs", "domains", "regimes", "measures", "duties", "exceptions", "minors")
ELSEWHERE: dict[str, tuple[str, ...]] = {
    "cases/data/figures.toml": ("*",),
    "cases/data/service.toml": ("*",),
    "rules/data/legal_review.toml": ("*",),
    "rules/data/unrepairable.toml": ("*",),
    "openness/data/terms.toml": ("*",),
    "disclosure/data/answers.toml": ("procedure",),
    "supervision/data/annual.toml": (),
    "supervision/data/assessment.toml": (),
}
"""Rules kept beside what uses them: the tables (none: the file itself) that say where they come from."""
_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\"-]+)\s*\]\]?")
_KEY = re.compile(r"^\s*\"?([A-Za-z0-9_-]+)\"?\s*=")


def check_catalogue(folder: Path = DATA) -> list[Problem]:
    """Everything wrong with the rule files; an empty list means they are fit for use."""
    known = _Known(folder)
    found = [problem for path in rule_files(folder) for problem in _check_file(path, folder, known)]
    return found + (check_elsewhere() if folder == DATA else [])


def check_elsewhere(root: Path = DATA.parents[1]) -> list[Problem]:
    """What lacks its source, dates of force or status among the rules kept beside what uses them."""
    known = _Known(DATA)
    return [problem for name in ELSEWHERE for problem in _check_file(root / name, root, known)]


def check_additions(folder: Path) -> list[Problem]:
    """Everything wrong with a folder of further law: any of the files, referring to shipped codes."""
    known = _Known(DATA, folder)
    files = [
        *(folder / f"{name}.toml" for name in ("regimes", "measures", "duties")),
        *sorted((folder / "lists").glob("*.toml")),
    ]
    return [
        problem
        for path in files
        if path.is_file()
        for problem in _check_file(path, folder, known, added=True)
    ]


def rule_files(folder: Path = DATA) -> list[Path]:
    return [
        *(folder / f"{name}.toml" for name in FILES),
        *sorted((folder / "lists").glob("*.toml")),
    ]


def _check_file(path: Path, folder: Path, known: "_Known", *, added: bool = False) -> Iterator[Problem]:
    name = str(path.relative_to(folder))
    if not path.is_file():
        yield Problem(name, 1, "", "缺少这个文件")
        return
    text = path.read_text("utf-8")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        yield Problem(name, _line_of_error(str(error)), "", toml_fault(error))
        return
    if name in ELSEWHERE:
        faults = walk(content, _sourced(content, ELSEWHERE[name]))
    elif path.parent.name == "lists":
        faults = _list_faults(content, path.stem, known)
    else:
        faults = _faults(content, path.stem, known, added=added)
    for where, message in faults:
        yield Problem(name, line_of(text, where), ".".join(str(each) for each in where), message)


class _Known:
    """Codes other files may refer to, read leniently: their own faults are reported where they are."""

    def __init__(self, folder: Path, added: Path | None = None) -> None:
        listed = [_lenient(each / "measures.toml") for each in (folder, added) if each]
        self.measures = {each.get("code") for one in listed for each in _tables(one, "measure")}
        editions = [each for one in listed for each in _tables(one, "catalogue")]
        self.carried = {code for each in editions for code in each.get("measures") or ()}
        self.organs = set(_lenient(folder / "organs.toml").get("organs", {})) | {"*"}
        domains = _lenient(folder / "domains.toml").get("domain", [])
        self.domains = {each.get("code") for each in domains} | {"*"}


def _tables(content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = content.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _lenient(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return {}


def _faults(content: dict[str, Any], stem: str, known: _Known, *, added: bool) -> Iterator[Fault]:
    shape = _shape(stem, added=added)
    if shape is None:
        return
    shaped = list(walk(content, shape))
    yield from shaped
    if shaped:
        return
    if stem == "regimes":
        for kind in KINDS:
            yield from _period_faults(content.get(kind, []), (kind,))
    elif stem == "duties":
        for kind in dict.fromkeys(each["kind"] for each in content["duty"]):
            yield from _duty_faults(content["duty"], kind)
    elif stem in {"domains", "measures"}:
        yield from _catalogue_faults(content, stem.removesuffix("s"), known)


def _sourced(content: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Source, dates of force and status of the tables named, of all ("*"), or of the file itself."""
    if not names:
        return GROUP
    chosen = (
        [each for each in content if isinstance(content[each], dict | list)] if names == ("*",) else names
    )
    return {each: [GROUP] if isinstance(content.get(each), list) else GROUP for each in chosen} | {
        ANY: object
    }


def _shape(stem: str, *, added: bool) -> dict[str, Any] | None:
    """What the file must look like; an added one may leave out what it does not touch."""
    measures = {
        "catalogue?" if added else "catalogue": CATALOGUE,
        "measure?" if added else "measure": [MEASURE],
    }
    return {
        "domains": {"domain": [DOMAIN]},
        "measures": measures,
        "regimes": {f"{kind}?": shape for kind, shape in REGIMES.items()} if added else REGIMES,
        "duties": {"duty": [DUTY]},
        "exceptions": {"exception": [EXCEPTION]},
        "minors": MINORS,
    }.get(stem)


def _catalogue_faults(content: dict[str, Any], key: str, known: _Known) -> Iterator[Fault]:
    """Editions follow one another and carry known measures; no measure is left out of every edition."""
    yield from _period_faults(content.get("catalogue", []), ("catalogue",))
    for index, each in enumerate(content.get("catalogue", ())):
        yield from _reference_faults(each, ("catalogue", index), known)
    for index, each in enumerate(content.get(key, ())):
        yield from _reference_faults(each, (key, index), known)
        if key == "measure" and each["code"] not in known.carried:
            yield (key, index, "code"), f"没有一版清单（catalogue）列有这项措施：{each['code']}"


def _duty_faults(duties: list[dict[str, Any]], kind: str) -> Iterator[Fault]:
    """The versions of one kind, by their places in the file."""
    places = [index for index, each in enumerate(duties) if each["kind"] == kind]
    for (_, index, *rest), message in _period_faults([duties[each] for each in places], ("duty",)):
        yield ("duty", places[int(index)], *rest), message


def _list_faults(content: dict[str, Any], stem: str, known: _Known) -> Iterator[Fault]:
    shaped = list(walk(content, LIST))
    yield from shaped
    if shaped:
        return
    for field, allowed in (("class", LIST_CLASSES), ("procedure", PROCEDURES)):
        if content[field] not in allowed:
            yield (field,), f"只能是 {'、'.join(allowed)}"
    if content["code"] != stem:
        yield ("code",), f"应与文件名一致：{stem}"
    yield from _period_faults(content["version"], ("version",))
    for index, version in enumerate(content["version"]):
        yield from _reference_faults(version, ("version", index), known)
        yield from _severity_faults(version, ("version", index))
        for place, each in enumerate(version.get("expiry", ())):
            yield from _reference_faults(each, ("version", index, "expiry", place), known)
        yield from _basis_faults(version["basis"], ("version", index, "basis"))


def _reference_faults(entry: dict[str, Any], where: tuple[str | int, ...], known: _Known) -> Iterator[Fault]:
    fields = (
        ("organs", known.organs),
        ("deciding_organs", known.organs),
        ("filing_organs", known.organs),
        ("domains", known.domains),
        ("requires_documents", ATTACHMENT_KINDS),
        ("measures", known.measures),
    )
    for field, allowed in fields:
        unknown = [each for each in entry.get(field, ()) if each not in allowed]
        if unknown:
            yield (*where, field), f"没有这个代码：{'、'.join(unknown)}"


def _basis_faults(bases: list[dict[str, Any]], where: tuple[str | int, ...]) -> Iterator[Fault]:
    """A list stands on something, and each paper is in force for a region that exists."""
    if not bases:
        yield where, "至少要有一项依据"
    for index, each in enumerate(bases):
        if each["region"] != NATION and not is_known(each["region"]):
            yield (*where, index, "region"), f"没有这个行政区划代码：{each['region']}；全国为 {NATION}"


def _severity_faults(version: dict[str, Any], where: tuple[str | int, ...]) -> Iterator[Fault]:
    unknown = [each for each in version["severities"] if each not in SEVERITIES]
    if unknown:
        yield (*where, "severities"), f"没有这一档：{'、'.join(unknown)}"
    if version["default_severity"] not in version["severities"]:
        yield (*where, "default_severity"), "不在 severities 之列"
    for severity, allowed in version.get("severity", {}).items():
        if severity not in version["severities"]:
            yield (*where, "severity"), f"{severity} 不在 severities 之列"
        if allowed["min_months"] > allowed["max_months"]:
            yield (*where, "severity"), f"{severity} 的最短公示期长于最长公示期"


def _period_faults(versions: list[dict[str, Any]], where: tuple[str | int, ...]) -> Iterator[Fault]:
    """Dates of force follow one another without gap or overlap; only the last may be open."""
    for index, each in enumerate(versions):
        here = (*where, index)
        if "valid_to" in each and each["valid_to"] <= each["valid_from"]:
            yield (*here, "valid_to"), "失效日须晚于生效日"
        if index + 1 < len(versions) and each.get("valid_to") != versions[index + 1]["valid_from"]:
            yield (*here, "valid_to"), "须等于下一版本的生效日"


def line_of(text: str, where: tuple[str | int, ...]) -> int:
    """The line of a field, or of the nearest table around it; 1 if it cannot be told."""
    names, path, counts, best = _expected(where), "", dict[str, int](), 1
    for number, line in enumerate(text.splitlines(), 1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            path = _entered(header.group(2), header.group(1) == "[[", counts)
        here = f"{path}.{key.group(1)}".strip(".") if key else path if header else ""
        if here and here in names:
            best = number
            if here == names[-1]:
                return number
    return best


def _expected(where: tuple[str | int, ...]) -> list[str]:
    """Every prefix of the place, written as `_entered` writes it: "version#1", "version#1.basis#0.title"."""
    parts: list[str] = []
    for each in where:
        if isinstance(each, int) and parts:
            parts[-1] += f"#{each}"
        else:
            parts.append(str(each))
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def _entered(header: str, repeated: bool, counts: dict[str, int]) -> str:
    """The numbered path of a table header; entering a repeated table starts its inner tables anew."""
    path = ""
    names = header.replace('"', "").split(".")
    for depth, name in enumerate(names):
        path = f"{path}.{name}".strip(".")
        if repeated and depth == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path += f"#{counts[path]}"
    return path


def _line_of_error(message: str) -> int:
    found = re.search(r"line (\d+)", message)
    return int(found.group(1)) if found else 1
