"""The operator's tool beside a service's data: files of cases, export, reconciliation, pushing again."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.blacklist.app import open_deps
from services.blacklist.cases.domain.layout import penalty_layout
from services.blacklist.register.usecases import import_listings
from services.blacklist.sample import load_sample_world
from services.blacklist.settings import read_settings
from services.cli import main, run
from services.credit_push.app import open_deps as open_push
from services.credit_push.settings import read_settings as read_push
from shared.db import migrate
from shared.identifiers import make_uscc

PENALTY = {
    "行政相对人名称": "石家庄样例表格有限公司",
    "行政相对人类别": "法人及非法人组织",
    "行政相对人代码_1（统一社会信用代码）": make_uscc("91130102", 7),
    "行政处罚决定书文号": "长住建罚〔2026〕77号",
    "违法行为类型": "弄虚作假",
    "违法事实": "提供虚假材料。",
    "处罚依据": "《招标投标法》第五十四条",
    "处罚类别": "罚款",
    "处罚内容": "罚款1.2万元。",
    "罚款金额（万元）": "1.2",
    "处罚决定日期": "2026-01-05",
    "处罚机关": "石家庄市长安区住房和城乡建设局",
}
HISTORY = {
    "list_code": "public-resource-blacklist",
    "domain": "engineering-tendering",
    "region": "130102",
    "subject": {"type": "organization", "name": "石家庄样例旧有限公司", "uscc": make_uscc("91130102", 8)},
    "document": {"kind": "penalty-decision", "number": "旧1号", "organ": "样例局", "date": "2026-01-05"},
    "published_on": "2026-01-06",
    "publicity_ends_on": "2099-01-06",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    deps, push = (
        open_deps(read_settings({"DATA_DIR": str(tmp_path)})),
        open_push(read_push({"DATA_DIR": str(tmp_path)})),
    )
    migrate(str(deps.db.engine.url), "services.blacklist")
    migrate(str(push.db.engine.url), "services.credit_push")
    load_sample_world(deps.db, clock=deps.clock, data_dir=tmp_path)
    yield tmp_path
    deps.db.close()
    push.db.close()


def tool(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def sheet(folder: Path, *rows: dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [column.label for column in penalty_layout().columns], restval="")
    writer.writeheader()
    writer.writerows(rows)
    file = folder / "penalties.csv"
    file.write_text(text.getvalue(), "utf-8")
    return str(file)


def test_a_file_of_cases_is_checked_and_filed_only_when_confirmed(folder: Path) -> None:
    file = sheet(folder, PENALTY, PENALTY | {"处罚决定日期": "昨天", "行政处罚决定书文号": "78号"})
    checked = tool("import", "cases", file, "--as", "changan-clerk")
    assert checked.exit_code == 1
    assert "W3（处罚决定日期）：" in checked.output
    assert "可录入 1 行，有误 1 行，已录入 0 行" in checked.output
    filed = tool("import", "cases", file, "--as", "changan-clerk", "--confirm", "--json")
    assert json.loads(filed.output)["filed_rows"] == 1
    again = tool("import", "cases", file, "--as", "changan-clerk", "--confirm", "--json")
    assert json.loads(again.output)["filed_rows"] == 0
    assert tool("import", "cases", file, "--as", "changan-decider").exit_code == 2


def test_the_register_is_exported_as_it_is_downloaded(folder: Path) -> None:
    deps = open_deps(read_settings({"DATA_DIR": str(folder)}))
    import_listings(deps.db, deps.clock, deps.keyring, [json.dumps(HISTORY).encode()])
    deps.db.close()
    assert tool("export", str(folder / "out.ndjson")).exit_code == 0
    (line,) = (folder / "out.ndjson").read_text("utf-8").splitlines()
    assert json.loads(line)["name"] == "石家庄样例旧有限公司"


def test_reconciliation_is_asked_of_every_platform_pushed_to(folder: Path) -> None:
    asked = tool("reconcile", "--wait", "0", "--json")
    assert asked.exit_code == 1
    runs = {run["platform"]: run["state"] for run in json.loads(asked.output)["runs"]}
    assert runs["credit-shijiazhuang"] == "waiting"
    assert "credit-fujian" not in runs
    assert tool("reconcile", "nowhere").exit_code != 0


def test_pushing_again_needs_to_know_what(folder: Path) -> None:
    assert tool("replay").exit_code == 2
    assert tool("replay", "--dead").output == "重推 0 条\n"
    assert tool("replay", "no-such-delivery").exit_code != 0


COMMANDS = [
    ["verify-log"],
    ["reconcile"],
    ["replay", "--dead"],
    ["account", "disable", "x", "--reason", "x"],
]


def run_tool(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["credit-blacklist", *words])
    with pytest.raises(SystemExit) as left:
        run()
    return int(left.value.code or 0)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_missing_database_is_one_line_and_nothing_is_made(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "none"))
    assert run_tool(monkeypatch, *words) == 2
    told = capsys.readouterr().err.strip()
    assert "数据库还没有建立" in told
    assert "migrate" in told
    assert "\n" not in told
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("content", [b"", b"this is no database, whatever its name may say" * 99])
def test_a_database_that_is_not_ready_is_one_line(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    (tmp_path / "blacklist.db").write_bytes(content)
    assert run_tool(monkeypatch, "verify-log") == 2
    told = capsys.readouterr().err.strip()
    assert "blacklist migrate" in told
    assert "\n" not in told


def test_documents_come_without_warnings(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "openapi", "credit-push"],
        env=os.environ | {"DATA_DIR": str(tmp_path)},
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert done.stderr == b""
    assert json.loads(done.stdout)["openapi"].startswith("3.")
