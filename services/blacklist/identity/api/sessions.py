"""Signing in and out. Refusals never say whether the account exists."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, request

from services.blacklist.identity import schemas, usecases
from services.blacklist.identity.usecases import SignedIn
from services.blacklist.store import Deps
from shared.errors import Unauthenticated
from shared.web.access import Principal, access, principal, public, signed_in
from shared.web.problem import problems
from shared.web.tokens import token_of

LIMITED = 429
BUSY = 503


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_sign_in(bp, deps)
    _add_current(bp, deps)
    _add_everywhere(bp, deps)
    _add_refresh(bp, deps)
    _add_password(bp, deps)


def _add_sign_in(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/session")
    @access(public())
    @problems(401, LIMITED, BUSY)
    @bp.input(schemas.SignInRequest)
    @bp.output(schemas.SessionAnswer)
    @bp.doc(summary="登录")
    def open_session(json_data: dict[str, Any]) -> dict[str, Any]:
        signed = usecases.sign_in(
            deps.db, deps.keyring, deps.clock, username=json_data["username"], password=json_data["password"],
            address=request.remote_addr or "", user_agent=request.headers.get("User-Agent", ""),
        )  # fmt: skip
        return _answer(signed)


def _add_current(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/session")
    @access(signed_in())
    @bp.output(schemas.CurrentSession)
    @bp.doc(summary="当前登录的用户")
    def show_session() -> dict[str, Any]:
        return {"user": user_view(principal())}

    @bp.delete("/session")
    @access(signed_in())
    @bp.output({}, status_code=204)
    @bp.doc(summary="退出登录")
    def close_session() -> Response:
        with deps.db.write() as session:
            usecases.sign_out(session, principal(), deps.clock.system_now())
        return Response(status=204)


def _add_everywhere(bp: APIBlueprint, deps: Deps) -> None:
    @bp.delete("/sessions")
    @access(signed_in())
    @bp.output({}, status_code=204)
    @bp.doc(summary="在所有设备上退出登录")
    def close_all_sessions() -> Response:
        who, at = principal(), deps.clock.system_now()
        with deps.db.write() as session:
            usecases.revoke_sessions(session, [who.user_id], "sign-out-everywhere", at)
        return Response(status=204)


def _add_refresh(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/session/refresh")
    @access(public())
    @problems(401)
    @bp.output(schemas.SessionAnswer)
    @bp.doc(summary="换取新的登录凭证（凭证已过期而会话未结束的也可以）")
    def refresh_session() -> dict[str, Any]:
        token = token_of(request, production=_production())
        if token is None:
            raise Unauthenticated("unauthenticated", "请先登录", "该操作需要登录后进行。")
        return _answer(usecases.refresh(deps.db, deps.keyring, deps.clock, token))


def _add_password(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/session/password")
    @access(signed_in())
    @problems(LIMITED, BUSY)
    @bp.input(schemas.PasswordChange)
    @bp.output({}, status_code=204)
    @bp.doc(summary="更换本人口令")
    def change_own_password(json_data: dict[str, Any]) -> Response:
        usecases.change_password(
            deps.db, deps.keyring, deps.clock, actor=principal(), current=json_data["current_password"],
            new=json_data["new_password"],
        )  # fmt: skip
        return Response(status=204)


def _production() -> bool:
    return bool(current_app.config.get("PRODUCTION"))


def _answer(signed: SignedIn) -> dict[str, Any]:
    user = user_view(signed.principal) | {"must_change_password": signed.must_change}
    return {"token": signed.token, "expires_at": signed.expires_at, "user": user}


def user_view(who: Principal) -> dict[str, Any]:
    return {
        "id": who.user_id, "username": who.username, "display_name": who.display_name,
        "department_id": who.department_id, "department": who.department_name, "region": who.region,
        "roles": sorted(who.roles),
    }  # fmt: skip
