"""Everybody's menu holds exactly the sections they may enter: the navigation says what the routes say."""

from pathlib import Path

import pytest

from shared.web.site import NAVIGATION

MATRIX = Path(__file__).with_name("access.txt").read_text("utf-8")
WHO = {
    path: who.strip()
    for line in MATRIX.splitlines()
    if line.startswith("GET ")
    for path, who in [line.removeprefix("GET ").split(" | ")[:2]]
}


@pytest.mark.parametrize("item", NAVIGATION, ids=lambda item: item.url)
def test_a_menu_entry_is_shown_to_whom_its_page_admits(item):
    shown = "public" if item.roles is None else " ".join(sorted(item.roles)) or "signed-in"
    assert " ".join(sorted(WHO[item.url].split())) == shown
