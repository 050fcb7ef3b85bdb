"""The law in force, for anyone: lists, domains and measures."""

from dataclasses import asdict
from datetime import date
from typing import Any

from apiflask import APIBlueprint

from services.blacklist.rules import queries, schemas
from services.blacklist.rules.api import calendar, duties
from services.blacklist.rules.domain import LIST_CLASSES, PROCEDURES, ListRule
from services.blacklist.store import Deps
from shared.web.access import access, public
from shared.web.paging import page


def public_blueprint(deps: Deps) -> APIBlueprint:
    """What is read from data files alone, for the public process."""
    made = APIBlueprint("rules", __name__, url_prefix="/api/v1", tag="名单与规则")
    _add_lists(made, deps)
    _add_vocabulary(made, deps)
    return made


def blueprint(deps: Deps) -> APIBlueprint:
    made = public_blueprint(deps)
    calendar.add_routes(made, deps)
    duties.add_routes(made, deps)
    return made


def list_view(rule: ListRule) -> dict[str, Any]:
    """The rule with its publicity gathered in one place and the windows as numbers."""
    return {
        **asdict(rule),
        "class_name": LIST_CLASSES[rule.list_class], "procedure_name": PROCEDURES[rule.procedure],
        "statement_window_wd": rule.statement_window.n, "hearing_window_wd": rule.hearing_window.n,
        "publicity": {
            "start": rule.publicity_start, "minor_needs_necessity": rule.minor_needs_necessity,
            "by_severity": rule.publicity, "overrides": rule.overrides,
            "default_severity": rule.default_severity, "default_months": rule.default_months,
            "follows_ban": rule.publicity_follows_ban, "duty_working_days": rule.publication_duty,
            "duty_start": rule.duty_start,
        },
    }  # fmt: skip


def _add_lists(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/lists")
    @access(public())
    @bp.input(schemas.OnQuery, location="query")
    @bp.output(schemas.ListPage)
    @bp.doc(summary="全部名单及其依据、程序、公示与移出规则")
    def list_lists(query_data: dict[str, Any]) -> dict[str, Any]:
        on: date = query_data["on"] or deps.clock.today()
        return page([list_view(rule) for rule in queries.all_lists(on)], None)


def _add_vocabulary(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/domains")
    @access(public())
    @bp.output(schemas.DomainPage)
    @bp.doc(summary="配置领域")
    def list_domains() -> dict[str, Any]:
        return page(queries.trade_domains(), None)

    @bp.get("/measures")
    @access(public())
    @bp.input(schemas.OnQuery, location="query")
    @bp.output(schemas.MeasurePage)
    @bp.doc(summary="惩戒措施清单")
    def list_measures(query_data: dict[str, Any]) -> dict[str, Any]:
        return page(queries.all_measures(query_data["on"] or deps.clock.today()), None)
