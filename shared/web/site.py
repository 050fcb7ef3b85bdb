"""What the site says of itself: names and filing numbers a government page must show, and the navigation.

Values are settings (SITE_*); the defaults are visibly those of a sample installation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from shared.web.access import Principal


@dataclass(frozen=True)
class Site:
    """页脚与 META 信息, by 《政府网站发展指引》."""

    name: str = "公共资源配置领域信用信息公示系统"
    domain: str = "credit.example.gov.cn"
    id_code: str = "0000000000"
    sponsor: str = "（示例）信用信息主管部门"
    operator: str = "（示例）信用信息中心"
    icp: str = "（示例）ICP备00000000号"
    police: str = "（示例）公网安备 00000000000000号"
    contact: str = "电话 0000-00000000（工作日 9:00–17:00）"
    region_name: str = "示例环境"

    @property
    def is_named(self) -> bool:
        """Whether somebody has said under which domain the site is found."""
        return self.domain != Site.domain


def read_site(env: Mapping[str, str]) -> Site:
    """The site's data from SITE_NAME, SITE_DOMAIN, SITE_ID_CODE, SITE_SPONSOR, SITE_OPERATOR, SITE_ICP …"""
    given = {field.name: env.get(f"SITE_{field.name.upper()}", "").strip() for field in fields(Site)}
    return Site(**{name: value for name, value in given.items() if value})


@dataclass(frozen=True)
class NavItem:
    """One entry of the navigation bar; shown to everybody, or to those holding one of the roles."""

    label: str
    url: str
    roles: frozenset[str] | None = None
    also: tuple[str, ...] = ()
    live: str = ""  # where the number beside it comes from, for who is signed in

    def covers(self, path: str) -> bool:
        """Whether a page belongs under this entry; `also` names further places of it."""
        places = (self.url, *self.also)
        return any(
            path == place or (place != "/" and path.startswith(place.rstrip("/") + "/")) for place in places
        )

    def visible(self, who: Principal | None) -> bool:
        if self.roles is None:
            return True
        return who is not None and (not self.roles or who.has(*self.roles))


SIGNED_IN: frozenset[str] = frozenset()
CASE_ROLES = frozenset({"clerk", "reviewer", "decider", "supervisor", "auditor"})
SUPERVISION_ROLES = CASE_ROLES | {"assessor"}
PUSH_ROLES = frozenset({"operator", "supervisor", "auditor"})
ADMINISTRATORS = frozenset({"system-admin", "security-admin"})
ACCOUNT_ROLES = ADMINISTRATORS | {"auditor"}
ADMINISTRATION = (
    NavItem("用户", "/admin/users", ACCOUNT_ROLES),
    NavItem("角色变更", "/admin/role-changes", ACCOUNT_ROLES),
    NavItem("部门", "/admin/departments", ACCOUNT_ROLES),
    NavItem("接口密钥", "/admin/api-keys", frozenset({"security-admin", "auditor"})),
    NavItem("审计记录", "/admin/audit", frozenset({"auditor"})),
    NavItem("工作日历", "/admin/calendar", frozenset({"system-admin", "supervisor"})),
    NavItem("数据使用方登记", "/admin/data-users", frozenset({"operator", "system-admin"})),
)
"""The pages under 管理; whoever may open one of them has that entry."""
ADMIN_ROLES = frozenset[str]().union(*(each.roles or () for each in ADMINISTRATION))
NAVIGATION = (
    NavItem("公开查询", "/", also=("/listings", "/persons", "/checks", "/tender-projects", "/statistics")),
    NavItem("名单与规则", "/lists"),
    NavItem("核验", "/verify", also=("/certificates", "/log")),
    NavItem(
        "信息公开",
        "/disclosure-catalogue",
        also=("/disclosure-requests", "/items", "/annual-reports", "/reports"),
    ),
    NavItem("案件", "/cases", CASE_ROLES, also=("/imports", "/letters", "/duties", "/adoptions")),
    NavItem(
        "公开办理",
        "/openness-desk",
        CASE_ROLES,
        also=("/disclosure-desk", "/catalogue-desk", "/opinions", "/reports-desk", "/listing-texts"),
    ),
    NavItem("监督", "/supervision", SUPERVISION_ROLES),
    NavItem("推送监控", "/push/", PUSH_ROLES),
    NavItem("消息", "/notices/", SIGNED_IN, live="/notices/badge"),
    NavItem("管理", "/admin", ADMIN_ROLES),
)
STAFF_PAGES = (
    NavItem("案件", "/cases", CASE_ROLES),
    NavItem("批量导入", "/imports", frozenset({"clerk"})),
    NavItem("接管历史公示", "/adoptions", CASE_ROLES),
    NavItem("待送达的文书", "/letters/unserved", CASE_ROLES),
    NavItem("过去的登记情况", "/register-past", CASE_ROLES),
    NavItem("主动公开", "/openness-desk", CASE_ROLES),
    NavItem("列入信息文字稿", "/listing-texts", CASE_ROLES),
    NavItem("政务舆情", "/opinions", CASE_ROLES),
    NavItem("监督举报办理", "/reports-desk", CASE_ROLES),
    NavItem("依申请公开", "/disclosure-desk", CASE_ROLES),
    NavItem("公开事项目录管理", "/catalogue-desk", CASE_ROLES),
    NavItem("监督", "/supervision", SUPERVISION_ROLES),
    NavItem("推送监控", "/push/", PUSH_ROLES),
    NavItem("平台配置", "/push/profiles", PUSH_ROLES | {"system-admin"}),
    NavItem("消息", "/notices/", SIGNED_IN),
    *ADMINISTRATION,
)
"""What the site map names for those who are signed in, each for whom it admits."""
DESKS = (
    (frozenset({"clerk", "reviewer", "decider"}), "/cases"),
    (frozenset({"supervisor", "assessor"}), "/supervision"),
    (frozenset({"operator"}), "/push/"),
    (frozenset({"auditor"}), "/admin/audit"),
    (ADMINISTRATORS, "/admin/users"),
)


def desk_of(roles: frozenset[str]) -> str:
    """Where the day's work of somebody with these roles begins."""
    return next((place for held, place in DESKS if roles & held), "/")


@dataclass(frozen=True)
class SignIn:
    """Where blacklist serves signing in, for the pages of all three services."""

    sign_in: str = "/sign-in"
    sign_out: str = "/sign-out"
    refresh: str = "/session/refresh"


def safe_next(target: str | None, fallback: str = "/") -> str:
    """A place on this site to go on to; anything else becomes the fallback (no open redirect)."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return fallback
    return target if target.isprintable() and "\\" not in target else fallback
