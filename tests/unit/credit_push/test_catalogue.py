"""Every platform of the founding documents has a file, and a wrong file is told with its field."""

import tomllib
from pathlib import Path

import pytest

from services.credit_push.catalogue import (
    FOLDER,
    OBSERVED,
    SAMPLE_VALUES,
    CatalogueError,
    check_catalogue,
    check_file,
    load_catalogue,
    problems_beside,
    read_profile,
)
from services.credit_push.catalogue.lines import Lines, line_of
from services.credit_push.catalogue.pairs import CARRIED
from services.credit_push.transports import KINDS

PLATFORMS = {
    *("credit-shijiazhuang", "credit-hebei", "credit-quanzhou", "credit-fujian", "credit-liaoning"),
    *("credit-china", "trade-china", "trade-liaoning", "trade-quanzhou", "trade-fujian"),
    *("trade-shijiazhuang", "procure-hebei", "tender-shijiazhuang", "gsxt-liaoning"),
}
GOOD = (FOLDER / "credit-quanzhou.toml").read_text("utf-8").replace('to = "credit-fujian"', 'to = ""')


def test_the_shipped_catalogue_is_whole_and_has_no_problem() -> None:
    assert check_catalogue() == []
    assert set(load_catalogue(SAMPLE_VALUES)) == PLATFORMS


def test_addresses_come_from_the_settings() -> None:
    catalogue = load_catalogue({**SAMPLE_VALUES, "SANDBOX_URL": "http://platforms.test"})
    assert (
        catalogue["credit-quanzhou"].transport.endpoint == "http://platforms.test/platforms/credit-quanzhou"
    )


@pytest.mark.parametrize(
    ("was", "becomes", "field"),
    [
        ('level = "city"', 'level = "town"', "level"),
        ('kind = "http"', 'kind = "pigeon"', "transport.kind"),
        ('domains = ["*"]', 'domains = ["cooking"]', "takes.domains"),
        ('regions = ["350500"]', 'regions = ["Quanzhou"]', "takes.regions"),
        ("in_flight = 16", "in_flight = 0", "transport.in_flight"),
        ("timeout_seconds = 5", 'timeout_seconds = "5"', "transport.timeout_seconds"),
        ("wait_seconds = 5", "wait_secs = 5", "receipts.wait_secs"),
        ("${SANDBOX_URL}", "${NOWHERE}", "transport.endpoint"),
        ('to = ""', 'to = "credit-moon"', "relay.to"),
        ('basis = "assumed"', 'basis = "guessed"', "source.basis"),
        ('id = "credit-quanzhou"', 'id = "other"', "id"),
        ('key = "sandbox:credit-quanzhou"', "", "transport.key"),
        ("list_working_days = 1", "list_working_days = -1", "deadline.list_working_days"),
        ("seconds = [0.2,", "seconds = [0,", "retry.seconds"),
        ("seconds = [0.2,", "seconds = [inf,", "retry.seconds"),
        ("seconds = [0.2,", "seconds = [nan,", "retry.seconds"),
        ("seconds = [0.2,", "seconds = [1e308,", "retry.seconds"),
        ("seconds = [0.2,", "seconds = [true,", "retry.seconds"),
        ("[takes]", "breaker.pause_seconds = [inf]\n[takes]", "breaker.pause_seconds"),
        ("[takes]", 'signature.algorithm = "md5"\n[takes]', "signature.algorithm"),
    ],
)
def test_a_wrong_file_is_told_with_its_field(tmp_path: Path, was: str, becomes: str, field: str) -> None:
    assert was in GOOD
    (tmp_path / "credit-quanzhou.toml").write_text(GOOD.replace(was, becomes), "utf-8")
    problems = check_catalogue(tmp_path)
    assert ("credit-quanzhou.toml", field) in {(problem.file, problem.field) for problem in problems}
    with pytest.raises(CatalogueError):
        load_catalogue(SAMPLE_VALUES, tmp_path)


NATION = (FOLDER / "credit-china.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("was", "becomes", "field"),
    [
        ('by = "http"\npath', 'by = "pigeon"\npath', "answers.by"),
        ('path = "/answers"', 'path = "answers"', "answers.path"),
        ('granted = "准予修复"\nnot-granted', "not-granted", "answers.outcomes"),
        ('moot = "已终止公示"', 'moot = "已终止公示"\nother = "其他"', "answers.outcomes.other"),
        ('basis = "assumed"\nsource', "source", "answers.source"),
        ("requests = true", "requests = false", "answers"),
        ("[answers]", "[answers]\nway = 1", "answers.way"),
    ],
)
def test_how_outcomes_are_told_is_checked(tmp_path: Path, was: str, becomes: str, field: str) -> None:
    assert NATION.count(was) == 1
    _, problems = read_profile("credit-china.toml", NATION.replace(was, becomes), SAMPLE_VALUES)
    assert [problem.field for problem in problems] == [field]


