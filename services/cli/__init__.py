"""`credit-blacklist`: the operator's tool, on DATA_DIR and the configured databases beside the services.

Exit codes: 0 done, 1 done with findings (rejected rows, problems, differences), 2 wrong use or refused,
3 a certificate checked without a trusted key, 130 broken off. docs/commands.md tells each command.
Commands import the services they need when they run. With `services/__main__.py` the only place that may
name two services.
"""

from services.cli.account import account
from services.cli.documents import asyncapi, catalogue, errors, openapi, templates, topics
from services.cli.imports import importing
from services.cli.log import verify_log
from services.cli.push import consumer_kit, reconcile, replay
from services.cli.register import export, reindex
from services.cli.root import Tool
from services.cli.signing import keys
from services.cli.witness import witness

COMMANDS = (
    importing, export, reindex, reconcile, replay, consumer_kit, verify_log, witness, account, keys,
    catalogue, templates, topics, openapi, asyncapi, errors,
)  # fmt: skip
main = Tool(
    "credit-blacklist",
    help="公共资源配置领域信用黑名单：运维工具。",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for each in COMMANDS:
    main.add_command(each)


def run() -> None:
    """Entry point."""
    main()
