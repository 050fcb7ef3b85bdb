"""The page kit: complete, escaped, readable by everyone, and free of anything the policy would block."""

import hashlib
import json
import re

import pytest
from flask.testing import FlaskClient

from shared.web.pages import STATIC, TEMPLATES
from shared.web.pages.derive import SOURCE, TARGET, derived
from tests.contract.web.sample import make_app

HTML = {"Accept": "text/html"}
NASTY = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>{{7*7}}"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return make_app().test_client()


def text(answer) -> str:
    return answer.get_data(as_text=True)


def test_a_page_says_whose_it_is(client):
    page = text(client.get("/svc/", headers=HTML))
    assert '<html lang="zh-CN"' in page
    for name in ("SiteName", "SiteDomain", "SiteIDCode", "ColumnName"):
        assert f'<meta name="{name}" content="' in page
    for part in (
        "主办单位",
        "承办单位",
        "网站标识码",
        "ICP备",
        "公网安备",
        "联系方式",
        "网站地图",
        "跳到正文",
        'id="main-content"',
    ):
        assert part in page, part


def test_everything_is_escaped(client):
    page = text(client.get("/svc/", query_string={"text": NASTY}, headers=HTML))
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "49" not in re.findall(r'id="shown">(.*?)</p>', page)[0]
    assert page.count("&lt;script&gt;alert") > 10


def test_no_inline_script_or_style_and_every_script_has_the_nonce(client):
    answer = client.get("/svc/", headers=HTML)
    page = text(answer)
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])[1]
    scripts = re.findall(r"<script\b[^>]*>", page)
    assert scripts
    assert all(f'nonce="{nonce}"' in script and "src=" in script for script in scripts)
    assert not re.search(r"<[^>]*\sstyle=|<style|<[^>]*\son[a-z]+=", page)
    assert re.search(r"'nonce-([^']+)'", client.get("/svc/").headers["Content-Security-Policy"])[1] != nonce


def test_every_label_and_description_points_somewhere(client):
    page = text(client.get("/svc/", headers=HTML))
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    assert len(ids) == len(re.findall(r'\bid="([^"]+)"', page)), "ids are unique"
    assert set(re.findall(r'<label[^>]* for="([^"]+)"', page)) <= ids
    for described in re.findall(r'aria-describedby="([^"]+)"', page):
        assert set(described.split()) <= ids


def test_no_template_marks_anything_safe():
    for template in TEMPLATES.rglob("*.html"):
        assert not re.search(r"\|\s*safe|autoescape\s+false|Markup", template.read_text()), template


def test_someone_not_signed_in_is_taken_to_the_sign_in_page(client):
    answer = client.get("/svc/inner?a=1", headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=%2Fsvc%2Finner%3Fa%3D1"
    assert client.get("/svc/inner").status_code == 401, "programs get a problem document"


def test_someone_without_the_role_gets_a_page_not_a_redirect():
    client = make_app().test_client()
    client.set_cookie("credit_session", "auditor")
    answer = client.get("/svc/inner", headers=HTML)
    assert answer.status_code == 403
    assert "没有权限" in text(answer)
    assert "吴某" in text(answer), "and still sees who they are"


def test_refused_forms_come_back_with_what_was_wrong():
    client = make_app().test_client()
    client.set_cookie("credit_session", "clerk")
    own = {**HTML, "Sec-Fetch-Site": "same-origin"}
    page = client.post("/svc/inner", data={"text": ""}, headers=own)
    assert page.status_code == 422
    assert '<a href="#text">请填写。</a>' in text(page)
    assert 'id="text-error"' in text(page)
    assert client.post("/svc/inner", data={"text": "好"}, headers=own).status_code == 303
    bad = client.post("/svc/inner", data={"text": "a\x00"}, headers=own)
    assert bad.status_code == 422
    assert "不能使用的字符" in text(bad)


def test_missing_page_and_problem_pages_are_pages_for_people(client):
    missing = client.get("/svc/none", headers=HTML)
    assert missing.status_code == 404
    assert "没有找到" in text(missing)
    assert missing.headers["X-Request-Id"] in text(missing)
    assert client.get("/svc/api/v1/none", headers=HTML).content_type == "application/problem+json"


def test_the_elder_version_is_a_cookie():
    client = make_app().test_client()
    assert "cb-elder" not in text(client.get("/svc/", headers=HTML)).split("<head>")[0]
    turned = client.get("/svc/display?mode=elder&next=/svc/inner", headers=HTML)
    assert (turned.status_code, turned.headers["Location"]) == (303, "/svc/inner")
    assert "cb-elder" in text(client.get("/svc/", headers=HTML)).split("<head>")[0]
    client.get("/svc/display?mode=standard&next=//evil.example", headers=HTML)
    assert "cb-elder" not in text(client.get("/svc/", headers=HTML)).split("<head>")[0]
    assert client.get("/svc/display?mode=elder&next=//evil.example").headers["Location"] == "/svc/"


def test_vendored_files_are_what_was_published():
    vendor = STATIC / "vendor"
    listed = {}
    for package in json.loads((vendor / "vendored.json").read_text()):
        assert package["version"]
        assert package["licence"]
        assert any("LICENSE" in name for name in package["files"])
        listed |= package["files"]
    present = {path.name for path in vendor.iterdir()} - {"vendored.json"}
    assert present == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest, name


def test_the_style_sheet_is_the_vendored_one_without_its_faces():
    css = TARGET.read_text("utf-8")
    assert css == derived(SOURCE.read_text("utf-8"))
    assert "GDS" not in css
    assert "@font-face" not in css


def luminance(colour: str) -> float:
    full = colour if len(colour) == 7 else "#" + "".join(c * 2 for c in colour[1:])
    parts = [int(full[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("front", "back"),
    [
        ("--govuk-text-colour", "#ffffff"),
        ("--govuk-secondary-text-colour", "--cb-pale"),
        ("--govuk-link-colour", "--cb-pale"),
        ("--govuk-link-visited-colour", "#ffffff"),
        ("--govuk-error-colour", "#ffffff"),
        ("--cb-red", "#ffffff"),
        ("#ffffff", "--cb-blue"),
        ("#ffffff", "--cb-blue-deep"),
        ("#ffffff", "--cb-red"),
        ("#e7eefa", "--cb-blue-deep"),
        ("#d9e5f6", "--cb-blue"),
        ("#d9e5f6", "#174f97"),
        ("#dbe6f6", "--cb-blue-deep"),
        ("--govuk-focus-text-colour", "--govuk-focus-colour"),
    ],
)
def test_contrast_is_at_least_4_5(front, back):
    theme = (STATIC / "theme.css").read_text()
    colours = dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{3,6})", theme))
    assert contrast(colours.get(front, front), colours.get(back, back)) >= 4.5


def test_no_font_or_picture_of_others_is_asked_for():
    theme = (STATIC / "theme.css").read_text()
    assert "GDS" not in theme
    assert "url(" not in theme
