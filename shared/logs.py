"""Structured logs, one line an entry, identity numbers, tokens and passwords removed before writing.

The standard library's loggers (gunicorn, kafka, sqlalchemy) pass through the same processors.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from shared.written import cover_identities

REDACTED = "[redacted]"
_SECRET_KEYS = re.compile(
    r"(?i)password|passwd|secret|authorization|cookie|credential|private_key|api_key|token$|id_number|id_tail"
)
_SECRETS = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?![0-9A-Za-z])"
    r"|(?i:\b(?:bearer|apikey|basic)\s+)[\w.~+/=-]{6,}"
    r"|\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*"
    r"|\bwhsec_[\w+/=]+"
    r"|(?i:(?<=password=)|(?<=token=)|(?<=secret=))[^&\s\"']+"
    r"|(?<=://)[^/@\s:]+:[^/@\s]+(?=@)"
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")


def redact_text(text: str) -> str:
    """The text without identity numbers (15 and 18 digits), tokens and credentials, on one line."""
    clean = cover_identities(_SECRETS.sub(REDACTED, text), lambda _: REDACTED)
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), clean)


def _redact(value: Any) -> Any:
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {key: _redact_entry(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact(item) for item in value]
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and len(str(value)) < 15:
        return value
    return redact_text(str(value))


def _redact_entry(key: str, value: Any) -> Any:
    return REDACTED if value is not None and _SECRET_KEYS.search(key) else _redact(value)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: clean every value of the entry."""
    return {
        key: value
        if key.startswith("_")
        else _redact_entry(key, value)  # "_…" is structlog's own, never written
        for key, value in event.items()
    }


def _shared_processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def configure_logs(level: str, service: str, *, json: bool = True) -> None:
    """Send all logs of this process to stderr as one line each; call once at start."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "service", "event"])
    )

    def name_service(_l: Any, _m: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("service", service)
        return event

    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared_processors(),
        processors=[
            name_service,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redact,
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("kafka", "alembic", "asyncio"):
        logging.getLogger(noisy).setLevel(max(root.level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def get_log(name: str) -> structlog.stdlib.BoundLogger:
    """A logger; entries take a short event text and keyword facts."""
    log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return log
