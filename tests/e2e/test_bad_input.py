"""Generated and mutated requests over all three OpenAPI documents: no 5xx, no undocumented answer."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

CONFIG = Path(__file__).with_name("schemathesis.toml")
SECONDS = int(os.environ.get("SCHEMATHESIS_SECONDS", "60"))
# What the issue demands. Acceptance of every generated filing is not among it: law is stricter than a schema.
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "negative_data_rejection,missing_required_header,unsupported_method"
)


DOCUMENTS = {"blacklist": ("", "clerk"), "push": ("/push", "operator"), "notices": ("/notices", "operator")}


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, world, signed_in, tmp_path_factory
) -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    """What became of each document asked for. They are three services' own: their minutes go side by side."""
    asked = {
        item.callspec.params["document"] for item in request.session.items if item.path == Path(__file__)
    }
    tokens = {document: signed_in(DOCUMENTS[document][1]).token for document in asked}
    with ThreadPoolExecutor(len(DOCUMENTS)) as pool:
        yield {
            document: pool.submit(
                ask_wrongly,
                f"{world.base}{DOCUMENTS[document][0]}/openapi.json",
                token,
                tmp_path_factory.mktemp(document),
            )
            for document, token in tokens.items()
        }


def ask_wrongly(document: str, token: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "--config-file",
        str(CONFIG),
        "run",
        document,
    ]
    command += ["--header", f"Authorization: Bearer {token}", "--checks", CHECKS]
    command += ["--phases", "examples,coverage,fuzzing,stateful", "--max-time", str(SECONDS), "--seed", "1"]
    # Signing out with the run's own token would only test 401 afterwards.
    command += ["--exclude-path-regex", "/session", "--continue-on-failure", "--no-color"]
    command += ["--suppress-health-check", "all", "--request-timeout", "60", "--warnings", "off"]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, timeout=SECONDS * 6 + 300, check=False
    )


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.timeout(SECONDS * 6 + 600)
def test_no_server_error_and_no_undocumented_answer(outcomes, document):
    done = outcomes[document].result()
    # The failures first: the summary after them grows with the number of operations.
    found = done.stdout.partition("FAILURES")[2] or done.stdout
    assert done.returncode == 0, found[:8000] + done.stderr[-2000:]