BY_PACKET = 'by = "packet"\nfile = "csv"\ndirectory = "${SANDBOX_DIR}/answers"\n'
BY_TABLE = 'by = "exchange_db"\ntable = "jh_outcome"\ndatabase = "${SANDBOX_EXCHANGE}/a.db"\n'


@pytest.mark.parametrize(
    ("way", "columns", "fields"),
    [
        (BY_PACKET, 'ticket = "SLBH"', []),
        (BY_TABLE, 'ticket = "SLBH"\nresult = "结果"', []),
        (BY_PACKET.replace('file = "csv"\n', ""), "", ["answers.file"]),
        ('by = "packet"\nfile = "pdf"\n', "", ["answers.file", "answers.directory"]),
        ('by = "exchange_db"\n', "", ["answers.database", "answers.table"]),
        (BY_TABLE.replace("jh_outcome", "1; drop"), "", ["answers.table"]),
        (BY_TABLE.replace("${SANDBOX_EXCHANGE}", "oracle:/"), "", ["answers.database"]),
        (BY_PACKET, 'result = "JG"', ["answers.columns.result"]),
        (BY_PACKET, 'ticket = "slh"\nkind = "SLH"', ["answers.columns.ticket", "answers.columns.kind"]),
        (BY_PACKET, 'ticket = "ywlsh"', ["answers.columns.ticket"]),
        (BY_PACKET, 'ticket = "受理 号"', ["answers.columns.ticket"]),
    ],
)
def test_how_outcomes_go_in_files_and_tables_is_checked(way: str, columns: str, fields: list[str]) -> None:
    text = NATION.replace('by = "http"\npath = "/answers"\n', way)
    text = text.replace("[answers.outcomes]", f"[answers.columns]\n{columns}\n[answers.outcomes]")
    _, problems = read_profile("credit-china.toml", text, SAMPLE_VALUES)
    assert [problem.field for problem in problems] == fields


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("id = ", "utf-8")
    assert [problem.file for problem in check_catalogue(tmp_path)] == ["x.toml"]


@pytest.mark.parametrize("text", ["a = " + "[" * 9000, "a = " + "1" * 9000, ".".join("a" * 2000) + " = 1"])
def test_a_text_beyond_the_parser_is_told_as_a_problem(text: str) -> None:
    assert read_profile("x.toml", f'id = "x"\n{text}', SAMPLE_VALUES)[1]


@pytest.mark.parametrize(
    "was", ['"city"', '""', '"sandbox:credit-quanzhou"', '"assumed"', '"http"', '"350500"']
)
def test_a_setting_is_read_into_places_only_and_never_told(was: str) -> None:
    text = GOOD.replace(was, '"${SANDBOX_EXCHANGE}"')
    profile, problems = read_profile(
        "credit-quanzhou.toml", text, {**SAMPLE_VALUES, "SANDBOX_EXCHANGE": "pg://s3cret"}
    )
    assert problems
    assert "s3cret" not in repr((profile, problems))


def test_every_file_says_what_is_published_and_what_is_assumed() -> None:
    for path in FOLDER.glob("*.toml"):
        source = tomllib.loads(path.read_text("utf-8"))["source"]
        assert source["basis"] in ("published", "assumed"), path.name
        assert len(source["text"]) > 10, path.name


@pytest.mark.parametrize(
    ("was", "becomes", "line_with"),
    [
        ('level = "city"', 'level = "town"', 'level = "town"'),
        ("in_flight = 16", "in_flight = 9999", "in_flight = 9999"),
        ('format = "canonical"', 'format = "canonical"\ncodes.domain = 3', "codes.domain = 3"),
        ("[takes]", "pigeons = 3\n[takes]", "pigeons = 3"),
        ('format = "canonical"', "", "[record]"),
        ('level = "city"', "level = ", "level = "),
    ],
)
def test_a_problem_is_told_with_its_line(tmp_path: Path, was: str, becomes: str, line_with: str) -> None:
    text = GOOD.replace(was, becomes, 1)
    (tmp_path / "credit-quanzhou.toml").write_text(text, "utf-8")
    lines = [line.strip() for line in text.splitlines()]
    expected = lines.index(line_with.strip()) + 1
    problems = check_catalogue(tmp_path)
    assert expected in [problem.line for problem in problems], problems
    assert f"credit-quanzhou.toml:{expected}:" in str(problems[0])


def test_one_file_is_checked_beside_the_shipped_ones(tmp_path: Path) -> None:
    file = tmp_path / "credit-quanzhou.toml"
    file.write_text(GOOD.replace('to = ""', 'to = "nowhere"'), "utf-8")
    (problem,) = check_file(file)
    assert (problem.field, problem.message) == ("relay.to", "目录中没有平台 nowhere")
    file.write_text(GOOD, "utf-8")
    assert check_file(file) == []


