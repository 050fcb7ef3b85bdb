"""Cases over HTTP: filing, reading, transitions singly and in bulk, attachments, imports."""

from apiflask import APIBlueprint

from services.blacklist.cases.api import (
    adopting,
    attachments,
    exporting,
    filing,
    imports,
    linking,
    transitions,
)
from services.blacklist.cases.domain.guards import TWIN_REMEDY
from services.blacklist.store import Deps, idempotency
from shared.errors import describe_errors
from shared.web.idempotency import Once

describe_errors(
    {
        "role-not-allowed": "当前账号的角色不能办理此动作。请由相应角色的人员办理。",
        "case-not-found": "没有这个案件，或者当前账号不可查看。",
        "attachment-not-found": "没有这份材料，或者当前账号不可查看。",
        "import-not-found": "没有这次导入，或者当前账号不可查看。",
        "not-own-department": "只能办理本部门的案件。监督和审计人员可以查看，不能办理。",
        "case-not-editable": "案件提交后不能修改。需要修改的，由审核人退回后再改。",
        "stale-version": "案件在您查看之后已被更新。请按 current_version 刷新后再办理。",
        "wrong-state": "案件当前状态不能办理此事项。possible_actions 列出当前状态可以办理的事项。",
        "four-eyes": "录入、审核、决定、公示须由不同人员办理。请由另一名有权限的人员办理。",
        "action-blocked": "按规定现在还不能办理。rule 说明依据，earliest 说明最早可以办理的日期。",
        "published-already": f"同一文书、机关、主体和名单的信息正在公示，不能重复公示。{TWIN_REMEDY}。",
        "already-linked": "两个案件已经关联，不必重复。",
        "link-not-found": "没有这条关联，或者不是本部门的案件。",
        "import-not-own": "更正后的行须由上传原表的人上传，审核才能由另一人进行。",
        "no-wrong-rows": "这次导入没有需要改正的行。",
        "import-not-ready": "导入尚未解析完成、没有可以录入的行，或者已经处理完毕。",
    }
)


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("cases", __name__, url_prefix="/api/v1", tag="案件")
    once = Once(deps.db, idempotency, deps.keyring, deps.clock)
    filing.add_routes(made, deps, once)
    transitions.add_routes(made, deps)
    attachments.add_routes(made, deps, once)
    imports.add_routes(made, deps, once)
    linking.add_routes(made, deps)
    adopting.add_routes(made, deps)
    exporting.add_routes(made, deps)
    return made
