"""Stamped copies, electronic seals and proofs of service."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from sqlalchemy.orm import Session

from services.blacklist.letters import schemas, usecases
from services.blacklist.letters.api.common import MOST_BYTES, READ, WRITE
from services.blacklist.letters.queries.views import copy_view, service_view
from services.blacklist.letters.usecases.copies import E_SEAL
from services.blacklist.letters.usecases.seals import Ed25519Seal
from services.blacklist.letters.usecases.serving import Proof
from services.blacklist.store import Deps
from shared.errors import FieldError, Invalid
from shared.web.access import access, principal
from shared.web.body import upload_limit
from shared.web.files import file_answer
from shared.web.idempotency import Once
from shared.web.openapi import produces

ANY = "application/octet-stream"


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    _add_copies(bp, deps, once)
    _add_services(bp, deps, once)


def _add_copies(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.post("/letters/<letter_id>/sealed-copy")
    @access(WRITE)
    @upload_limit(MOST_BYTES)
    @bp.input(schemas.CopyIn, location="form_and_files")
    @bp.output(schemas.CopyOut, 201)
    @bp.doc(summary="上传盖章件，或者加盖电子签章")
    @once.write(schemas.CopyOut, 201)
    def create_sealed_copy(
        session: Session, letter_id: str, form_and_files_data: dict[str, Any]
    ) -> dict[str, Any]:
        file, who, at = form_and_files_data.get("file"), principal(), deps.clock.now()
        if form_and_files_data["kind"] == E_SEAL:
            seal = Ed25519Seal(deps.keyring)
            return copy_view(usecases.add_seal(session, deps, letter_id, seal, actor=who, at=at))
        if file is None:
            pointed = [FieldError("/file", "请选择盖章件的扫描件")]
            raise Invalid("validation-failed", "请选择文件", fields=pointed)
        name, content = file.filename or "", file.read()
        return copy_view(usecases.add_scan(session, deps, letter_id, name, content, actor=who, at=at))

    @bp.get("/letters/<letter_id>/sealed-copy/<copy_id>")
    @access(READ)
    @produces(ANY)
    @bp.doc(summary="下载盖章件")
    def get_sealed_copy(letter_id: str, copy_id: str) -> Response:
        row, content = usecases.read_copy(deps, letter_id, copy_id, principal())
        return file_answer(content, ANY, row.file_name)


def _add_services(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.post("/letters/<letter_id>/service")
    @access(WRITE)
    @upload_limit(MOST_BYTES)
    @bp.input(schemas.ServiceIn, location="form_and_files")
    @bp.output(schemas.ServiceList, 201)
    @bp.doc(summary="登记送达；对决定书登记的，修复告知书一并登记")
    @once.write(schemas.ServiceList, 201)
    def create_service(
        session: Session, letter_id: str, form_and_files_data: dict[str, Any]
    ) -> dict[str, Any]:
        file = form_and_files_data.pop("file", None)
        proof = Proof(file.filename or "", file.read()) if file is not None else None
        rows = usecases.record_service(
            session, deps, letter_id, form_and_files_data, proof, actor=principal(), at=deps.clock.now()
        )
        return {"items": [service_view(row) for row in rows], "next": None}

    @bp.get("/letters/<letter_id>/service/<service_id>/proof")
    @access(READ)
    @produces(ANY)
    @bp.doc(summary="下载送达凭证")
    def get_service_proof(letter_id: str, service_id: str) -> Response:
        row, content = usecases.read_proof(deps, letter_id, service_id, principal())
        return file_answer(content, ANY, row.proof_name or "proof")
