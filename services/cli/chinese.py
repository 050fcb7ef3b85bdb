"""What click itself says, in Chinese: its messages go through `gettext`, for which it has no Chinese."""

from typing import Any

import click

WORDS = {
    "Usage:": "用法：",
    "Options": "选项",
    "Positional arguments": "参数",
    "Commands": "命令",
    "Error: {message}": "错误：{message}",
    "Aborted!": "已中断。",
    "Show this message and exit.": "显示本帮助。",
    "Try '{command} {option}' for help.": "用 '{command} {option}' 查看帮助。",
    "Missing command.": "请写明子命令。",
    "No such option {name!r}.": "没有选项 {name!r}。",
    "No such command {name!r}.": "没有命令 {name!r}。",
    "Did you mean {possibility}?": "是不是 {possibility}？",
    "(Did you mean one of: {possibilities}?)": "是不是其中之一：{possibilities}？",
    "Got unexpected extra argument ({args})": "多余的参数：{args}",
    "Got unexpected extra arguments ({args})": "多余的参数：{args}",
    "Invalid value: {message}": "参数有误：{message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} 有误：{message}",
    "Option {name!r} does not take a value.": "选项 {name!r} 后面不写值。",
    "Option {name!r} requires an argument.": "选项 {name!r} 后面须写一个值。",
    "Option {name!r} requires {nargs} arguments.": "选项 {name!r} 后面须写 {nargs} 个值。",
    "Argument {name!r} takes {nargs} values.": "参数 {name!r} 须写 {nargs} 个值。",
    "Choose from:\n\t{choices}": "可选：\n\t{choices}",
    "{value!r} is not {choice}.": "{value!r} 应为 {choice}。",
    "{value!r} is not one of {choices}.": "{value!r} 不在可选范围：{choices}。",
    "{value!r} is not a valid {number_type}.": "{value!r} 不是{number_type}。",
    "{value} is not in the range {range}.": "{value} 不在范围 {range} 之内。",
    "{name} {filename!r} does not exist.": "{name} {filename!r} 不存在。",
    "{name} {filename!r} is a file.": "{filename!r} 是文件，应为{name}。",
    "{name} {filename!r} is a directory.": "{filename!r} 是目录，应为{name}。",
    "{name} {filename!r} is not readable.": "{name} {filename!r} 不能读取，请核对权限。",
    "{name} {filename!r} is not writable.": "{name} {filename!r} 不能写入，请核对权限。",
    "env var: {var}": "环境变量：{var}",
    "default: {default}": "默认：{default}",
    "required": "必填",
    "file": "文件",
    "directory": "目录",
    "path": "路径",
}
KINDS = {"argument": "参数", "option": "选项"}
TYPES: dict[click.ParamType[Any], str] = {
    click.STRING: "文字",
    click.INT: "整数",
    click.FLOAT: "数字",
    click.BOOL: "是或否",
}


def _word(text: str) -> str:
    return WORDS.get(text, text)


def _words(one: str, many: str, count: int) -> str:
    return _word(one if count == 1 else many)


def speak_chinese() -> None:
    """Every module of click asks its own `_` and `ngettext`; theirs become ours."""
    for module in (
        click.core,
        click.decorators,
        click.exceptions,
        click.formatting,
        click.parser,
        click.types,
    ):
        for name, ours in (("_", _word), ("ngettext", _words)):
            if hasattr(module, name):
                setattr(module, name, ours)
    for kind, name in TYPES.items():
        type(kind).name = name
    click.IntRange.name, click.FloatRange.name, click.Choice.name = "整数", "数字", "选项"


def refusal(error: click.ClickException) -> str:
    """What is wrong, with the usage where the words were wrong."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    lines = []
    if isinstance(error, click.UsageError) and error.ctx is not None:
        path, names = error.ctx.command_path, error.ctx.help_option_names
        lines = [error.ctx.get_usage(), f"用 '{path} {max(names, key=len)}' 查看帮助。", ""]
    return "\n".join([*lines, f"错误：{_message(error)}"])


def _message(error: click.ClickException) -> str:
    if not isinstance(error, click.MissingParameter) or error.param is None:
        return error.format_message()
    choices = error.param.type.get_missing_message(error.param, error.ctx)
    missing = f"缺少{KINDS.get(error.param.param_type_name, '')} {error.param.get_error_hint(error.ctx)}。"
    return missing + (choices or "")
