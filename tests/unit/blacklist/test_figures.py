"""Small numbers of persons are withheld so that nothing left gives them back."""

import itertools

import pytest

from services.blacklist.register.domain.figures import SMALL, Cell, counted, total_shown, withheld


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({}, {}),
        ({"a": 0, "b": 9}, {"a": 0, "b": 9}),
        ({"a": 1, "b": 9, "c": 30}, {"a": None, "b": None, "c": 30}),
        ({"a": 1, "b": 2, "c": 7, "d": 8}, {"a": None, "b": None, "c": None, "d": 8}),
        ({"a": 4, "b": 4, "c": 8}, {"a": None, "b": None, "c": 8}),
        ({"a": 3}, {"a": None}),
    ],
)
def test_small_cells_and_what_would_give_them_back(counts, shown):
    assert withheld(counts) == shown


def test_the_sum_of_what_is_withheld_is_never_small_where_the_total_is_shown():
    for counts in itertools.product((0, 1, 4, 5, 9), repeat=4):
        given = dict(zip("abcd", counts, strict=True))
        hidden = [given[name] for name, value in withheld(given).items() if value is None]
        assert all(value is None or value == 0 or value >= SMALL for value in withheld(given).values())
        if hidden and total_shown(given) is not None:
            assert sum(hidden) >= SMALL
            assert len(hidden) > 1


def test_cells_are_added_up_by_one_property():
    cells = [
        Cell("organization", "x", "serious", "tax", "130102", "2026-11", 2),
        Cell("organization", "y", "serious", "tax", "130102", "2026-11", 3),
    ]
    assert counted(cells, "list_class") == {"serious": 5}
    assert total_shown({"a": 4}) is None
    assert total_shown({}) == 0
