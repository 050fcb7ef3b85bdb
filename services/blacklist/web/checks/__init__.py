"""Checking many: a pasted list, a file as a job, and tender projects with their sheet."""

from apiflask import APIBlueprint

from services.blacklist.store import Deps
from services.blacklist.web.checks import batch, projects


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    for part in (batch, projects):
        part.add_routes(made, deps)
