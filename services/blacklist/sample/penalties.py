"""Made-up penalties in the 双公示 layout: the same region and domain always give the same rows.

Natural persons and some legal representatives carry made-up resident numbers (`canary_numbers`), which
must never be found outside sealed storage and the sandbox: do not write workbooks under DATA_DIR.
"""

import random
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter

from services.blacklist.cases.domain.layout import penalty_layout
from services.blacklist.sample.world import department_entries
from shared.identifiers import make_resident_id, make_uscc

DATA = Path(__file__).parent / "data"
LIST_CODE = "penalty-publication"
PERSON_EVERY, TRADER_EVERY, REPRESENTATIVE_ID_EVERY = 20, 7, 15
FIRST_SERIAL = 700_000
STANDARD_COLUMNS = 30
Row = dict[str, str]


@dataclass(frozen=True)
class SampleBatch:
    """One workbook: what to import where, and how many rows."""

    region: str
    domain: str
    rows: int
    list_code: str = LIST_CODE


def sample_batches() -> tuple[SampleBatch, ...]:
    """All batches, 200 rows together."""
    return tuple(SampleBatch(each["region"], each["domain"], each["rows"]) for each in _material()["batch"])


def canary_numbers() -> tuple[str, ...]:
    """Every resident number in the sample rows."""
    day = date(2026, 1, 5)
    rows = [
        row for batch in sample_batches() for row in sample_rows(batch.region, batch.domain, batch.rows, day)
    ]
    return tuple(row[column] for row in rows for column in ("CF_XDR_ZJHM", "CF_FR_ZJHM") if row.get(column))


def write_sample_penalties(
    path: Path, region: str, rows: int, *, domain: str = "engineering-tendering", today: date
) -> None:
    """A workbook of so many rows; decisions are dated in the week before `today`."""
    columns = [(column.code, column.label) for column in penalty_layout().columns[:STANDARD_COLUMNS]]
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("行政处罚")
        for at, (_, label) in enumerate(columns):
            sheet.write_string(0, at, label)
        for line, row in enumerate(sample_rows(region, domain, rows, today), 1):
            for at, (code, _) in enumerate(columns):
                sheet.write_string(line, at, row.get(code, ""))


def sample_rows(region: str, domain: str, rows: int, today: date) -> list[Row]:
    """Fields by code; empty ones are left out."""
    chance = random.Random(f"{region} {domain}")  # noqa: S311  determinism is wanted, not secrecy
    offset = FIRST_SERIAL + _batch_offset(region, domain)
    return [
        _party(region, serial, chance) | _decision(region, domain, serial, chance, today) | _offices(region)
        for serial in range(offset, offset + rows)
    ]


def _batch_offset(region: str, domain: str) -> int:
    """Serials of different batches never meet, however many rows are asked for (below 10,000)."""
    keys = [(batch.region, batch.domain) for batch in sample_batches()]
    return 10_000 * (keys.index((region, domain)) if (region, domain) in keys else len(keys))


def _party(region: str, serial: int, chance: random.Random) -> Row:
    if serial % PERSON_EVERY == 3:
        return _person(region, serial, chance)
    if serial % TRADER_EVERY == 2:
        return _trader(region, serial, chance)
    return _organization(region, serial, chance)


def _person(region: str, serial: int, chance: random.Random) -> Row:
    return {
        "CF_XDR_MC": _person_name(chance), "CF_XDR_LB": "自然人", "CF_XDR_ZJLX": "身份证",
        "CF_XDR_ZJHM": _resident_id(region, serial),
    }  # fmt: skip


def _trader(region: str, serial: int, chance: random.Random) -> Row:
    name = f"{_place(region)['name']}样例{_brand(chance)}{chance.choice(_material()['names']['traders'])}"
    return {
        "CF_XDR_MC": name, "CF_XDR_LB": "个体工商户", "CF_XDR_SHXYM": make_uscc(f"92{region}", serial),
        "CF_FRDB": _person_name(chance),
    }  # fmt: skip


def _organization(region: str, serial: int, chance: random.Random) -> Row:
    kind = chance.choice(_material()["names"]["organizations"])
    row = {
        "CF_XDR_MC": f"{_place(region)['name']}样例{_brand(chance)}{kind}", "CF_XDR_LB": "法人及非法人组织",
        "CF_XDR_SHXYM": make_uscc(f"91{region}", serial), "CF_FRDB": _person_name(chance),
    }  # fmt: skip
    if serial % REPRESENTATIVE_ID_EVERY == 4:
        row |= {"CF_FR_ZJLX": "身份证", "CF_FR_ZJHM": _resident_id(region, serial)}
    return row


def _decision(region: str, domain: str, serial: int, chance: random.Random, today: date) -> Row:
    act = chance.choice(
        [each for each in _material()["act"] if each["domain"] == domain] or _material()["act"]
    )
    day = today - timedelta(days=chance.randint(1, 6))
    return {
        "CF_WSH": f"{_place(region)['mark']}罚〔{day.year}〕样{serial}号", "CF_WFXW": act["category"],
        "CF_SY": act["facts"], "CF_YJ": act["basis"], "CF_CFLB": act["penalty"], "CF_JDRQ": day.isoformat(),
        **_amounts(act["penalty"], chance),
    }  # fmt: skip


def _amounts(penalty: str, chance: random.Random) -> Row:
    """Amounts in 万元: 2000元 is 0.2."""
    fine, taken = f"{chance.randint(2, 60) / 10:.1f}", f"{chance.randint(1, 30) / 10:.1f}"
    if "罚款" not in penalty:
        return {"CF_NR": "给予警告，责令改正"}
    if "没收" not in penalty:
        return {"CF_NR": f"处罚款{fine}万元", "CF_NR_FK": fine}
    return {"CF_NR": f"没收违法所得{taken}万元，并处罚款{fine}万元", "CF_NR_FK": fine, "CF_NR_WFFF": taken}


@cache
def _offices(region: str) -> Row:
    office = next(each for each in department_entries() if each["code"] == f"{region}-housing")
    return {
        "CF_CFJG": office["name"], "CF_CFJGDM": office["uscc"], "CF_SJLY": office["name"],
        "CF_SJLYDM": office["uscc"],
    }  # fmt: skip


def _resident_id(region: str, serial: int) -> str:
    born = date(1960, 1, 1) + timedelta(days=serial % 14_000)
    return make_resident_id(_place(region)["people"], born, serial % 1000)


def _brand(chance: random.Random) -> str:
    return "".join(_picked(chance, _material()["names"]["brands"], 3))


def _person_name(chance: random.Random) -> str:
    names = _material()["names"]
    given: str = names["given"]
    at = chance.randrange(len(given) // 2) * 2
    surname: str = chance.choice(names["surnames"])
    return surname + given[at : at + 2]


def _picked(chance: random.Random, signs: Sequence[str], count: int) -> Iterator[str]:
    return (chance.choice(signs) for _ in range(count))


def _place(region: str) -> dict[str, str]:
    place: dict[str, str] = _material()["places"][region]
    return place


@cache
def _material() -> dict[str, Any]:
    return tomllib.loads((DATA / "penalties.toml").read_text("utf-8"))
