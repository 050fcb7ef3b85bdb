"""What of a case must be covered before it is public (公示遮盖): private data found in free text, and the
passages the department named under an exception (区分处理).
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from services.blacklist.register.domain.redaction import COVER, FREE_TEXT, KINDS, redact
from services.blacklist.rules.grounds import MUST, exception_grounds

Problem = tuple[str, str]
Groups = Mapping[str, Mapping[str, Any]]
PROACTIVE = "proactive"
PUBLIC_REASONS = frozenset(
    {
        "correct", "revoke", "restore", "suspend", "lift_suspension", "shield", "unshield",
        "accept_objection", "refuse_objection", "settle_objection", "accept_repair", "refuse_repair",
        "settle_repair", "decide_expiry", "remove_linked",
    }
)  # fmt: skip
"""Actions whose reason stands in the listing's public versions, or is told to the platform of a request."""


def covered_text(text: str, passages: Collection[str]) -> str:
    """The text without the passages; longer ones first, so that none shows through another."""
    for passage in sorted(passages, key=len, reverse=True):
        text = text.replace(passage, COVER)
    return text


def covered_groups(groups: Groups, passages: Collection[str]) -> dict[str, dict[str, Any]]:
    """Misconduct and document as they may leave the department."""
    made = {name: dict(group) for name, group in groups.items()}
    if passages:
        for group, name in FREE_TEXT:
            if made[group].get(name):
                made[group][name] = covered_text(made[group][name], passages)
    return made


def things_to_cover(groups: Groups, exceptions: Collection[str], passages: Collection[str]) -> list[str]:
    """By their Chinese names; empty where the case may be shown as it stands."""
    kinds = (kind for found in kinds_by_field(groups).values() for kind in found)
    named = [exception_grounds()[code].name for code in exceptions if code in exception_grounds()]
    return list(dict.fromkeys([*(KINDS[kind] for kind in kinds), *(named if passages else ())]))


def kinds_by_field(groups: Groups) -> dict[tuple[str, str], set[str]]:
    """Private data that stands in each free text."""
    texts = {(group, name): groups[group].get(name) or "" for group, name in FREE_TEXT}
    return {place: set(redact(text).kinds) for place, text in texts.items()}


def newly_exposed(before: Groups, after: Groups) -> Iterator[Problem]:
    """(pointer, remedy) of private data a correction would bring into a public text nobody has approved."""
    known = kinds_by_field(before)
    for place, kinds in kinds_by_field(after).items():
        if kinds - known[place]:
            names = "、".join(KINDS[kind] for kind in KINDS if kind in kinds - known[place])
            yield "/{}/{}".format(*place), f"更正后的文字含有须遮盖的{names}，请改写后提交"


def reason_problems(action: str, reason: str | None) -> Iterator[Problem]:
    """A reason the public will read holds nothing that would have to be covered; nobody previews reasons."""
    kinds = redact(reason or "").kinds if action in PUBLIC_REASONS else ()
    if kinds:
        yield (
            "/reason",
            f"理由对外公开或告知，其中含有{'、'.join(KINDS[kind] for kind in kinds)}，请改写后提交",
        )


def exception_problems(disclosure: Mapping[str, Any], groups: Groups) -> Iterator[Problem]:
    """Everything wrong with the exceptions claimed and the passages they keep back."""
    exceptions, passages = disclosure.get("exceptions") or (), disclosure.get("covered") or ()
    grounds = exception_grounds()
    for index, code in enumerate(exceptions):
        if code not in grounds:
            yield f"/disclosure/exceptions/{index}", f"公开例外应为下列之一：{'、'.join(grounds)}"
    if exceptions and not disclosure.get("reason"):
        yield "/disclosure/reason", "适用公开例外的，填写理由和依据"
    if passages and not exceptions:
        yield "/disclosure/exceptions", "不予公示的文字须说明适用的公开例外"
    if exceptions and (disclosure.get("attribute") or PROACTIVE) == PROACTIVE:
        yield from _public_problems(exceptions, passages)
    texts = [groups.get(group, {}).get(name) or "" for group, name in FREE_TEXT]
    for index, passage in enumerate(passages):
        if not any(passage in text for text in texts):
            yield f"/disclosure/covered/{index}", "事实、决定内容、法律依据中没有这段文字，请按原文填写"


def _public_problems(exceptions: Collection[str], passages: Collection[str]) -> Iterator[Problem]:
    grounds = exception_grounds()
    never = [grounds[code].name for code in exceptions if code in grounds and grounds[code].scope == MUST]
    if never:
        yield "/disclosure/attribute", f"涉及{'、'.join(never)}的不得公开，公开属性不能为主动公开"
    elif not passages:
        yield "/disclosure/covered", "主动公开而有例外的，写明不予公示的文字；全部不公开的，修改公开属性"
