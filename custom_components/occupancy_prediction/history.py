"""What the recorder still knows of the time before the archive."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import batched
import math
from typing import Final

from homeassistant.components.recorder.db_schema import RecorderRuns, States
from homeassistant.components.recorder.history import (
    get_full_significant_states_with_session,
)
from homeassistant.components.recorder.models import process_timestamp
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.recorder import DATA_INSTANCE, session_scope
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .const import DOMAIN
from .engine.types import Observation, SensorKind
from .observation import observation_of

# One query: long enough to be few, short enough to let others in between.
CHUNK_SENSORS: Final = 10
CHUNK_SECONDS: Final = 86_400.0
# The recorder's queries leave out both ends and compare microseconds.
_MICROSECOND: Final = 1e-6
# Puts "nobody is watching any more" after the last thing that was seen.
_MILLISECOND: Final = 1e-3


class RecorderMissing(HomeAssistantError):
    """There is no recorder to import from."""

    def __init__(self) -> None:
        """Name the text that tells the user."""
        super().__init__(translation_domain=DOMAIN, translation_key="recorder_missing")


class SkipReason(StrEnum):
    """Why something the recorder had was not imported."""

    STILL_UNAVAILABLE = "still_unavailable"
    SAME_MOMENT = "same_moment"


@dataclass(slots=True)
class ImportReport:
    """What an import brought.

    Attributes:
        sensors: observations by sensor, also those that had none.
        unrecorded: sensors that the recorder is told to leave out.
        skipped: how many states were not taken, by reason.
        first: the earliest moment imported, None if there was none.
    """

    sensors: dict[str, int]
    unrecorded: tuple[str, ...] = ()
    skipped: dict[SkipReason, int] = field(
        default_factory=lambda: dict.fromkeys(SkipReason, 0)
    )
    first: float | None = None

    @property
    def rows(self) -> int:
        """Return how many observations were imported."""
        return sum(self.sensors.values())


async def async_import_history(
    hass: HomeAssistant,
    sensors: Mapping[str, SensorKind],
    *,
    start: float,
    end: float,
    sink: Callable[[list[Observation]], Awaitable[None]],
    progress: Callable[[float], None],
) -> ImportReport:
    """Read what sensors said from ``start`` until before ``end``.

    Raises:
        RecorderMissing: there is no recorder, or it does not work.
        SQLAlchemyError: its database cannot be read.
    """
    raise RecorderMissing
