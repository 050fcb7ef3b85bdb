"""The day a question is about (`as_of`): today or earlier, since nobody knows what will be listed."""

from datetime import date

from shared.errors import FieldError, Invalid


def refuse_future(as_of: date | None, today: date) -> None:
    """Names the last day that can be asked about."""
    if as_of is not None and as_of > today:
        remark = (
            f"不能晚于今天（{today}）：此后是否列入、是否受限尚不可知。请填写今天或者以前的日期，或者不填。"
        )
        raise Invalid("validation-failed", "日期尚未到来", fields=[FieldError("/as_of", remark)])
