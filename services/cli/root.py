"""The tool's frame: one way to refuse (a sentence, code 2), to answer, to show progress, to read a file."""

import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from services.cli.chinese import refusal, speak_chinese
from shared.errors import DomainError
from shared.settings import SettingsError

speak_chinese()

REFUSED, BROKEN_OFF = 2, 130
REASONS = {
    errno.ENOENT: "文件或者目录不存在",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EISDIR: "是目录，不是文件",
    errno.ENOTDIR: "路径中有一段不是目录",
    errno.EEXIST: "文件已经存在",
    errno.ENOSPC: "磁盘已满",
    errno.EROFS: "只能读，不能写",
    errno.ENAMETOOLONG: "文件名过长",
    errno.ECONNREFUSED: "对方没有监听，连接被拒绝",
    errno.ECONNRESET: "连接被对方断开",
    errno.ETIMEDOUT: "连接超时",
}
Bar = Callable[[float, float | None], None]
"""Told how much is done, and of how much."""
as_json = click.option("--json", "machine", is_flag=True, help="输出 JSON，供脚本使用")
existing = click.Path(exists=True, dir_okay=False, path_type=Path)
writable = click.Path(dir_okay=False, path_type=Path)


class Command(click.Command):
    """A command whose usage line is Chinese."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"options_metavar": "[选项]"} | kwargs)


class Group(click.Group):
    """A group whose usage line, and those of its commands, are Chinese."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        named = {"options_metavar": "[选项]", "subcommand_metavar": "命令 [参数]..."}
        super().__init__(*args, **named | kwargs)


class Tool(Group):
    """The outermost group: what is refused below ends as a sentence on standard error, not as a trace."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """As click's, always to the end of the process."""
        try:
            code = super().main(*args, **extra | {"standalone_mode": False})
        except click.ClickException as error:
            _leave(refusal(error), error.exit_code if isinstance(error, click.UsageError) else REFUSED)
        except click.Abort:
            _leave("已中断。", BROKEN_OFF)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except Exception as error:
            told = sentence(error)
            if told is None:
                raise
            _leave(told, REFUSED)
        sys.exit(code if isinstance(code, int) else 0)


def _leave(told: str, code: int) -> None:
    click.echo(told, err=True)
    sys.exit(code)


def sentence(error: Exception) -> str | None:
    """What an operator is told of this error; None where it is a fault of the program."""
    place, name = type(error).__module__.partition(".")[0], type(error).__name__
    if isinstance(error, DomainError):
        return _domain(error)
    if isinstance(error, SettingsError) or name == "DatabaseNotReady":
        return str(error)
    if place == "kafka":
        return f"消息服务器连接不上或不能使用（{name}），请核对 EVENTS_URL。"
    if place == "sqlalchemy" and name == "OperationalError":
        return "数据库连接不上、正忙或不能读写，请核对 DATA_DIR 和数据库地址，稍后再试。"
    if isinstance(error, OSError):
        return f"{error.filename or '系统'}：{reason(error)}。"
    return None


def _domain(error: DomainError) -> str:
    told = error.told
    if not told.startswith(error.title):
        told = f"{error.title}：{told}" if told else f"{error.title}。"
    fields = "；".join(each.message for each in error.fields if each.message not in told)
    return f"{told}（{fields}）" if fields else told


def reason(error: OSError) -> str:
    """Why, in Chinese; what stands behind an address that does not answer is looked up too."""
    code = getattr(error, "code", None)
    if code is not None:
        return f"对方答复 HTTP {code}"
    inner = getattr(error, "reason", error)
    number = inner.errno if isinstance(inner, OSError) else None
    if isinstance(inner, TimeoutError):
        return "连接超时"
    return REASONS.get(number or 0, f"不能读写或连接（{type(inner).__name__}）")


def show(machine: bool, document: dict[str, Any], text: str) -> None:
    """The answer: for a script, or for people."""
    told = json.dumps(document, ensure_ascii=False, default=str) if machine else text
    click.echo(told.encode("utf-8", "backslashreplace"))


@contextmanager
def progress(label: str, machine: bool) -> Iterator[Bar]:
    """A bar on standard error where a person looks at a terminal; else nothing is shown."""
    if machine or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def read_json(path: Path, what: str) -> dict[str, Any]:
    """A JSON object out of a file; a sentence for anything else."""
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{what} {path} 不是 UTF-8 文本。") from error
    except json.JSONDecodeError as error:
        place = f"第 {error.lineno} 行第 {error.colno} 列"
        raise click.UsageError(f"{what} {path} 不是合法的 JSON（{place}）。") from error
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{what} {path} 不是合法的 JSON。") from error
    if not isinstance(found, dict):
        raise click.UsageError(f"{what} {path} 应为一个 JSON 对象。")
    return found
