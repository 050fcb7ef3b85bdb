"""Days as they stand in sentences for officers and parties."""

from datetime import date


def written_day(day: date) -> str:
    """2026年12月1日."""
    return f"{day.year}年{day.month}月{day.day}日"
