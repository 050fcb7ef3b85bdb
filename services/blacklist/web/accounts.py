"""Signing in and out, keeping a session going, changing one's password. The token travels in a cookie."""

from apiflask import APIBlueprint
from flask import Response, current_app, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.identity.queries import roles_of
from services.blacklist.identity.usecases import sessions
from services.blacklist.identity.usecases.sessions import SignedIn
from services.blacklist.store import Deps
from shared.errors import DomainError, FieldError, Invalid, Unauthenticated
from shared.web.access import Principal, access, current_principal, principal, public, signed_in
from shared.web.pages import form_errors, render
from shared.web.site import SignIn, desk_of, safe_next
from shared.web.tokens import clear_session_cookie, set_session_cookie, token_of

PASSWORD_PAGE = "/account/password"  # noqa: S105  an address


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _sign_in(made, deps)
    _stay(made, deps)
    _password(made, deps)


def production() -> bool:
    return bool(current_app.config["PRODUCTION"])


def go(target: str, signed: SignedIn | None = None) -> AnyResponse:
    """Redirect after a form, with a fresh cookie where there is one."""
    answer = redirect(target, 303, Response=Response)
    if signed is not None:
        set_session_cookie(answer, signed.token, production=production())  # type: ignore[arg-type]
    return answer


def _sign_in(made: APIBlueprint, deps: Deps) -> None:
    @made.get(SignIn.sign_in)
    @access(public())
    def sign_in_form() -> AnyResponse:
        target = safe_next(request.args.get("next"))
        who = current_principal()
        if who is not None:
            return go(_onward(target, who))
        return _form(target, {}, 200)

    @made.post(SignIn.sign_in)
    @access(public())
    def sign_in() -> AnyResponse:
        target = safe_next(request.form.get("next"))
        try:
            signed = _signed_in(deps)
        except DomainError as error:
            return _form(target, form_errors(error), int(error.kind))
        if signed.must_change:
            return go(PASSWORD_PAGE, signed)
        return go(_onward(target, signed.principal), signed)


def _onward(target: str, who: Principal) -> str:
    """Where somebody wanted to go; their own desk where nothing was said."""
    return desk_of(who.roles) if target == "/" else target


def _signed_in(deps: Deps) -> SignedIn:
    username, password = request.form.get("username", ""), request.form.get("password", "")
    if not username.strip() or not password:
        empty = [("/username", username.strip(), "请填写用户名。"), ("/password", password, "请填写口令。")]
        fields = [FieldError(pointer, message) for pointer, value, message in empty if not value]
        raise Invalid("validation-failed", "请填写用户名和口令", fields=fields)
    return sessions.sign_in(
        deps.db,
        deps.keyring,
        deps.clock,
        username=username[:100],
        password=password[:1000],
        address=request.remote_addr or "",
        user_agent=request.headers.get("User-Agent", "")[:200],
    )


def _form(target: str, errors: dict[str, str], status: int) -> Response:
    return render(
        "blacklist/sign_in.html",
        status,
        next=target,
        errors=errors,
        username=request.form.get("username", "")[:100],
    )


def _stay(made: APIBlueprint, deps: Deps) -> None:
    @made.get(SignIn.refresh)
    @access(public())
    def refresh() -> AnyResponse:
        target = safe_next(request.args.get("next"))
        token = token_of(request, production=production()) or ""
        try:
            return go(target, sessions.refresh(deps.db, deps.keyring, deps.clock, token))
        except Unauthenticated:
            answer = redirect(f"{SignIn.sign_in}?{_query(target)}", 303, Response=Response)
            clear_session_cookie(answer, production=production())  # type: ignore[arg-type]
            return answer

    @made.post(SignIn.sign_out)
    @access(public())
    def sign_out() -> AnyResponse:
        who = current_principal()
        if who is not None:
            with deps.db.write() as session:
                sessions.sign_out(session, who, deps.clock.system_now())
        answer = redirect("/", 303, Response=Response)
        clear_session_cookie(answer, production=production())  # type: ignore[arg-type]
        return answer


def _query(target: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"next": target})


def _password(made: APIBlueprint, deps: Deps) -> None:
    @made.get(PASSWORD_PAGE)
    @access(signed_in())
    def password_form() -> Response:
        return render("blacklist/password.html", errors={})

    @made.post(PASSWORD_PAGE)
    @access(signed_in())
    def change_password() -> AnyResponse:
        current, new = (
            request.form.get("current_password", "")[:1000],
            request.form.get("new_password", "")[:1000],
        )
        try:
            if new != request.form.get("again", ""):
                raise Invalid(
                    "validation-failed",
                    "口令不一致",
                    fields=[FieldError("/again", "两次填写的新口令不一致。")],
                )
            sessions.change_password(
                deps.db, deps.keyring, deps.clock, actor=principal(), current=current, new=new
            )
        except DomainError as error:
            return render("blacklist/password.html", int(error.kind), errors=form_errors(error))
        with deps.db.read() as session:
            return go(desk_of(roles_of(session, principal().user_id)))
