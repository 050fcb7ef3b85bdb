"""How the caller's department numbers its letters."""

from typing import Any

from apiflask import APIBlueprint

from services.blacklist.letters import schemas, usecases
from services.blacklist.letters.domain.templates import series_kinds
from services.blacklist.letters.usecases.numbering import pattern_of
from services.blacklist.store import Deps
from shared.web.access import access, principal, roles


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/letter-series")
    @access(roles("clerk", "reviewer", "decider"))
    @bp.output(schemas.SeriesList)
    @bp.doc(summary="本部门各类文书的文号格式")
    def list_series() -> dict[str, Any]:
        with deps.db.read() as session:
            office = principal().department_id
            items = [
                {"kind": kind, "name": name, "pattern": pattern_of(session, office, kind)}
                for kind, (name, _) in series_kinds().items()
            ]
        return {"items": items, "next": None}

    @bp.put("/letter-series/<kind>")
    @access(roles("decider"))
    @bp.input(schemas.SeriesIn)
    @bp.output(schemas.SeriesOut)
    @bp.doc(summary="设定本部门一类文书的文号格式")
    def put_series(kind: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            row = usecases.set_series(
                session, kind, json_data["pattern"], actor=principal(), at=deps.clock.now()
            )
            return {"kind": kind, "name": series_kinds()[kind][0], "pattern": row.pattern}
