"""Names: how they are cut, what they sound like, which grams they share, and how alike they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.blacklist.register.domain.names import (
    calibrated,
    compare,
    compare_sound,
    full_key,
    grams_of,
    name_record,
    same_writing,
    split,
    split_name,
)
from services.blacklist.register.domain.names.damaged import mended
from services.blacklist.register.domain.names.edits import edits
from services.blacklist.register.domain.names.sound import sound
from tests.harness.signs import SIGNS

BASE = "石家庄鑫源贸易有限公司"


@pytest.mark.parametrize(
    ("name", "region", "brand", "trade", "form"),
    [
        (BASE, "石家庄", "鑫源", "贸易", "有限公司"),
        ("鑫源贸易（石家庄）有限公司", "石家庄", "鑫源", "贸易", "有限公司"),
        ("鑫源（石家庄市长安区）贸易有限公司", "石家庄市长安区", "鑫源", "贸易", "有限公司"),
        ("石家庄市长安区老王烧烤店", "石家庄市长安区", "老王", "烧烤", "店"),
        ("长安区鑫源商行", "长安区", "鑫源", "", "商行"),
        ("安溪铁观音茶业有限公司", "安溪", "铁观音", "茶业", "有限公司"),
        ("石家庄永兴贸易有限公司", "石家庄", "永兴", "贸易", "有限公司"),
        ("永兴贸易有限公司", "", "永兴", "贸易", "有限公司"),
        ("北京鑫源建筑工程有限公司石家庄分公司", "北京石家庄", "鑫源", "建筑工程", "有限公司分公司"),
        ("上海虹桥咨询中心（有限合伙）", "上海", "虹桥", "", "咨询中心有限合伙"),
        ("咸阳市乾县先维食品有限公司", "咸阳市干县", "先维", "食品", "有限公司"),
        ("某公司", "", "某公司", "", ""),
        ("有限公司", "", "有限公司", "", ""),
    ],
)
def test_parts(name: str, region: str, brand: str, trade: str, form: str) -> None:
    parts = split_name(name)
    assert (parts.region, parts.brand, parts.trade, parts.form) == (region, brand, trade, form)


@given(st.text(SIGNS, max_size=40))
def test_no_sign_is_lost_and_a_core_stays(name: str) -> None:
    key = full_key(name)
    parts = split(key)
    assert sorted("".join(parts[:4])) == sorted(key)
    assert bool(parts.core) == bool(key)


@given(st.text(SIGNS, max_size=200))
def test_any_text_makes_a_record(name: str) -> None:
    record = name_record(name)
    assert all(gram and " " not in gram for gram in record.grams)


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("重庆商行", "chongqingshanghang", "cqsh"),
        ("厦门鑫源", "xiamenxinyuan", "xmxy"),
        ("abc贸易", "abcmaoyi", "abcmy"),
    ],
)
def test_sound(name: str, full: str, initials: str) -> None:
    assert sound(name) == (full, initials)


@pytest.mark.parametrize("at", range(7))
@pytest.mark.parametrize("change", ["换", ""])
def test_names_one_sign_apart_share_a_rare_gram(at: int, change: str) -> None:
    other = BASE[:at] + change + BASE[at + 1 :]
    shared = set(name_record(BASE).grams) & set(grams_of(split_name(other), full_key(other)))
    assert shared - {"石家庄", "※鑫源"}


@pytest.mark.parametrize(
    ("asked", "why", "at_least"),
    [
        ("石家庄鑫源贸易", ("名称主体相同", "省略地名或组织形式"), 0.97),
        ("鑫源贸易石家庄有限公司", ("名称主体相同", "地名位置不同"), 0.98),
        ("鑫源贸易", ("省略地名或组织形式",), 0.9),
        ("石家庄鑫圆贸易有限公司", ("一字之差：圆→源", "同音字"), 0.8),
        ("石家庄鑫贸易有限公司", ("一字之差：少“源”",), 0.7),
        ("石家庄鑫源源贸易有限公司", ("一字之差：多“源”",), 0.7),
        ("石家庄鑫源贸易商行", ("名称主体相同", "组织形式不同"), 0.9),
    ],
)
def test_reasons(asked: str, why: tuple[str, ...], at_least: float) -> None:
    likeness = compare(split_name(asked), split_name(BASE))
    assert likeness.why == why
    assert at_least <= likeness.raw < 1


def test_another_brand_in_the_same_place_and_trade_is_far() -> None:
    assert compare(split_name("石家庄宏达贸易有限公司"), split_name(BASE)).raw < 0.55


def test_pinyin_is_compared_as_written_and_in_order() -> None:
    moved = "鑫源贸易（石家庄）有限公司"
    for letters in ("xinyuanmaoyishijiazhuangyouxiangongsi", "shijiazhuangxinyuanmaoyi", "xinyuanmaoyi"):
        assert compare_sound(letters, split_name(moved), full_key(moved)).why == ("拼音",)
    assert compare_sound("sjzxymy", split_name(BASE), full_key(BASE)).why == ("拼音首字母",)
    assert compare_sound("wuguan", split_name(BASE), full_key(BASE)).raw == 0


@given(st.text("甲乙丙丁", max_size=6), st.text("甲乙丙丁", min_size=1, max_size=6))
def test_edits_measure_a_distance(one: str, other: str) -> None:
    found = edits(one, other, [1.0] * len(other))
    assert (found.signs == 0) == (one == other)
    assert found.signs <= max(len(one), len(other))


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_score_rises_with_the_likeness(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= calibrated(low) <= calibrated(high) <= 1000


def test_writings_are_told_apart() -> None:
    assert same_writing("ABC（石家庄）", "ABC（石家庄）") == ()
    assert same_writing("ＡＢＣ(石家庄)", "ABC（石家庄）") == ("全半角或标点不同",)
    assert same_writing("石家莊", "石家庄") == ("繁简",)


@pytest.mark.parametrize(
    ("asked", "place", "core"),
    [
        ("石家妆鑫源贸易有限公司", "1301", "鑫源贸易"),
        ("石家鑫源贸易有限公司", "1301", "鑫源贸易"),
        ("珠旺市阿张记建材经营部", "4404", "阿张记建材"),
        ("芜湖市鸠江年川光建材经营部", "3402", "川光建材"),
        ("润州市吴中区盛金家庭农场", "3205", "盛金"),
        ("镇江情丹阳市善强广告制作部", "3211", "善强广告"),
    ],
)
def test_a_place_with_a_wrong_or_a_missing_sign_is_read_as_the_one_that_was_meant(asked, place, core):
    assert (place, core) in mended(split_name(asked))


@pytest.mark.parametrize("asked", ["石家庄鑫源建材有限公司", "鑫源贸易有限公司", "", "一", "某某", "北京"])
def test_an_undamaged_question_has_no_other_readings(asked):
    assert mended(split_name(asked)) == []


def test_a_sign_missing_in_the_brand_is_nearer_than_another_city():
    asked = split_name("新乡市小杨便利店")
    meant, elsewhere = split_name("新乡市小杨家便利店"), split_name("信阳市小杨便利店")
    assert compare(asked, meant).raw > compare(asked, elsewhere).raw
    assert compare(asked, split_name("新香市小杨便利店")).raw > compare(asked, meant).raw
