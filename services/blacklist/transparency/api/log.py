"""C2SP tlog-tiles under /api/v1/log, proofs by number, keys, and the door for witnesses."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.register.api.listings import unsearched
from services.blacklist.register.queries import public_listing
from services.blacklist.store import Deps
from services.blacklist.transparency import schemas
from services.blacklist.transparency.queries import proofs, store
from services.blacklist.transparency.queries.keys import certificate_keys, log_keys, witnesses
from services.blacklist.transparency.usecases.witnessing import take_cosignatures
from shared.errors import NotFound
from shared.tlog.tiles import WIDTH, bundle, parse_tile
from shared.web.access import access, public
from shared.web.openapi import produces
from shared.web.problem import problems

FOR_EVER = "public, max-age=31536000, immutable"
HIGHEST_LEVEL = 7
LARGEST_NUMBER = 2**48


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_checkpoints(bp, deps)
    _add_tiles(bp, deps)
    _add_proofs(bp, deps)
    _add_keys(bp, deps)
    _add_cosignatures(bp, deps)


def _add_checkpoints(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/log/checkpoint")
    @access(public())
    @problems(503)
    @produces("text/plain")
    @bp.doc(summary="最新的检查点")
    def log_checkpoint() -> Response:
        with deps.db.read() as session:
            return _note(store.signed_note(session, store.latest_checkpoint(session)))

    @bp.get("/log/checkpoint/witnessed")
    @access(public())
    @problems(404)
    @produces("text/plain")
    @bp.doc(summary="最新的、有见证方签名的检查点")
    def log_witnessed() -> Response:
        with deps.db.read() as session:
            return _note(store.signed_note(session, store.witnessed_checkpoint(session)))


def _note(text: str) -> Response:
    answer = Response(text, mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-cache"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _add_tiles(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/log/tile/<int:level>/<path:place>")
    @access(public())
    @problems(503)
    @produces("application/octet-stream")
    @bp.doc(summary="哈希块（tlog-tiles）")
    def log_tile(level: int, place: str) -> Response:
        number, width = _place(place)
        if level > HIGHEST_LEVEL:
            raise _no_tile()
        with deps.db.read() as session:
            size = store.latest_checkpoint(session).size
            return _file(store.tile(session, level, number, width, size))

    @bp.get("/log/tile/entries/<path:place>")
    @access(public())
    @problems(503)
    @produces("application/octet-stream")
    @bp.doc(summary="条目块：每条为两字节长度和条目（种类一字节，承诺三十二字节）")
    def log_entries(place: str) -> Response:
        number, width = _place(place)
        with deps.db.read() as session:
            size = store.latest_checkpoint(session).size
            return _file(bundle(store.entries(session, number, width, size)))


def _place(path: str) -> tuple[int, int]:
    try:
        number, width = parse_tile(path) if len(path) < 100 else (LARGEST_NUMBER, WIDTH)
    except ValueError as error:
        raise _no_tile() from error
    if number >= LARGEST_NUMBER:
        raise _no_tile()
    return number, width


def _no_tile() -> NotFound:
    return NotFound("log-tile-unknown", "日志没有这一块", "请先读取检查点，按其中的大小取块。")


def _file(content: bytes) -> Response:
    answer = Response(content, mimetype="application/octet-stream")
    answer.headers["Cache-Control"] = FOR_EVER
    return answer


def _add_proofs(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/log/proof/inclusion")
    @access(public())
    @problems(503)
    @bp.input(schemas.InclusionQuery, location="query")
    @bp.output(schemas.InclusionOut)
    @bp.doc(summary="一个位置在日志中的证明")
    def log_inclusion(query_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.read() as session:
            return proofs.inclusion(session, query_data["index"], query_data["size"])

    @bp.get("/log/proof/consistency")
    @access(public())
    @problems(503)
    @bp.input(schemas.ConsistencyQuery, location="query")
    @bp.output(schemas.ConsistencyOut)
    @bp.doc(summary="日志只增不改的证明")
    def log_consistency(query_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.read() as session:
            return proofs.consistency(session, query_data["old"], query_data["new"])

    @bp.get("/register/<listing_id>/proof")
    @access(public())
    @problems(503)
    @bp.output(schemas.ListingProofOut)
    @bp.doc(summary="一条公示信息各版本的承诺和证明")
    def listing_proof(listing_id: str) -> Any:
        with deps.db.read() as session:
            found = proofs.listing_proof(session, listing_id, deps.clock.today())
            headers = unsearched(public_listing(session, listing_id, deps.clock.today()))
        return found, {"Cache-Control": "no-cache"} | headers


def _add_keys(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/log/keys")
    @access(public())
    @problems(503)
    @bp.output(schemas.KeysOut)
    @bp.doc(summary="日志、证明和见证方的公钥")
    def list_log_keys() -> dict[str, Any]:
        with deps.db.read() as session:
            origin = store.origin_of(store.latest_checkpoint(session))
            known = [each.key for each in witnesses(session)]
        keys = certificate_keys(deps.keyring)
        own = [str(key) for key in log_keys(deps.keyring, origin)]
        return {"origin": origin, "log": own, "witnesses": known, "certificates": keys}


def _add_cosignatures(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/log/cosignatures")
    @access(public())
    @problems(404)
    @bp.input(schemas.CosignedIn)
    @bp.output(schemas.TakenOut)
    @bp.doc(summary="见证方提交带有自己签名的检查点")
    def add_cosignatures(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            return {"taken": take_cosignatures(session, json_data["note"], deps.clock.system_now())}
