"""The push service over HTTP (contract §2): deliveries, platforms, reconciliations, hand work, receipts."""

from collections.abc import Callable

from apiflask import APIBlueprint

from services.credit_push.api import (
    adoptions,
    answers,
    appearances,
    deliveries,
    exchange,
    findings,
    hand,
    papers,
    platforms,
    profiles,
    receipts,
    reconciliations,
    refused,
    rehearsals,
    requests,
    trials,
)
from services.credit_push.transports import Transport
from services.credit_push.transports.told import Post
from services.credit_push.usecases import Deps
from shared.errors import describe_errors

describe_errors(
    {
        "unknown-platform": "平台目录中没有这个推送平台。请从平台列表中选择。",
        "not-replayable": "只有推送失败或被退回的记录可以重推。",
        "superseded-by-newer": "该名单已有更新的版本在推送，旧版本不再重推。",
        "platform-paused": "该平台已暂停推送。如需恢复，请先恢复推送。",
        "platform-not-paused": "只有已暂停或熔断中的平台需要恢复。",
        "backfill-running": "该平台正在补推。请等待本次补推计划完成。",
        "decision-open": "该记录已有待确认的处理意见。请先由另一人确认或否决。",
        "decision-made": "该处理意见已经办结。",
        "delivery-discarded": "该记录已由两人确认放弃，不再处理。",
        "second-person": "提出处理意见的人不能自己确认，须由另一人办理。",
        "foreign-address": "请求来自平台登记网段以外的地址。",
        "bad-period": "时间段不正确：起始时间应早于截止时间。",
        "bad-profile": "平台配置有误。请按所列各行改正后再提交。",
        "profile-waiting": "该平台已有待发布的配置。请先由另一人发布或退回。",
        "profile-decided": "该配置已经办结。",
        "batch-empty": "本批次已没有待报送的记录。",
        "batch-recorded": "同一批次只登记一次批号。",
        "bad-feedback": "反馈表无法读取。请按所述问题改正，上传列有业务流水号和处理结果的 XLSX 或 CSV 文件。",
        "not-a-letter": "只有撤销函登记复函。",
        "no-requests": "该平台没有登记为异议和修复申请的转送渠道。",
        "ticket-taken": "同一受理号只对应一件申请；内容不同的，请换用新的受理号。",
        "listing-withdrawn": "该名单已经从本平台撤下，不再受理异议和修复申请。",
        "no-case": "该名单由其他系统认定并移交，请转送认定单位原系统办理。",
        "adoption-settled": "该项认领已经办结：名单已认领、已推送、已撤下或者已有人处理。",
        "no-such-candidate": "没有这条候选记录，或者它已经变化。请刷新后重新选择。",
        "record-taken": "该平台记录已由另一条名单认领。一条平台记录只对应一条名单，请核对。",
        "not-adoptable": "平台以自有编号或其他名称登记，认领后无法变更或撤销。请与平台核对。",
        "finding-closed": "该项核查已经办结。查见与回执一致后自动办结，不再登记。",
        "answer-overtaken": "同一受理号以后的办理结果已经告知平台，此前的不再回传。可以登记已人工告知。",
        "answer-settled": "该办理结果已经告知平台，或者仍在回传，不需要这样处理。请刷新后查看。",
        "nothing-to-see": "该平台没有确认收录或撤下过这条名单，没有可登记的显示情况。",
        "bad-signature": "回执的签名无法验证。请用平台的密钥签名，时间偏差不超过 300 秒，随机数不重复。",
    }
)


def blueprint(
    deps: Deps, way: Callable[[str], Transport], post: Callable[[str], Post | None]
) -> APIBlueprint:
    """All JSON routes of the service; `way` gives a platform's transport for probes, `post` likewise."""
    made = APIBlueprint("push", __name__, url_prefix="/api/v1", tag="推送")
    for part in (
        deliveries,
        adoptions,
        appearances,
        findings,
        platforms,
        profiles,
        reconciliations,
        hand,
        receipts,
        refused,
        requests,
        answers,
        papers,
    ):
        part.add_routes(made, deps)
    trials.add_routes(made, deps, way)
    rehearsals.add_routes(made, deps, way)
    rehearsals.add_answer_routes(made, deps, post)
    return made


def exchange_blueprint(deps: Deps) -> APIBlueprint:
    """The doors for platforms, at the root of the site."""
    made = APIBlueprint("exchange", __name__, url_prefix="/exchange/v1", tag="交换")
    exchange.add_routes(made, deps)
    return made
