"""A channel with more than one provider: what fails for now at one is asked of the next at once.

Each provider asked becomes an attempt of its own, with its cost. One that failed several times in a row is
asked last for a while. A provider that fell silent may have sent it all the same: its number tells so.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from services.notifier.channels.base import AllFailed, Message, Postponed, Sent, Target, Try
from shared.clock import Clock
from shared.errors import DeliveryError

FAILURES_IN_A_ROW = 3
REST = timedelta(minutes=1)
NEVER = datetime.min.replace(tzinfo=UTC)


class Provider(Protocol):
    """One way a channel's messages can go. `cost` is what one message costs there, in 厘."""

    @property
    def name(self) -> str: ...

    @property
    def cost(self) -> int | None: ...

    def send(self, message: Message, target: Target) -> Sent:
        """As a channel's."""
        ...


@dataclass
class Standing:
    """How a provider has done lately."""

    failures: int = 0
    rests_until: datetime = NEVER


class Failover:
    """Asks the providers in their order until one takes the message or refuses it for good."""

    def __init__(self, providers: Sequence[Provider], clock: Clock) -> None:
        self.providers, self._clock = tuple(providers), clock
        self._standings = {provider.name: Standing() for provider in providers}

    def send(self, message: Message, target: Target) -> Sent:
        tries: list[Try] = []
        failures: list[DeliveryError] = []
        for provider in self._order():
            began = time.perf_counter()
            try:
                sent = provider.send(message, target)
            except DeliveryError as error:
                self._note(provider.name, well=error.permanent)
                tries.append(Try(provider.name, error.reason, _since(began)))
                failures.append(error)
                if error.permanent:
                    break
            else:
                self._note(provider.name, well=True)
                return replace(sent, tries=(*tries, Try(provider.name, "", _since(began), provider.cost)))
        raise _judged(failures, tuple(tries))

    def _order(self) -> list[Provider]:
        now = self._clock.system_now()
        return sorted(self.providers, key=lambda each: self._standings[each.name].rests_until > now)

    def _note(self, name: str, *, well: bool) -> None:
        standing = self._standings[name]
        standing.failures = 0 if well else standing.failures + 1
        if standing.failures >= FAILURES_IN_A_ROW:
            standing.rests_until = self._clock.system_now() + REST


def _judged(failures: Sequence[DeliveryError], tries: tuple[Try, ...]) -> DeliveryError:
    """Postponed if all are busy; final only if nobody failed for now: another day another answer."""
    if all(isinstance(failure, Postponed) for failure in failures):
        return failures[-1]
    passing = [failure for failure in failures if not failure.permanent]
    return AllFailed((passing or failures)[-1], tries)


def _since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
