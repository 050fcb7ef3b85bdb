"""Checks of data files (`catalogue`, `templates`), the topics, and the documents made from the code."""

import json
import os
import sys
from pathlib import Path

import click

from services.cli.root import Command, Group, as_json, existing, show

SERVICES = ("blacklist", "credit-push", "notifier")
ERRORS_HEAD = """# Errors

Every refusal is `application/problem+json` (RFC 9457); `type` ends in the slug and opens a page
with this text. Made by `credit-blacklist errors`.

| slug | 说明 |
| --- | --- |"""


@click.group(cls=Group)
def catalogue() -> None:
    """名单规则与平台目录。"""


@catalogue.command("check")
@click.argument("files", nargs=-1, type=existing)
@as_json
def check_catalogues(files: tuple[Path, ...], machine: bool) -> None:
    """检查名单规则、平台目录数据文件和本站已发布的平台配置，逐条指出文件、位置和问题；写出文件名的，只检查这些平台文件。"""
    from services.blacklist.rules.queries import check_additions
    from services.blacklist.rules.queries import check_catalogue as check_rules
    from services.blacklist.settings import read_settings
    from services.credit_push.catalogue import SAMPLE_VALUES, check_catalogue, check_file

    added = read_settings(os.environ).common.data_dir / "rules"
    values = SAMPLE_VALUES | {name: value for name, value in os.environ.items() if name[:9] == "PLATFORM_"}
    found = (
        [problem for file in files for problem in check_file(file, values)]
        if files
        else [*check_rules(), *check_additions(added), *check_catalogue(), *_released()]
    )
    _told([str(each) for each in found], "规则与平台目录均无问题", machine)


def _released() -> list[str]:
    """What is wrong with the profiles this site has released, where there is a database of them."""
    from services.credit_push.app import released_faults
    from services.credit_push.settings import read_settings
    from shared.db.readiness import DatabaseNotReady, require_migrated

    settings = read_settings(os.environ)
    try:
        require_migrated(settings.common.db_url, "services.credit_push", "credit-push migrate")
    except DatabaseNotReady:
        return []
    return released_faults(settings)


@click.group(cls=Group)
def templates() -> None:
    """消息文字。"""


@templates.command("check")
@as_json
def check_templates(machine: bool) -> None:
    """检查消息文字：每类消息在每个渠道和语言都有文字；变量、写法和长度有误的，逐条指出文件和行。"""
    from services.notifier.proofing import check_texts

    _told(check_texts(), "消息文字均无问题", machine)


def _told(problems: list[str], fine: str, machine: bool) -> None:
    show(machine, {"problems": problems}, "\n".join(problems) or fine)
    sys.exit(1 if problems else 0)


@click.group(cls=Group)
def topics() -> None:
    """事件主题。"""


@topics.command("ensure")
@as_json
def topics_ensure(machine: bool) -> None:
    """在消息服务器上建立缺少的主题（SQL 事件日志无需建立）。"""
    from services.blacklist.settings import read_settings
    from shared.eventlog import ensure_topics

    ensure_topics(read_settings(os.environ).common.events_url)
    show(machine, {"ready": True}, "主题已就绪")


@click.command(cls=Command)
@click.argument("service", type=click.Choice(SERVICES))
def openapi(service: str) -> None:
    """输出一个服务的 OpenAPI 文档。"""
    click.echo(json.dumps(_spec(service), ensure_ascii=False, indent=1))


def _spec(service: str) -> object:
    if service == "blacklist":
        from services.blacklist import app as register
        from services.blacklist import settings as of_register

        return register.create_app(of_register.read_settings(os.environ)).spec
    if service == "credit-push":
        from services.credit_push import app as push
        from services.credit_push import settings as of_push

        return push.create_app(of_push.read_settings(os.environ)).spec
    from services.notifier import app as notices
    from services.notifier import settings as of_notices

    return notices.create_app(of_notices.read_settings(os.environ)).spec


@click.command(cls=Command)
@click.argument("service", type=click.Choice(SERVICES))
def asyncapi(service: str) -> None:
    """输出一个服务的 AsyncAPI 文档。"""
    from shared.contracts.schema_export import asyncapi as document

    click.echo(json.dumps(document(service), ensure_ascii=False, indent=1))


@click.command(cls=Command)
@as_json
def errors(machine: bool) -> None:
    """输出全部错误代码及说明（docs/errors.md 由此生成）。"""
    import services.blacklist.app
    import services.credit_push.app
    import services.notifier.app  # noqa: F401  each service describes its own
    from shared.errors import ERROR_PAGES

    rows = [f"| `{slug}` | {text} |" for slug, text in sorted(ERROR_PAGES.items())]
    show(machine, dict(ERROR_PAGES), "\n".join([ERRORS_HEAD, *rows]))
