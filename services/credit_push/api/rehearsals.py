"""Dry runs of deliveries and of what is told of requests: the bytes that would go; nothing is sent."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from services.credit_push.api.deliveries import DOERS, visible_region
from services.credit_push.api.schemas_rehearsals import RehearsalOut
from services.credit_push.transports import Transport
from services.credit_push.transports.told import Post
from services.credit_push.usecases import Deps
from services.credit_push.usecases.rehearsing import Rehearsal, file_of, rehearse_one
from services.credit_push.usecases.rehearsing_answers import rehearse_answer
from shared.web.access import access, principal, roles
from shared.web.files import file_answer
from shared.web.openapi import produces

Way = Callable[[str], Transport]
Posts = Callable[[str], Post | None]
BYTES = "application/octet-stream"


def add_routes(bp: APIBlueprint, deps: Deps, way: Way) -> None:
    @bp.get("/deliveries/<delivery_id>/dry-run")
    @access(roles("operator"))
    @bp.output(RehearsalOut)
    @bp.doc(
        summary="试推送：将要发出的内容（不发送）",
        description="证件号码已遮盖；有证件号码的，校验和、摘要与签名按遮盖后的内容计算。签名只显示前几位。",
    )
    def dry_run(delivery_id: str) -> dict[str, Any]:
        return rehearsal_view(rehearse_one(deps, way, delivery_id, visible_region(principal()))[1])

    @bp.get("/deliveries/<delivery_id>/dry-run/files/<name>")
    @access(roles("operator"))
    @produces(BYTES)
    @bp.doc(summary="试推送的文件：数据包正文、清单，或者人工填报的表")
    def dry_run_file(delivery_id: str, name: str) -> Response:
        shown = rehearse_one(deps, way, delivery_id, visible_region(principal()))[1]
        return file_answer(file_of(shown, name).body, BYTES, name)


def add_answer_routes(bp: APIBlueprint, deps: Deps, post: Posts) -> None:
    @bp.get("/answers/<answer_id>/dry-run")
    @access(roles(*DOERS))
    @bp.output(RehearsalOut)
    @bp.doc(
        summary="试回传：将要告知平台的内容（不发送）",
        description="由人工告知、随交换事件告知的没有此项（404）。签名只显示前几位。",
    )
    def answer_dry_run(answer_id: str) -> dict[str, Any]:
        return rehearsal_view(rehearse_answer(deps, post, answer_id, visible_region(principal()))[1])

    @bp.get("/answers/<answer_id>/dry-run/files/<name>")
    @access(roles(*DOERS))
    @produces(BYTES)
    @bp.doc(summary="试回传的文件：数据包正文、清单")
    def answer_dry_run_file(answer_id: str, name: str) -> Response:
        shown = rehearse_answer(deps, post, answer_id, visible_region(principal()))[1]
        return file_answer(file_of(shown, name).body, BYTES, name)


def rehearsal_view(shown: Rehearsal) -> dict[str, Any]:
    """As the API answers it."""
    files = [
        {"name": file.name, "media_type": file.media_type, "size": len(file.body), "sha256": file.sha256}
        for file in shown.files
    ]
    faults = [vars(fault) for fault in shown.faults]
    names = ("target", "head", "signed", "text", "size", "sha256", "covered")
    return {name: getattr(shown, name) for name in names} | {"files": files, "faults": faults}
