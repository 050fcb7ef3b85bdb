"""The files over HTTP. A listing that is public no more is in no answer from its removal's commit on.

A file with nothing to leave out is sent as it lies, with checksum and ranges; else line by line without
what has gone, until the next generation is written moments later (docs/decisions/0009-snapshots.md).
"""

import json
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.register.api.downloads import LICENCE, whole_file
from services.blacklist.snapshots.catalog import catalogue
from services.blacklist.snapshots.domain import (
    BLOCKED,
    FOLDER,
    Manifest,
    StoredFile,
    read_manifest,
    shown_lines,
)
from services.blacklist.snapshots.queries import BLOCKED_FOR, changed_again, export_blocked, gone_since
from services.blacklist.snapshots.tables import MOST_LINES, forms_of, table_asked, table_of
from services.blacklist.store import Deps
from shared.errors import Invalid, NotFound, Unavailable
from shared.web.access import access, public
from shared.web.openapi import produces
from shared.web.place import origin
from shared.web.problem import problems

PATH, CATALOGUE = "/api/v1/register/snapshot", "/data/catalog.jsonld"
TYPES = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "delta": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SCHEMA = {False: "/download.schema.json", True: "/download.schema.json#/$defs/delta"}
LIVE = "有信息刚刚移出或者更正。请稍后再试，或者用 /api/v1/register/download.xlsx，它在下载时生成。"
WHILE_BLOCKED = (
    "发现有公示信息不见，正在核对，电子表格暂不提供。"
    "请用目录 index.json 中的 NDJSON 或者 CSV 文件，或者稍后再试。"
)
TITLE = "公共资源配置领域信用公示信息（法人和非法人组织）"


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("snapshots", __name__, tag="数据文件")
    _add_index(made, deps)
    _add_catalogue(made, deps)
    _add_files(made, deps)
    return made


def _add_index(made: APIBlueprint, deps: Deps) -> None:
    @made.get(f"{PATH}/index.json")
    @access(public())
    @produces("application/json")
    @problems(503)
    @made.doc(summary="快照和增量文件目录")
    def snapshot_index() -> Response:
        return _document(index(deps, f"{origin()}{PATH}"), "application/json")


def _add_catalogue(made: APIBlueprint, deps: Deps) -> None:
    @made.get(CATALOGUE)
    @access(public())
    @produces("application/ld+json")
    @problems(503)
    @made.doc(summary="数据文件目录，按DCAT（JSON-LD），供数据平台收录")
    def data_catalogue() -> Response:
        said = index(deps, f"{origin()}{PATH}")
        return _document(catalogue(said, said["catalogue"]), "application/ld+json")


def _add_files(made: APIBlueprint, deps: Deps) -> None:
    @made.get(f"{PATH}/<name>")
    @access(public())
    @produces(*sorted(set(TYPES.values())))
    @problems(503)
    @made.doc(summary="快照或增量文件")
    def snapshot_file(name: str) -> Response:
        manifest = manifest_of(deps)
        plain, form = table_asked(name)
        stored = manifest.named(plain)
        if stored is None:
            raise NotFound(
                "not-found", "没有这个数据文件", "文件可能已由新的快照取代，请重新读取 index.json。"
            )
        return _sent(deps, stored, _omitted(deps, manifest), form)


def manifest_of(deps: Deps) -> Manifest:
    found = read_manifest(deps.data_dir / FOLDER)
    if found is None:
        raise Unavailable("unavailable", "数据文件正在生成", "请稍后再试。", retry_after=5)
    return found


def index(deps: Deps, base: str) -> dict[str, Any]:
    """What is offered now; a file from which something is left out at the moment has no checksum."""
    manifest = manifest_of(deps)
    whole = not any(_omitted(deps, manifest))
    return {
        "title": TITLE,
        "generation": manifest.generation,
        "built_at": manifest.built_at,
        "position": manifest.position,
        "rows": manifest.rows,
        "licence": LICENCE,
        "schema": base.replace("/snapshot", _SCHEMA[False]),
        "catalogue": f"{base.removesuffix(PATH)}{CATALOGUE}",
        "changes": f"{base.replace('/snapshot', '/changes')}?after={manifest.position}",
        "blocked": (deps.data_dir / FOLDER / BLOCKED).exists(),
        "files": [_offered(each, base, whole=whole) for each in manifest.files],
        "deltas": [_offered(each, base, whole=whole) for each in manifest.deltas],
    }