def test_a_file_for_the_site_may_not_point_inside(tmp_path: Path) -> None:
    shipped = (FOLDER / "credit-quanzhou.toml").read_text("utf-8")
    path = tmp_path / "credit-quanzhou.toml"
    path.write_text(shipped.replace("${SANDBOX_URL}/sites/", "http://10.1.2.3/sites/"), "utf-8")
    (problem,) = check_file(path)
    assert (problem.field, problem.line > 1) == ("observation.endpoint", True)
    path.write_text(shipped, "utf-8")
    assert check_file(path) == check_file(FOLDER / "credit-quanzhou.toml") == []


def test_lines_of_many_problems_are_found_in_one_reading() -> None:
    rows = [f"k{number} = 1" for number in range(20_000)]
    found = Lines("\n".join(["[a]", *rows]))
    assert [found.of(f"a.k{number}") for number in (0, 19_999)] == [2, 20_001]
    assert (found.of("a.missing.deep"), found.of("elsewhere"), found.of("")) == (1, 1, 1)


@pytest.mark.parametrize(
    ("platform", "was", "becomes"),
    [
        ("credit-hebei", "by-class", "canonical"),
        ("credit-liaoning", "by-class", "procurement_sheet"),
        ("procure-hebei", "procurement_sheet", "canonical"),
        ("trade-quanzhou", "trade_v2", "penalty_2018"),
        ("credit-quanzhou", "canonical", "trade_v2"),
        ("credit-quanzhou", "canonical", "none"),
        ("credit-fujian", "none", "canonical"),
    ],
)
def test_a_format_its_way_cannot_carry_is_told_by_its_line(
    tmp_path: Path, platform: str, was: str, becomes: str
) -> None:
    text = (FOLDER / f"{platform}.toml").read_text("utf-8")
    file = tmp_path / f"{platform}.toml"
    file.write_text(text.replace(f'format = "{was}"', f'format = "{becomes}"'), "utf-8")
    line = text.splitlines().index(f'format = "{was}"') + 1
    (problem,) = check_file(file)
    assert (problem.field, problem.line) == ("record.format", line)
    assert becomes in problem.message
    assert was in problem.message
    assert ("record.format", line) in {(one.field, one.line) for one in check_catalogue(tmp_path)}


def test_every_way_has_its_formats() -> None:
    ways = {way.partition(" ")[0] for way in CARRIED}
    assert ways == {*KINDS, OBSERVED}
    assert check_catalogue() == []


TABLES = (FOLDER / "credit-liaoning.toml").read_text("utf-8").replace('to = "credit-china"', 'to = ""')


@pytest.mark.parametrize(
    ("was", "becomes", "field"),
    [
        ('"frblack"', '"frblack; drop"', "record.tables.blacklist_org"),
        ('blacklist_org = "frblack"\n', "", "record.tables"),
        ("blacklist_org", "blacklist_orgs", "record.tables.blacklist_orgs"),
        ('"zrrblack"', '"frblack"', "record.tables.blacklist_person"),
        ("[record.tables]", "[record.tables]\ntrade_v2 = 3", "record.tables"),
    ],
)
def test_an_exchange_database_needs_a_table_for_every_record(
    tmp_path: Path, was: str, becomes: str, field: str
) -> None:
    assert TABLES.count(was) == 1
    text = TABLES.replace(was, becomes)
    (tmp_path / "credit-liaoning.toml").write_text(text, "utf-8")
    problems = check_catalogue(tmp_path)
    assert field in [problem.field for problem in problems], problems
    assert problems[0].line == line_of(text, problems[0].field) > 1


def test_tables_that_no_record_needs_are_not_asked_for(tmp_path: Path) -> None:
    only = TABLES.replace(
        'subject_types = ["organization", "individual"]', 'subject_types = ["organization"]'
    )
    for name in ("penalty_individual", "blacklist_person"):
        only = "\n".join(line for line in only.splitlines() if not line.startswith(name))
    (tmp_path / "credit-liaoning.toml").write_text(only, "utf-8")
    assert check_catalogue(tmp_path) == []
    elsewhere = GOOD.replace('format = "canonical"', 'format = "canonical"\ntables.trade_v2 = "t"')
    (tmp_path / "credit-quanzhou.toml").write_text(elsewhere, "utf-8")
    assert [problem.field for problem in check_catalogue(tmp_path)] == ["record.tables"]


def test_names_that_cannot_be_elements_are_no_columns_of_an_xml_packet() -> None:
    sheet = (FOLDER / "credit-hebei.toml").read_text("utf-8").replace('to = "credit-china"', 'to = ""')
    own = sheet.replace("[transport]", '[record.columns]\nRDWH = "文号"\nJGQC = "1 名称"\n\n[transport]')
    for file, expected in (("csv", []), ("xml", ["record.columns.JGQC"])):
        text = own.replace('file = "csv"', f'file = "{file}"')
        profile, problems = read_profile("credit-hebei.toml", text, SAMPLE_VALUES)
        assert profile is not None
        assert problems == []
        assert [one.field for one in problems_beside({}, profile, text)] == expected
