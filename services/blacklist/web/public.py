"""What anybody may look at: search, persons by proof, a listing, the lists and their rules, the site map."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.register import queries as register
from services.blacklist.register.api.noting import note_search
from services.blacklist.register.domain.names import full_key
from services.blacklist.register.domain.scope import PERSON_NOTE, searched
from services.blacklist.register.queries import Criteria
from services.blacklist.register.queries.figures import figures
from services.blacklist.register.queries.matching import EXACT_ONLY
from services.blacklist.register.schemas import PersonQuery
from services.blacklist.register.usecases.persons import look_up_person
from services.blacklist.rules.citing import cite
from services.blacklist.rules.queries import (
    all_lists,
    all_measures,
    editions_of_measures,
    list_rule,
    list_rule_version,
    measures_version,
)
from services.blacklist.rules.unrepairable import repair_bar
from services.blacklist.store import Deps
from services.blacklist.syndication.domain.linked import describe_listing
from services.blacklist.web import wording
from services.blacklist.web.corrections import corrections_of
from services.blacklist.web.facets import facets_of, region_menu
from services.blacklist.web.filters import day_of, unknown_filters
from shared.errors import DomainError, Invalid
from shared.web.access import access, current_principal, public
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render, with_query
from shared.web.paging import cut, decode_cursor
from shared.web.place import origin
from shared.web.site import STAFF_PAGES

PER_PAGE = 20
FORM = ("q", "region", "domain", "list", "class")


def add_routes(made: APIBlueprint, deps: Deps, *, persons: bool = True) -> None:
    _search(made, deps)
    if persons:
        _persons(made, deps)
    _listing(made, deps)
    _lists(made, deps)


def _search(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/")
    @access(public())
    def home() -> Response:
        asked = criteria()
        today = deps.clock.today()
        with deps.db.read() as session:
            rows = register.search(session, asked, today, after=_after(asked), limit=PER_PAGE)
        shown, following = cut(rows, PER_PAGE, _key(asked))
        note_search(request.environ, asked.q, shown)
        lists = {rule.code: rule.name for rule in all_lists(today)}
        cells = figures(deps.db, today)
        return render(
            "blacklist/search.html",
            asked=asked,
            rows=shown,
            today=today,
            searched=asked != Criteria(),
            unknown=unknown_filters(request.args, ("region", "domain", "list", "class", "as_of")),
            scope=searched(today, asked.as_of),
            as_of=request.args.get("as_of", "")[:10],
            by_letters=asked.q.isascii() and asked.q.replace(" ", "").isalpha(),
            too_short=0 < len(full_key(asked.q)) <= EXACT_ONLY,
            regions=region_menu(cells),
            lists=list(lists.items()),
            facets=[] if asked.q or asked.as_of else facets_of(cells, asked, lists),
            next_url=with_query(cursor=following) if following else "",
            first_url=with_query(cursor=None) if request.args.get("cursor") else "",
        )


def criteria() -> Criteria:
    """What the search form asks; overlong words are cut, unknown codes find nothing."""
    given = {name: request.args.get(name, "").strip()[:100] for name in FORM}
    return Criteria(
        q=given["q"],
        region=given["region"] or None,
        domain=given["domain"] or None,
        list_code=given["list"] or None,
        list_class=given["class"] or None,
        as_of=_asked_day(),
    )


def _asked_day() -> date | None:
    """What is no day finds nothing, and the page says so."""
    given = request.args.get("as_of", "").strip()
    return (day_of(given) or date.min) if given else None


def _after(asked: Criteria) -> list[Any] | None:
    cursor = request.args.get("cursor")
    if not cursor:
        return None
    if asked.q:
        return decode_cursor(cursor, (int, str))
    day, listing_id = decode_cursor(cursor, (str, str))
    try:
        return [date.fromisoformat(day), listing_id]
    except ValueError as error:
        raise Invalid("bad-cursor", "翻页位置无效", "请从第一页重新查询。") from error


def _key(asked: Criteria) -> Any:
    if asked.q:
        return lambda row: (round(row["score"] * 1000), row["id"])
    return lambda row: (row["listed_on"].isoformat(), row["id"])


def _persons(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/persons")
    @access(public())
    def person_form() -> Response:
        answer = render("blacklist/persons.html", errors={}, name="", found=None)
        answer.headers["X-Robots-Tag"] = "noindex"
        return answer

    @made.post("/persons")
    @access(public())
    def find_person() -> Response:
        name = request.form.get("name", "")[:100]
        try:
            asked = load_form(PersonQuery(), read_form(request.form))
        except DomainError as error:
            return render("blacklist/persons.html", 422, errors=form_errors(error), name=name, found=None)
        found = look_up_person(deps, asked, request.remote_addr or "")
        answer = render("blacklist/persons.html", errors={}, name=name, found=found, scope_note=PERSON_NOTE)
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _listing(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/listings/<listing_id>")
    @access(public())
    def listing(listing_id: str) -> Response:
        today = deps.clock.today()
        with deps.db.read() as session:
            found = register.public_listing(session, listing_id, today)
            view = register.masked_view(found)
            versions = register.history(session, found)
            deliveries = list(register.deliveries(session, listing_id))
        answer = render(
            "blacklist/listing.html",
            view=view,
            versions=versions,
            corrections=corrections_of(versions),
            deliveries=deliveries,
            rule=_rule(view["list_code"], today),
            barred=_barred(view, versions, today),
            legal_basis=_cited(view),
            linked_data=describe_listing(view, origin()),
        )
        if view["subject"]["type"] == "individual":
            answer.headers["X-Robots-Tag"] = "noindex"
        return answer


def _barred(view: Mapping[str, Any], versions: Sequence[Mapping[str, Any]], today: date) -> str | None:
    """The rule by which this record may not be repaired (不可修复)."""
    restored = any(each["kind"] == "restored" for each in versions)
    content = (view["document"] or {}).get("content")
    found = repair_bar(view["list_code"], content, restored=restored, today=today)
    return found.rule if found else None


def _cited(view: Mapping[str, Any]) -> str:
    """As a decision letter prints it, also of listings made before their basis was kept so."""
    basis = str(view["legal_basis"])
    rule = None if "《" in basis else list_rule_version(view["list_code"], view["rule_version"])
    return cite(rule, view["region"]) if rule else basis


def _rule(code: str, today: date) -> Any:
    try:
        return list_rule(code, today)
    except DomainError:
        return None


def _lists(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/lists")
    @access(public())
    def lists() -> Response:
        today = deps.clock.today()
        return render(
            "blacklist/lists.html", rules=all_lists(today), measures=all_measures(today),
            edition=measures_version(today), editions=editions_of_measures(),
        )  # fmt: skip

    @made.get("/lists/<code>")
    @access(public())
    def one_list(code: str) -> Response:
        rule = list_rule(code, deps.clock.today())
        return render("blacklist/list.html", rule=rule, organs=wording.organ_names(rule))

    @made.get("/sitemap")
    @access(public())
    def sitemap() -> Response:
        who = current_principal()
        staff = [each for each in STAFF_PAGES if each.visible(who)]
        return render("blacklist/sitemap.html", rules=all_lists(deps.clock.today()), staff=staff)
