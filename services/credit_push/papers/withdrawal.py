"""撤销函: where a platform knows no withdrawal, a numbered letter asks for it, with a day for the reply."""

from datetime import date

from services.credit_push.catalogue import Profile
from services.credit_push.domain import Record
from shared.typesetting import LetterText, Paragraph, render_letter

TITLE = "关于商请撤下公示信息的函"


def withdrawal_letter(
    profile: Profile, record: Record, *, organ: str, number: str, key: str, dated: date, reply_by: date | None
) -> bytes:
    """The PDF, its faces embedded; the same bytes however often it is drawn."""
    return render_letter(
        LetterText(
            title=TITLE,
            organ=organ,
            number=number,
            recipient=profile.name,
            paragraphs=_paragraphs(record, key, reply_by),
            date_text=_day(dated),
            on=dated,
            address="",
        )
    )


def _paragraphs(record: Record, key: str, reply_by: date | None) -> tuple[Paragraph, ...]:
    about = f"当事人“{record.subject.name}”的“{record.list_name}”信息"
    number = f"（决定文书号：{record.document.number}）" if record.document.number else ""
    why = record.reason.rstrip("。；，") or "公示的依据不再存在"
    asked = f"请于{_day(reply_by)}前函复办理结果。" if reply_by else "请函复办理结果。"
    return (
        Paragraph(f"贵平台正在公示{about}{number}。该信息现已停止公示，原因是：{why}。"),
        Paragraph(
            f"为使各处公示的信息一致，保护当事人的合法权益，商请贵平台撤下上述信息，停止共享和使用。{asked}"
        ),
        Paragraph("信息要素", heading=True),
        Paragraph(f"报送流水号：{key}。"),
        Paragraph(f"原报送单位：{record.source.name or record.organ.name or '见落款'}。"),
    )


def _day(on: date | None) -> str:
    return f"{on.year}年{on.month}月{on.day}日" if on else ""
