"""The register as FollowTheMoney entities (yente, OpenSanctions and their like load it as a dataset)."""

import json
import tempfile

from apiflask import APIBlueprint
from flask import Response, send_file

from services.blacklist.register.queries import organisations_in_force
from services.blacklist.snapshots.queries import refuse_while_blocked
from services.blacklist.store import Deps
from services.blacklist.syndication.domain.entities import entities_of
from shared.web.access import access, public
from shared.web.openapi import produces
from shared.web.place import origin
from shared.web.problem import problems


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/data/entities.ftm.json")
    @access(public())
    @produces("application/x-ndjson")
    @problems(503)
    @bp.doc(summary="公示中的法人和非法人组织，按 FollowTheMoney 模型，每行一个实体")
    def data_entities() -> Response:
        refuse_while_blocked(deps.data_dir)
        home = origin()
        file = tempfile.TemporaryFile()  # noqa: SIM115  send_file closes it
        with deps.db.read() as session:
            for view in organisations_in_force(session, deps.clock.today()):
                for entity in entities_of(view, home):
                    file.write(json.dumps(entity, ensure_ascii=False).encode() + b"\n")
        file.seek(0)
        answer = send_file(file, "application/x-ndjson", download_name="entities.ftm.json", etag=False)
        answer.headers["Cache-Control"] = "no-cache"
        return answer
