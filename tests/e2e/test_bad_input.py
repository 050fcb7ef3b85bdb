"""Generated and mutated requests over all three OpenAPI documents: no 5xx, no undocumented answer."""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

CONFIG = Path(__file__).with_name("schemathesis.toml")
SUITE_SECONDS = 60
SECONDS = int(os.environ.get("SCHEMATHESIS_SECONDS", SUITE_SECONDS))
# What the issue demands. Acceptance of every generated filing is not among it: law is stricter than a schema.
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "negative_data_rejection,missing_required_header,unsupported_method"
)


ROUND_SECONDS = 600
"""A token lasts 15 minutes: a longer run signs in anew for each round."""
DOCUMENTS = {
    "blacklist": ("", "clerk"),
    "sign-in": ("", "reviewer"),
    "push": ("/push", "operator"),
    "notices": ("/notices", "operator"),
}
SIGN_IN_SHARE = 4
"""A few operations only, and each guess costs a slow hash: a quarter of the time."""


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, world, signed_in, tmp_path_factory
) -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    """What became of each document asked for. They are three services' own: their minutes go side by side."""
    asked = [
        item.callspec.params["document"] for item in request.session.items if item.path == Path(__file__)
    ]

    def ask(document: str, folder: Path) -> subprocess.CompletedProcess[str]:
        prefix, role = DOCUMENTS[document]
        address = f"{world.base}{prefix}/openapi.json"
        return in_rounds(document, address, lambda: signed_in(role).token, folder)

    with ThreadPoolExecutor(len(DOCUMENTS)) as pool:
        yield {document: pool.submit(ask, document, tmp_path_factory.mktemp(document)) for document in asked}


def in_rounds(
    document: str, address: str, token: Callable[[], str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """As long as asked for, until something is found; always the same requests in the suite."""
    seconds = SECONDS // SIGN_IN_SHARE if document == "sign-in" else SECONDS
    rounds = -(-seconds // ROUND_SECONDS) or 1
    for _ in range(rounds):
        seed = random.randrange(10**6) if SECONDS > SUITE_SECONDS else 1
        options = ["--max-time", str(max(1, seconds // rounds)), "--seed", str(seed), *part_of(document)]
        done = ask_wrongly(address, token(), folder, options)
        if done.returncode:
            break
    return done


def part_of(document: str) -> list[str]:
    """Signing out with the run's own token would only test 401 afterwards."""
    if document == "sign-in":
        return ["--include-path-regex", "/session", "--exclude-method", "DELETE"]
    return ["--exclude-path-regex", "/session"]


def ask_wrongly(
    address: str, token: str, folder: Path, options: list[str]
) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("schemathesis"))
    command = [program, "--config-file", str(CONFIG), "run", address]
    command += ["--header", f"Authorization: Bearer {token}", "--checks", CHECKS]
    command += ["--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure", "--no-color"]
    command += ["--suppress-health-check", "all", "--request-timeout", "60", "--warnings", "off", *options]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, timeout=SECONDS * 6 + 300, check=False
    )


@pytest.mark.longer
@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.timeout(SECONDS * 6 + 600)
def test_no_server_error_and_no_undocumented_answer(outcomes, document):
    done = outcomes[document].result()
    # The failures first: the summary after them grows with the number of operations.
    found = done.stdout.partition("FAILURES")[2] or done.stdout
    seed = done.args[done.args.index("--seed") + 1]
    assert done.returncode == 0, f"seed {seed}\n" + found[:8000] + done.stderr[-2000:]
