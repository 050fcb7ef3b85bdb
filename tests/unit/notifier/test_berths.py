"""Places of a channel: targets that hang never hold them all, and hold few once that is known."""

from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field

import pytest

from services.notifier.channels import Message, Postponed, Sent, Target
from services.notifier.channels.berths import FEW, MOST_KNOWN, Berths
from services.notifier.channels.flights import AHEAD, Flight, Flights
from shared.errors import DeliveryError
from tests.contract.channels.benches import message

PLACES, EACH = 256, 32


@dataclass
class Line:
    """A channel whose every answer is given by hand."""

    name: str = "webhook"
    retries: tuple[float, ...] = (5,)
    concurrency: int = PLACES
    per_target: int = EACH
    calls: list[tuple[str, Future[Sent]]] = field(default_factory=list)

    def send(self, message: Message, target: Target) -> Sent:
        return self.start(message, target).result()

    def start(self, _message: Message, target: Target) -> Future[Sent]:
        self.calls.append((target.ref, Future()))
        return self.calls[-1][1]

    def under_way(self) -> Counter[str]:
        return Counter(ref for ref, future in self.calls if not future.done())

    def answer(self, ref: str, error: DeliveryError | None = None) -> None:
        """To everything under way to that target."""
        for each, future in list(self.calls):
            if each == ref and not future.done():
                future.set_exception(error) if error else future.set_result(Sent())


class Port:
    """Flights over such a line."""

    def __init__(self) -> None:
        self.line = Line()
        self.flights = Flights(self.line)
        self.launched = 0

    def launch(self, ref: str, count: int = 1) -> None:
        for _ in range(count):
            self.launched += 1
            self.flights.launch(Flight(str(self.launched), message(), Target(ref, "https://x.example")))

    def prove(self, *refs: str) -> None:
        """They have answered once."""
        for ref in refs:
            self.launch(ref)
            self.line.answer(ref)


@pytest.fixture
def port() -> Port:
    return Port()


def names(kind: str, count: int) -> list[str]:
    return [f"webhook:{kind}-{number}" for number in range(count)]


@pytest.mark.parametrize("hanging", [8, 12])
def test_where_many_begin_to_hang_at_once_one_that_answers_goes_on(port, hanging):
    port.prove("webhook:well", *names("bad", hanging))
    for ref in names("bad", hanging):
        port.launch(ref, EACH)
    held = port.line.under_way().total()
    assert held < PLACES
    port.launch("webhook:well", 3 * EACH)
    assert port.line.under_way()["webhook:well"] >= 1
    for _ in range(3 * EACH):
        port.line.answer("webhook:well")
    sent = [ref for ref, future in port.line.calls if ref == "webhook:well" and future.done()]
    assert len(sent) == 3 * EACH + 1, "all of its messages left while the others hung"
    assert port.line.under_way().total() == held


def test_one_that_answers_gets_as_many_places_as_before(port):
    port.prove("webhook:well")
    port.launch("webhook:well", EACH * 2)
    assert port.line.under_way() == {"webhook:well": EACH}


def test_one_that_was_not_heard_of_yet_gets_few_and_more_once_it_answers(port):
    port.launch("webhook:new", 20)
    assert port.line.under_way() == {"webhook:new": FEW}
    port.line.calls[0][1].set_result(Sent())
    assert port.line.under_way() == {"webhook:new": 19}


def test_after_a_failure_it_gets_few_and_what_waits_is_given_back(port):
    port.prove("webhook:bad")
    port.launch("webhook:bad", EACH + 10)
    port.line.answer("webhook:bad", DeliveryError("超时"))
    assert len(port.flights.shed()) == 10 - port.line.under_way()["webhook:bad"]
    assert port.line.under_way()["webhook:bad"] <= FEW
    assert port.flights.shed() == []


@pytest.mark.parametrize("answer", [DeliveryError("404", permanent=True), Postponed("限流", 60)])
def test_a_refusal_is_an_answer_and_a_limit_says_nothing(port, answer):
    port.prove("webhook:well")
    port.launch("webhook:well", EACH + 4)
    port.line.calls[1][1].set_exception(answer)
    assert port.line.under_way()["webhook:well"] == EACH
    assert port.flights.shed() == []


def test_those_not_known_to_answer_leave_a_quarter_to_the_others(port):
    for ref in names("new", PLACES):
        port.launch(ref)
    assert port.line.under_way().total() == PLACES * 3 // 4
    port.line.answer("webhook:new-0")
    assert port.line.under_way().total() == PLACES * 3 // 4, "its place goes to the next"


def test_a_channel_of_one_place_is_used(port):
    berths = Berths(1, 1)
    assert berths.take("a")
    assert not berths.take("b")
    berths.leave("a", True)
    assert berths.take("b")
    berths.leave("b", False)
    assert berths.take("a")


def test_of_a_silent_target_no_more_is_claimed_than_is_kept_for_it():
    """Else what waits behind a hanging send is claimed and given back without pause."""
    berths = Berths(PLACES, EACH)
    assert berths.take("silent")
    berths.leave("silent", sound=False)
    while berths.take("silent"):
        pass
    assert berths.openings({"silent": FEW}, PLACES, AHEAD).busy == ["silent"]
    assert berths.openings({"silent": FEW - 1}, PLACES, AHEAD).busy == []


def test_what_is_claimed_is_shared_alike():
    berths = Berths(PLACES, EACH)
    for ref in ("well", "hung"):
        berths.take(ref)
        berths.leave(ref, ref == "well")
    opened = berths.openings({"hung": 3}, PLACES * AHEAD - 3, AHEAD)
    due = [(f"{ref}{n}", ref) for n in range(200) for ref in ("hung", "new", "well")]
    chosen = Counter(key.rstrip("0123456789") for key in opened.choose(due))
    assert chosen == {"hung": FEW * AHEAD // 2, "new": FEW * AHEAD // 2, "well": EACH * AHEAD // 2}
    assert "hung" in berths.openings({"hung": FEW * AHEAD}, 1000, AHEAD).busy
    most = PLACES * AHEAD * 3 // 4
    crowded = berths.openings(dict.fromkeys(names("bad", most), 1), PLACES * AHEAD - most, AHEAD)
    assert crowded.others == 0
    assert {key.rstrip("0123456789") for key in crowded.choose(due)} == {"well"}


def test_what_is_remembered_is_bounded_and_counts_stay_right():
    berths = Berths(PLACES, EACH)
    assert berths.take("first")
    berths.leave("first", True)
    assert berths.take("first")
    for ref in names("many", MOST_KNOWN):
        assert berths.take(ref)
        berths.leave(ref, True)
    berths.leave("first", True)
    assert (berths.total, berths._others, berths._taken) == (0, 0, {})
    assert len(berths._sound) == MOST_KNOWN
