"""Papers carry every face they are set in, and print what those faces have."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from services.credit_push.papers import Paper, Section, as_pdf
from shared.crypto import KeyRing
from shared.typesetting import fonts


def told(program: str, content: bytes, *options: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    return subprocess.run([program, *options], input=content, capture_output=True, check=True).stdout.decode()


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    rare = next(chr(n) for n in range(0x3400, 0xFFEF) if fonts.face_of(chr(n)) == fonts.RARE)
    table = Section("各平台现状", ("平台", "状态"), [(f"泉州<信用>{rare}\U0002a6a5", "已入库")], (1, 1))
    empty = Section("推送经过", ("平台", "操作"), [], (1, 1))
    made = Paper("信用信息撤下证明", ["名单编号：示例"], [table, empty], {"kind": "withdrawn"})
    return as_pdf(made, KeyRing.create(tmp_path_factory.mktemp("keys") / "keys"))


def test_every_face_is_embedded(paper: bytes) -> None:
    listed = told("pdffonts", paper, "-").splitlines()[2:]
    assert listed
    assert {line.split()[-5] for line in listed} == {"yes"}, listed


def test_text_reads_as_written(paper: bytes) -> None:
    text = "".join(told("pdftotext", paper, "-", "-").split())
    assert "信用信息撤下证明" in text
    assert "泉州<信用>" in text
    assert fonts.GETA in text


def test_readers_of_pdf_find_the_signed_data(paper: bytes, tmp_path: Path) -> None:
    (tmp_path / "paper.pdf").write_bytes(paper)
    told("pdfdetach", b"", "-save", "1", "-o", f"{tmp_path}/found.json", f"{tmp_path}/paper.pdf")
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert found["document"] == {"kind": "withdrawn"}
    assert found["signature"]["algorithm"] == "ed25519"
