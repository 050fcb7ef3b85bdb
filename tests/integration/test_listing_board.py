"""The sheet of public listings for a notice board: organisations of the place, on the page and as PDF."""

import subprocess

import pytest

from services.blacklist.app import create_app
from services.blacklist.settings import read_settings
from services.blacklist.web.board import newest, paper
from tests.integration.register_world import make_world, organisation

pytestmark = pytest.mark.tables("services.blacklist")
NAME = "石家庄示例公开栏有限公司"


@pytest.fixture
def world(any_db, clock, tmp_path):
    made = make_world(any_db, clock, tmp_path)
    made.publish(organisation(NAME, 1))
    return made


@pytest.fixture
def app(world, tmp_path):
    return create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps)


def test_the_sheet_names_what_is_public_in_the_place(app):
    client = app.test_client()
    shown = client.get("/listing-board?region=130102")
    assert shown.status_code == 200
    assert NAME in shown.text
    assert "应当及时撤下" in shown.text
    assert NAME not in client.get("/listing-board?region=350524").text
    odd = client.get("/listing-board", query_string={"region": "<b>", "domain": "x"})
    assert odd.status_code == 200
    assert "<b>" not in odd.text
    assert "不存在" in odd.text


def test_the_sheet_comes_as_pdf_for_those_who_hang_it_up(app, world):
    assert app.test_client().get("/listing-board.pdf").status_code in (303, 401)
    with app.test_request_context("/listing-board.pdf?region=130102"):
        rows, more, _ = newest(world.deps)
        content = paper(rows, more, world.clock.today())
    told = subprocess.run(
        ["pdftotext", "-", "-"], input=content, capture_output=True, check=True
    ).stdout.decode()
    assert "公开栏" in told
    assert "91130102000000019M" in told.replace("\n", "")
