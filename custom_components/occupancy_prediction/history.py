"""What the recorder still knows of the time before the archive."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import batched, pairwise
import math
from typing import Final

from homeassistant.components.recorder.db_schema import RecorderRuns, States
from homeassistant.components.recorder.entity_options import is_entity_recorded
from homeassistant.components.recorder.history import (
    get_full_significant_states_with_session,
)
from homeassistant.components.recorder.models import process_timestamp
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.recorder import DATA_INSTANCE, session_scope
from homeassistant.util import dt as dt_util
import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .const import DOMAIN
from .engine.types import Observation, SensorKind
from .observation import ChangeFilter, observation_of

# One query: long enough to be few, short enough to let others in between.
CHUNK_SENSORS: Final = 10
CHUNK_SECONDS: Final = 86_400.0
# The recorder's queries leave out both ends of a period; it keeps microseconds.
_MICROSECOND: Final = timedelta(microseconds=1)
# From the last thing that was seen to "nobody is watching any more", seconds.
_MILLISECOND: Final = 0.001


class RecorderMissing(HomeAssistantError):
    """There is no recorder to import from."""

    def __init__(self) -> None:
        """Name the text that tells the user."""
        super().__init__(translation_domain=DOMAIN, translation_key="recorder_missing")


class SkipReason(StrEnum):
    """Why a state of the recorder was not imported."""

    # Unknown after unavailable and the like: nothing new.
    STILL_UNAVAILABLE = "still_unavailable"
    # The sensor said something else within the same millisecond.
    SAME_MOMENT = "same_moment"
    # What it measures had hardly changed.
    NO_CHANGE = "no_change"


@dataclass(slots=True)
class ImportReport:
    """What an import brought.

    Attributes:
        sensors: observations by sensor, also of those that had none.
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

    What held at ``start`` is told as of then. Where Home Assistant was not
    running, the sensors are told as unavailable.

    Raises:
        RecorderMissing: there is no recorder, or it does not work.
        SQLAlchemyError: its database cannot be read.
    """
    recorder = hass.data.get(DATA_INSTANCE)
    if recorder is None or not await recorder.async_db_ready:
        raise RecorderMissing
    # The last seconds may not be in the database yet.
    await recorder.async_block_till_done()
    reader = _Reader(hass, sensors)
    start = await recorder.async_add_executor_job(reader.find_start, start, end)
    edges = [*np.arange(start, end, CHUNK_SECONDS).tolist(), end]
    chunks = [
        (group, first, last)
        for first, last in pairwise(edges)
        for group in batched(sensors, CHUNK_SENSORS, strict=False)
    ]
    for done, chunk in enumerate(chunks):
        progress(done / len(chunks))
        if rows := await recorder.async_add_executor_job(reader.read, *chunk):
            await sink(rows)
    progress(1.0)
    return reader.report


class _Reader:
    """Reads chunk after chunk, in order of time, on the recorder's executor."""

    def __init__(self, hass: HomeAssistant, sensors: Mapping[str, SensorKind]) -> None:
        self._hass = hass
        self._kinds = dict(sensors)
        self._start = -math.inf
        self._last: dict[str, float] = {}
        self._filter = ChangeFilter()
        self._outages: list[tuple[float, float]] = []
        self.report = ImportReport(
            dict.fromkeys(sensors, 0),
            tuple(
                entity_id
                for entity_id in sensors
                if not is_entity_recorded(hass, entity_id)
            ),
        )

    def find_start(self, start: float, end: float) -> float:
        """Return when there is the first thing to read, and find the outages."""
        with session_scope(hass=self._hass, read_only=True) as session:
            oldest = session.scalar(select(func.min(States.last_updated_ts)))
            self._start = max(start, min(end, math.inf if oldest is None else oldest))
            self._outages = _outages(session, self._start, end)
        return self._start

    def read(
        self, entity_ids: tuple[str, ...], start: float, end: float
    ) -> list[Observation]:
        """Return what some sensors said in a period, in order of time."""
        first = start == self._start
        watched = not any(lost <= start < again for lost, again in self._outages)
        with session_scope(hass=self._hass, read_only=True) as session:
            states = get_full_significant_states_with_session(
                self._hass,
                session,
                dt_util.utc_from_timestamp(start) - _MICROSECOND,
                dt_util.utc_from_timestamp(end),
                list(entity_ids),
                include_start_time_state=first and watched,
                no_attributes=True,
            )
        lost = [moment for moment, _ in self._outages if start <= moment < end]
        rows = []
        for entity_id in entity_ids:
            said: list[tuple[float, State | None]] = [
                (max(state.last_updated_timestamp, start), state)
                for state in states.get(entity_id, ())
            ]
            said += [(moment, None) for moment in lost]
            said.sort(key=lambda item: item[0])
            rows += self._observations(entity_id, said)
        rows.sort(key=lambda item: item.timestamp)
        self._count(rows)
        return rows

    def _observations(
        self, entity_id: str, said: list[tuple[float, State | None]]
    ) -> list[Observation]:
        """Return what is new in what a sensor said; None is an outage."""
        rows: list[Observation] = []
        skipped = self.report.skipped
        for timestamp, state in said:
            last = rows[-1].value if rows else self._last.get(entity_id)
            if state is None and (last is None or math.isnan(last)):
                continue
            kind = self._kinds[entity_id]
            row = observation_of(entity_id, state, kind, timestamp)
            if last is not None and math.isnan(last) and math.isnan(row.value):
                skipped[SkipReason.STILL_UNAVAILABLE] += 1
                continue
            if not self._filter.passes(row, kind):
                skipped[SkipReason.NO_CHANGE] += 1
                continue
            if rows and rows[-1].timestamp == row.timestamp:
                skipped[SkipReason.SAME_MOMENT] += 1
                rows.pop()
            rows.append(row)
        if rows:
            self._last[entity_id] = rows[-1].value
        return rows

    def _count(self, rows: list[Observation]) -> None:
        for row in rows:
            self.report.sensors[row.sensor_id] += 1
        if rows and self.report.first is None:
            self.report.first = rows[0].timestamp


def _outages(session: Session, start: float, end: float) -> list[tuple[float, float]]:
    """Return from when until when Home Assistant was not watching in a period.

    A crash leaves no end of a run; then the last state that was recorded, of
    whatever entity, is the last moment known.
    """
    starts, stops = [], []
    for run_start, run_end, crashed in session.execute(
        select(RecorderRuns.start, RecorderRuns.end, RecorderRuns.closed_incorrect)
    ):
        starts.append(_timestamp(run_start))
        if run_end is not None and not crashed:
            stops.append(_timestamp(run_end))
    outages = []
    for again in sorted(moment for moment in starts if start < moment < end):
        last_state = session.scalar(
            select(func.max(States.last_updated_ts)).where(
                States.last_updated_ts < again
            )
        )
        seen = max([last_state or start, *(stop for stop in stops if stop <= again)])
        outages.append((seen + _MILLISECOND, again))
    return outages


def _timestamp(moment: datetime) -> float:
    return process_timestamp(moment).timestamp()
