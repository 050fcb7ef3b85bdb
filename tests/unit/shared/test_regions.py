"""Divisions with their vintages: current, abolished, renamed."""

from datetime import date

import pytest

from shared.regions import UnknownRegion, all_regions, full_name, is_known, parents, region, within


@pytest.mark.parametrize(
    ("code", "name", "level"),
    [
        ("000000", "全国", "nation"),
        ("130102", "长安区", "county"),
        ("350524", "安溪县", "county"),
        ("210000", "辽宁省", "province"),
        ("330113", "临平区", "county"),
        ("330114", "钱塘区", "county"),
        ("460400", "儋州市", "city"),
    ],
)
def test_known(code, name, level):
    assert (region(code).name, region(code).level) == (name, level)


@pytest.mark.parametrize(
    ("code", "successor"),
    [
        ("371200", "370100"),
        ("350427", "350405"),
        ("330103", "330105"),
        ("330104", "330102"),
        ("220381", "220184"),
    ],
)
def test_abolished_codes_know_their_successor(code, successor):
    gone = region(code)
    assert gone.valid_to is not None
    assert gone.successor == successor
    assert is_known(successor)


def test_validity_on_a_day():
    assert region("371200", date(2015, 6, 1)).name == "莱芜市"
    with pytest.raises(UnknownRegion, match="无效"):
        region("371200", date(2022, 1, 1))
    with pytest.raises(UnknownRegion):
        region("330113", date(2020, 1, 1))
    assert region("130502", date(2015, 1, 1)).name == "桥东区"
    assert region("130502", date(2024, 1, 1)).name == "襄都区"
    with pytest.raises(UnknownRegion, match="不存在"):
        region("999999")


def test_chains():
    assert parents("130102") == ["130100", "130000", "000000"]
    assert parents("210000") == ["000000"]
    assert parents("000000") == []
    assert within("130102", "130000")
    assert within("130102", "130102")
    assert within("130102", "000000")
    assert not within("130102", "130200")
    assert not within("130000", "130100")


def test_every_entry_is_sound():
    for entry in all_regions():
        assert entry.code == "000000" or parents(entry.code)[-1] == "000000"
    assert sum(1 for _ in all_regions()) > 3200
    assert {r.code for r in all_regions(date(2010, 6, 1))} > {"371200", "350427", "330103"}


def test_full_names():
    assert full_name("130102") == "河北省石家庄市长安区"
    assert full_name("110101") == "北京市东城区"
    assert full_name("429004") == "湖北省仙桃市"
