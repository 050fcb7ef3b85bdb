"""For search engines: which pages there are and when they changed. Persons' pages are in none of them."""

from apiflask import APIBlueprint
from flask import Response

from services.blacklist.store import Deps
from services.blacklist.syndication.domain.feeds import write_sitemap, write_sitemap_index
from services.blacklist.syndication.queries.addresses import map_pages, page_of
from shared.errors import NotFound
from shared.web.access import access, public
from shared.web.openapi import produces
from shared.web.place import origin

XML = "application/xml"
CLOSED = ("/persons", "/sign-in", "/desk", "/cases", "/push/", "/notices/", "/api/v1/check-jobs", "/checks/")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/sitemap.xml")
    @access(public())
    @produces(XML)
    @bp.doc(summary="站点地图索引")
    def sitemap_index() -> Response:
        with deps.db.read() as session:
            pages = map_pages(session, deps.clock.today())
        maps = [(f"{origin()}/sitemaps/{number}.xml", changed) for number, changed in pages]
        return Response(write_sitemap_index(maps), content_type=XML)

    @bp.get("/sitemaps/<int:number>.xml")
    @access(public())
    @produces(XML)
    @bp.doc(summary="站点地图的一页：公示中的法人和非法人组织")
    def sitemap_page(number: int) -> Response:
        with deps.db.read() as session:
            rows = page_of(session, deps.clock.today(), number) if number else []
        if not rows:
            raise NotFound("not-found", "站点地图没有这一页")
        listings = ((f"{origin()}/listings/{listing_id}", changed) for listing_id, changed in rows)
        return Response(write_sitemap(listings), content_type=XML)

    @bp.get("/robots.txt")
    @access(public())
    @produces("text/plain")
    @bp.doc(summary="搜索引擎可以收录的范围")
    def robots() -> Response:
        lines = [
            "User-agent: *",
            *(f"Disallow: {path}" for path in CLOSED),
            f"Sitemap: {origin()}/sitemap.xml",
        ]
        return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
