"""Which trainings wait, in what order, and how long after a failure.

One training serves all reasons that wait when it begins: it learns everything anew.
It is named after the most urgent one. Nothing here knows a clock.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

# After a failure the next try waits, twice as long each time (s).
RETRY_FIRST: Final = 600.0
RETRY_LONGEST: Final = 6 * 3600.0
# Doubled more often than that it would be the longest anyway.
_MOST_DOUBLINGS: Final = 10


class TrainingReason(StrEnum):
    """Why everything is to be learned anew, the most urgent first."""

    REQUEST = "request"
    CONFIGURATION = "configuration"
    HISTORY = "history"
    FIRST_DATA = "first_data"
    DRIFT = "drift"
    ACCURACY = "accuracy"
    SCHEDULE = "schedule"


_ORDER: Final = list(TrainingReason)
# Somebody is waiting: these end a pause after failures.
_IMPATIENT: Final = frozenset(
    {TrainingReason.REQUEST, TrainingReason.CONFIGURATION, TrainingReason.HISTORY}
)
# With other rooms or another past, what a model was worth is found out anew.
_OF_ANOTHER_HOME: Final = frozenset(
    {
        TrainingReason.CONFIGURATION,
        TrainingReason.HISTORY,
        TrainingReason.FIRST_DATA,
    }
)

type Reasons = tuple[TrainingReason, ...]


def keeps_evidence(reasons: Reasons) -> bool:
    """Tell whether a training goes on with how the model in use has fared."""
    return _OF_ANOTHER_HOME.isdisjoint(reasons)


class TrainingQueue:
    """The reasons that wait; each is there once."""

    def __init__(self) -> None:
        """Wait for the first reason."""
        self._waiting: set[TrainingReason] = set()
        self._running: set[TrainingReason] = set()
        self._failures = 0
        # Between these moments (s) nothing is tried; a clock that is set back before
        # the first does not make it longer.
        self._pause: tuple[float, float] | None = None

    @property
    def is_running(self) -> bool:
        """Tell whether a training was taken and is not done."""
        return bool(self._running)

    @property
    def unfinished(self) -> Reasons:
        """Return what waits and what runs: what is to be done after a restart.

        That there is no model yet is seen without being told.
        """
        known = {TrainingReason.FIRST_DATA}
        return self._ordered((self._waiting | self._running) - known)

    def want(self, reason: TrainingReason) -> None:
        """Add a reason."""
        self._waiting.add(reason)
        if reason in _IMPATIENT:
            self._pause = None

    def restore(self, reasons: Iterable[str]) -> None:
        """Add what was unfinished before a restart, as far as it is known here."""
        self._waiting |= {reason for reason in _ORDER if reason.value in set(reasons)}

    def is_paused(self, now: float) -> bool:
        """Tell whether a failure is too recent to try again."""
        return self._pause is not None and self._pause[0] <= now < self._pause[1]

    def take(self, now: float) -> Reasons:
        """Return the reasons of the training to begin, none if none should."""
        if self._running or self.is_paused(now):
            return ()
        self._running, self._waiting = self._waiting, set()
        return self._ordered(self._running)

    def finish(self) -> None:
        """The training that was taken is done."""
        self._running = set()
        self._failures = 0
        self._pause = None

    def put_back(self) -> None:
        """The training that was taken was cut off; it waits again."""
        self._waiting |= self._running
        self._running = set()

    def fail(self, now: float) -> None:
        """What was tried failed: it waits again, for a while."""
        self.put_back()
        pause = RETRY_FIRST * 2 ** min(self._failures, _MOST_DOUBLINGS)
        self._pause = (now, now + min(pause, RETRY_LONGEST))
        self._failures += 1

    @staticmethod
    def _ordered(reasons: set[TrainingReason]) -> Reasons:
        return tuple(sorted(reasons, key=_ORDER.index))
