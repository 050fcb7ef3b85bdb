"""Feeds, site maps and the description of the files over HTTP: public, kept by nobody without asking."""

from functools import partial

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.register.api.freshness import cache_control
from services.blacklist.store import Deps
from services.blacklist.syndication.api import feeds, files, sitemaps


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("syndication", __name__, tag="订阅与数据文件")
    feeds.add_routes(made, deps)
    sitemaps.add_routes(made, deps)
    files.add_routes(made, deps)
    made.after_request(partial(_revalidated, deps))
    return made


def _revalidated(deps: Deps, response: Response) -> Response:
    if response.status_code == 200 and not response.is_streamed:
        response.headers["Cache-Control"] = cache_control(deps)
        response.add_etag()
        response.make_conditional(request)
    return response
