"""`credit-push sandbox`: the stand-in platforms under one gunicorn worker with many threads."""

import argparse
import os
import sys
from collections.abc import Sequence

from services.credit_push.sandbox.settings import ProductionRefused, SandboxSettings, read_sandbox

THREADS = 96  # a request that hangs on purpose holds one for its time


def command(settings: SandboxSettings) -> list[str]:
    """The gunicorn call; one worker, because faults and loops live in the process."""
    options = {
        "--bind": f"{settings.host}:{settings.port}",
        "--workers": "1",
        "--worker-class": "gthread",
        "--threads": str(THREADS),
        "--timeout": "60",
        "--graceful-timeout": "3",
        "--keep-alive": "30",
        "--log-level": "warning",
    }
    flat = [word for pair in options.items() for word in pair]
    return [sys.executable, "-m", "gunicorn", *flat, "--no-control-socket",
            "services.credit_push.sandbox.app:serve()"]  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Become the server; returns only where it refuses to start (2)."""
    argparse.ArgumentParser(prog="credit-push sandbox", description=__doc__).parse_args(argv)
    try:
        settings = read_sandbox(os.environ)
    except ProductionRefused as error:
        print(error, file=sys.stderr)  # noqa: T201  the only thing to say before ending
        return 2
    words = command(settings)
    os.execv(words[0], words)  # noqa: S606  our own words, no shell
    return 0


if __name__ == "__main__":
    sys.exit(main())