def _offered(stored: StoredFile, base: str, *, whole: bool) -> dict[str, Any]:
    return {
        "name": stored.name,
        "url": f"{base}/{stored.name}",
        "form": stored.form,
        "media_type": TYPES[stored.form],
        "schema": base.replace("/snapshot", _SCHEMA[stored.form == "delta"]),
        "licence": LICENCE,
        "lines": stored.lines,
        "position": stored.position,
        "bytes": stored.bytes if whole else None,
        "sha256": stored.sha256 if whole else None,
        "tables": _tables(f"{base}/{stored.name}", stored.lines) if stored.form == "delta" else [],
    }


def _tables(url: str, lines: int) -> list[dict[str, str]]:
    """The same delta for spreadsheets, made when asked for: the checksum is in the answer's headers."""
    forms = forms_of(lines)
    return [{"form": form, "url": f"{url}.{form}", "media_type": kind} for form, kind in forms.items()]


class Omitted(NamedTuple):
    """Listings left out of what is sent: public no more, or saying something else since."""

    gone: set[str]
    changed: set[str]


def _omitted(deps: Deps, manifest: Manifest) -> Omitted:
    day = date.fromisoformat(manifest.day)
    with deps.db.read() as session:
        gone = gone_since(session, manifest.position, day, deps.clock.today())
        changed = changed_again(session, manifest.position)
    return Omitted(gone | _lost(deps.data_dir / FOLDER / BLOCKED), changed)


def _lost(path: Path) -> set[str]:
    """What vanished without a removal is not given out either while it is being looked into."""
    try:
        return set(json.loads(path.read_text("utf-8"))["listings"])
    except FileNotFoundError:
        return set()


def _document(content: dict[str, Any], media_type: str) -> Response:
    response = Response(json.dumps(content, ensure_ascii=False), mimetype=media_type)
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _sent(deps: Deps, stored: StoredFile, left_out: Omitted, form: str) -> Response:
    path = deps.data_dir / FOLDER / stored.name
    try:
        changing = path.stat().st_size != stored.bytes  # between a delta's rewriting and its manifest
        whole = not any(left_out) and not changing
        if stored.form == "xlsx" and not whole:
            raise _withheld(deps)
        if form:
            response = _table(path, stored, left_out, form)
        else:
            response = _whole(path, stored) if whole else _filtered(path, stored, left_out)
    except FileNotFoundError as error:
        raise Unavailable(
            "unavailable", "数据文件正在更换", "请重新读取 index.json。", retry_after=1
        ) from error
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Link"] = f'<{LICENCE}>; rel="license"'
    return response


def _withheld(deps: Deps) -> Unavailable:
    """While the export is blocked the live spreadsheet is refused too, so nobody is sent there."""
    if export_blocked(deps.data_dir):
        return Unavailable("unavailable", "电子表格暂停提供", WHILE_BLOCKED, retry_after=BLOCKED_FOR)
    return Unavailable("unavailable", "电子表格正在更新", LIVE, retry_after=60)


def _whole(path: Path, stored: StoredFile) -> Response:
    digest = bytes.fromhex(stored.sha256)
    return whole_file(path.open("rb"), TYPES[stored.form], stored.name, digest, stored.bytes)


def _table(path: Path, stored: StoredFile, left_out: Omitted, form: str) -> Response:
    if form not in forms_of(stored.lines):
        raise Invalid(
            "delta-too-long",
            "增量文件过长，不提供电子表格",
            f"超过{MOST_LINES}行。请下载 {stored.name}（NDJSON）或者 {stored.name}.csv。",
        )
    with path.open("rb") as file:
        return table_of(shown_lines(file, stored.form, *left_out), stored.name, form)


def _filtered(path: Path, stored: StoredFile, left_out: Omitted) -> Response:
    file = path.open("rb")
    response = Response(shown_lines(file, stored.form, *left_out), mimetype=TYPES[stored.form])
    response.call_on_close(file.close)
    tag = sha256("\n".join([stored.sha256, *sorted(left_out.gone | left_out.changed)]).encode()).hexdigest()
    response.set_etag(tag, weak=True)
    response.make_conditional(request)
    return response
