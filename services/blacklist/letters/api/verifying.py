"""Anyone: is this letter genuine, and is this file the letter."""

import hashlib
from typing import Any

from apiflask import APIBlueprint

from services.blacklist.letters import queries, schemas
from services.blacklist.letters.api.common import MOST_BYTES
from services.blacklist.store import Deps
from shared.web.access import access, public
from shared.web.body import upload_limit


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/verify/letters/<code>")
    @access(public())
    @bp.output(schemas.VerificationOut)
    @bp.doc(summary="按核验码核验文书")
    def verify_letter(code: str) -> dict[str, Any]:
        with deps.db.read() as session:
            return queries.verification(session, code, deps.clock.today())

    @bp.post("/verify/letters/<code>")
    @access(public())
    @upload_limit(MOST_BYTES)
    @bp.input(schemas.DigestIn, location="files")
    @bp.output(schemas.VerificationOut)
    @bp.doc(summary="核对文件与制发的文书是否一致；文件不保存")
    def verify_letter_file(code: str, files_data: dict[str, Any]) -> dict[str, Any]:
        digest = hashlib.file_digest(files_data["file"].stream, "sha256").hexdigest()
        with deps.db.read() as session:
            return queries.verification(session, code, deps.clock.today(), digest)
