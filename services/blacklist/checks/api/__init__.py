"""Batch checks by file, tender projects and their sheets over HTTP."""

from apiflask import APIBlueprint

from services.blacklist.checks.api import jobs, projects
from services.blacklist.store import Deps


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("checks", __name__, url_prefix="/api/v1", tag="批量核查与招标项目")
    jobs.add_routes(made, deps)
    projects.add_routes(made, deps)
    return made
