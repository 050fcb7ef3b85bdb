"""Dry runs: no identity number is seen, that of an earlier version neither."""

from dataclasses import replace

from services.credit_push.catalogue import SAMPLE_VALUES, load_catalogue
from services.credit_push.domain import CORRECT, LIST
from services.credit_push.formats import encode
from services.credit_push.transports.base import Job
from services.credit_push.usecases.rehearsing import _covered
from tests.unit.credit_push.records import PERSON, record

PROFILE = load_catalogue(SAMPLE_VALUES)["credit-liaoning"]


def test_the_number_that_was_corrected_is_covered_too() -> None:
    before = record(subject=replace(PERSON, id_type="passport", id_number="E12345678"))
    after = record(subject=PERSON)
    former = encode(PROFILE, before, LIST).row
    job = Job("d", "k", "l", 2, CORRECT, "b", encode(PROFILE, after, CORRECT), (former,))
    shown = _covered(job, after)
    assert shown.formers[0]["SFZH"] == "E123*****"
    assert shown.content.row["SFZH"] == PERSON.id_number[:4] + "*" * 14
