"""Feeds, site maps and the description of the files over HTTP: public, kept by nobody without asking."""

from functools import partial

from apiflask import APIBlueprint

from services.blacklist.register.api.freshness import revalidated
from services.blacklist.store import Deps
from services.blacklist.syndication.api import data_users, feeds, files, sitemaps


def blueprint(deps: Deps, *, users: bool = True) -> APIBlueprint:
    """`users` are registered only where rows can be written; how they stand is read anywhere."""
    made = APIBlueprint("syndication", __name__, tag="订阅与数据文件")
    feeds.add_routes(made, deps)
    sitemaps.add_routes(made, deps)
    files.add_routes(made, deps)
    data_users.add_board(made, deps)
    if users:
        data_users.add_routes(made, deps)
    made.after_request(partial(revalidated, deps))
    return made
