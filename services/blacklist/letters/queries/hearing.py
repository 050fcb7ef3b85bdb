"""What letters say of a hearing (听证): time, place and presider beforehand, in the decision its outcome."""

from typing import Any

from services.blacklist.cases.domain.hearing import ABSENT, ACCEPTANCE, TERMINATED, WITHDRAWN, was_held
from services.blacklist.letters.domain.wording import chinese_day, sentence, tidy

LATER = "（另行通知）"
GROUNDS = {"state-secret": "国家秘密", "trade-secret": "商业秘密", "personal-privacy": "个人隐私"}

Hearing = dict[str, Any]


def hearing_values(hearing: Hearing) -> dict[str, str]:
    """As told to the party: where a hearing was put off, the letter still tells what it told."""
    planned = hearing.get("planned_on") or hearing.get("held_on")
    day, time = chinese_day(planned), str(hearing.get("held_time") or "")
    return {
        "hearing_on": f"{day}{time}" if day else LATER,
        "hearing_place": tidy(hearing.get("place")) or LATER,
        "hearing_presider": tidy(hearing.get("presider")) or LATER,
        "hearing_before": _before(hearing),
        "hearing_moved_for": tidy((_moved(hearing) or {}).get("reason")) or "故",
        "hearing_ground": GROUNDS.get(hearing.get("openness") or "", "依法应当保密的事项"),
    }


def _moved(hearing: Hearing) -> Hearing | None:
    """The hearing's former day, where it was put off or brought forward."""
    moved: list[Hearing] = hearing.get("moved") or []
    return moved[-1] if moved else None


def _before(hearing: Hearing) -> str:
    former = _moved(hearing) or {}
    day = chinese_day(former.get("held_on"))
    return f"{day}{former.get('held_time') or ''}" if day else LATER


def hearing_flags(hearing: Hearing) -> dict[str, bool]:
    named, openness = bool(hearing.get("presider")), hearing.get("openness")
    return {
        "hearing_set": bool(hearing.get("held_on") and hearing.get("place")),
        "hearing_moved": _moved(hearing) is not None,
        "presider_named": named,
        "hearing_public": named and openness not in GROUNDS,
        "hearing_private": named and openness in GROUNDS,
    }


def hearing_told(hearing: Hearing) -> str:
    """The decision's sentences about a hearing that is over; empty where there was none."""
    if not hearing.get("closed"):
        return ""
    if hearing.get("outcome") == WITHDRAWN:
        return "当事人要求听证后，撤回了听证申请。"
    if hearing.get("outcome") == ABSENT:
        return "当事人要求听证，经依法通知，无正当理由拒不出席或者中途退出，视为放弃听证权利，听证终止。"
    if hearing.get("outcome") == TERMINATED:
        return f"当事人要求听证，听证因下列情形终止：{sentence(hearing['reason'])}"
    return f"当事人要求听证，本机关依法举行了听证。{_opinion(hearing)}{_accepted(hearing)}"


def _opinion(hearing: Hearing) -> str:
    return f"听证意见如下：{sentence(hearing['opinion'])}" if hearing.get("opinion") else ""


def _accepted(hearing: Hearing) -> str:
    """Whether what the party said was accepted, and why."""
    known = ACCEPTANCE.get(hearing.get("acceptance") or "")
    if not known or not was_held(hearing):
        return ""
    why = f"理由如下：{sentence(hearing['reason'])}" if hearing.get("reason") else ""
    return f"根据听证笔录，本机关对当事人在听证中提出的意见{known}。{why}"
