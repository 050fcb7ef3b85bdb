"""`python -m tests.harness up --env-file F` starts a broker and a server and writes their addresses.

`down` ends what `up` started.
"""

import argparse
import json
import os
import shutil
import signal
from pathlib import Path

from tests.harness.broker import LocalKafka, find_broker
from tests.harness.database import LocalPostgres, find_server
from tests.harness.wait import until


def up(env_file: Path) -> None:
    """What the environment or Docker gives is used as it is; else local programs that outlive this one."""
    env_file.parent.mkdir(parents=True, exist_ok=True)
    ours: list[dict[str, object]] = []
    addresses = {"KAFKA_URL": _kafka(ours), "POSTGRES_URL": _postgres(ours)}
    env_file.write_text("".join(f"{name}={value}\n" for name, value in addresses.items()))
    _state(env_file).write_text(json.dumps(ours))
    print(env_file.read_text(), end="")


def _kafka(ours: list[dict[str, object]]) -> str:
    if os.environ.get("KAFKA_URL"):
        return find_broker().url
    kafka = LocalKafka()
    kafka.start(detached=True)
    ours.append(
        {"pid": kafka.program.process.pid, "signal": signal.SIGTERM, "directory": str(kafka.directory)}
    )
    return kafka.url


def _postgres(ours: list[dict[str, object]]) -> str:
    if os.environ.get("POSTGRES_URL"):
        return find_server().url
    server = LocalPostgres()
    server.start(detached=True)
    ours.append(
        {"pid": server.program.process.pid, "signal": signal.SIGINT, "directory": str(server.directory)}
    )
    return server.url


def down(env_file: Path) -> None:
    state = _state(env_file)
    if not state.exists():
        print("nothing was started")
        return
    for each in json.loads(state.read_text()):
        _end(each["pid"], each["signal"])
        shutil.rmtree(each["directory"], ignore_errors=True)
    state.unlink()
    env_file.unlink(missing_ok=True)


def _end(pid: int, with_signal: int) -> None:
    try:
        os.kill(pid, with_signal)
        until(lambda: not _lives(pid), 20.0, f"process {pid} to end")
    except ProcessLookupError:
        return
    except AssertionError:
        os.kill(pid, signal.SIGKILL)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _state(env_file: Path) -> Path:
    return env_file.with_name(env_file.name + ".state")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.harness", description=__doc__)
    parser.add_argument("command", choices=["up", "down"])
    parser.add_argument("--env-file", type=Path, default=Path("var/harness.env"))
    chosen = parser.parse_args()
    {"up": up, "down": down}[chosen.command](chosen.env_file)


if __name__ == "__main__":
    main()
