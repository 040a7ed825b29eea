"""Keeps the score: what was forecast, what came, and how good that is."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
import math
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from sqlalchemy.exc import SQLAlchemyError

from .archive import Archive, ArchiveClosedError
from .archive_writer import ArchiveWriter
from .const import DOMAIN, LOGGER
from .deadline import Deadline
from .engine import (
    OCCUPANCY_KINDS,
    EngineConfig,
    Forecast,
    HomeAccuracy,
    HomeSpec,
    HomeTimeline,
    Issued,
    Scores,
    Window,
    build_timeline,
    judge,
    summarize,
)
from .forecast_log import LogEntry, slot_of

_DAY: Final = 86400.0
# Scores are kept as long (s) as the observations they can be explained by.
RETENTION: Final = 400 * _DAY
# Forecasts without a score are kept that long (s): if it is learned later what came
# after them, no figure that is shown looks further back.
UNSCORED_RETENTION: Final = Window.MONTH.seconds
# How far a start looks back (s) for forecasts that were open at the stop before it:
# the tracker remembers one day more.
RESUME_SPAN: Final = 7 * _DAY
# Figures are taken at most and at least that often (s): it is a month of scores that
# is read each time.
SUMMARY_SHORTEST: Final = 300.0
SUMMARY_LONGEST: Final = 3600.0
# The writer lets scores rest a while (s) before they can be read.
WRITER_LAG: Final = 10.0

# What reading may come upon; the writer tells the user of a disk that fails.
_READ_ERRORS: Final = (OSError, SQLAlchemyError, ArchiveClosedError)


class Scorekeeper:
    """Remembers forecasts, scores them once it is known what came, and sums up.

    A restart loses nothing: what is open is in the archive. What came while nobody
    watched becomes known if the archive is filled later.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        spec: HomeSpec,
        config: EngineConfig,
        archive: Archive,
        writer: ArchiveWriter,
        threshold: float,
    ) -> None:
        """Take what scoring needs; ``threshold`` is the error one accepts (min)."""
        self._hass = hass
        self._spec = spec
        self._config = config
        self._archive = archive
        self._writer = writer
        self._threshold = threshold
        self._on_accuracy: Callable[[HomeAccuracy], None] | None = None
        self._seen = math.inf
        self._last_slots: dict[str, int] = {}
        # What the next look at the rooms is to take in.
        self._timeline: HomeTimeline | None = None
        self._new: list[Forecast] = []
        self._set_back_to: float | None = None
        self._is_filled = False
        # Forecasts that wait for what comes; None until they are read.
        self._open: Mapping[str, Issued] | None = None
        self._task: asyncio.Task[None] | None = None
        self._summary_at = -math.inf
        self._summary_due = math.inf
        self._summary = Deadline(hass, self._async_sum_up)
        self._today = _day_of(dt_util.utcnow().timestamp())
        self._failed = False
        self._stopped = False

    @callback
    def async_start(self, on_accuracy: Callable[[HomeAccuracy], None]) -> None:
        """Tell of the figures, now and whenever there are new ones."""
        self._on_accuracy = on_accuracy
        self._async_sum_up()

    async def async_stop(self) -> None:
        """Stop, once the writer has what is being scored."""
        self._stopped = True
        self._summary.async_cancel()
        if self._task is not None:
            await asyncio.wait({self._task})

    @callback
    def async_take(self, timeline: HomeTimeline, forecasts: Iterable[Forecast]) -> None:
        """Take forecasts as they are issued, and what is known by then."""
        if self._stopped:
            return
        if timeline.end < self._seen - self._config.clock_tolerance:
            self._async_begin(timeline.end)
        self._seen = timeline.end
        for forecast in forecasts:
            slot = slot_of(forecast.issued_at)
            if forecast.cdf and slot > self._last_slots[forecast.room_id]:
                self._last_slots[forecast.room_id] = slot
                self._new.append(forecast)
        self._timeline = timeline
        self._async_run_soon()

    @callback
    def async_archive_filled(self) -> None:
        """Look again at forecasts whose end nobody seemed to have seen."""
        self._is_filled = True
        self._async_run_soon()

    @callback
    def _async_begin(self, moment: float) -> None:
        """Begin to forecast, or begin again where the clock was set back.

        Later times never were; and before a restart the slot of now may have been used.
        """
        self._last_slots = {room.room_id: slot_of(moment) for room in self._spec.rooms}
        self._new = [each for each in self._new if each.issued_at <= moment]
        self._set_back_to = moment
        self._summary_at = -math.inf
        self._summary_due = math.inf

    @callback
    def _async_run_soon(self) -> None:
        if self._task is None and not self._stopped:
            self._task = self._hass.async_create_task(
                self._async_run(), f"{DOMAIN} scores", eager_start=False
            )

    async def _async_run(self) -> None:
        try:
            while self._timeline is not None or self._is_filled:
                if (timeline := self._timeline) is not None:
                    self._timeline = None
                    await self._async_look(timeline)
                if self._is_filled:
                    await self._async_look_again()
            self._async_succeeded()
        except _READ_ERRORS as error:
            self._async_failed(error)
        finally:
            self._task = None

    async def _async_look(self, timeline: HomeTimeline) -> None:
        """Score what is known by now, and remember the rest with what is new."""
        new, self._new = self._new, []
        set_back_to = self._set_back_to
        try:
            issued, self._open, scores = await self._hass.async_add_executor_job(
                self._look, timeline, self._open, new
            )
        except _READ_ERRORS:
            self._new = [*new, *self._new]
            raise
        if self._set_back_to == set_back_to:
            self._set_back_to = None
        if issued or scores or set_back_to is not None:
            self._writer.put_entry(LogEntry(issued, scores, set_back_to))
        if scores:
            self._async_sum_up_soon()

    async def _async_look_again(self) -> None:
        """Score what the archive knows by now."""
        scores = await self._hass.async_add_executor_job(
            self._look_again, dt_util.utcnow().timestamp() - WRITER_LAG
        )
        self._is_filled = False
        if scores:
            self._writer.put_entry(LogEntry(scores=scores))
            self._async_sum_up_soon()

    def _look(
        self,
        timeline: HomeTimeline,
        waiting: Mapping[str, Issued] | None,
        new: list[Forecast],
    ) -> tuple[dict[str, Issued], dict[str, Issued], dict[str, Scores]]:
        """Return what was issued, what is open, and scores (executor)."""
        if waiting is None:
            waiting = self._archive.forecasts.unscored(timeline.end - RESUME_SPAN)
        by_room: dict[str, list[Forecast]] = {}
        for forecast in new:
            by_room.setdefault(forecast.room_id, []).append(forecast)
        issued = {room_id: Issued.of(each) for room_id, each in by_room.items()}
        together = {
            room_id: Issued.joined(
                [part[room_id] for part in (waiting, issued) if room_id in part]
            )
            for room_id in waiting.keys() | issued.keys()
        }
        return issued, *judge(together, timeline, self._config.bridge)

    def _look_again(self, now: float) -> dict[str, Scores]:
        """Return scores of what was never scored, by the archive (executor)."""
        unscored = self._archive.forecasts.unscored(now - UNSCORED_RETENTION)
        if not unscored:
            return {}
        first = min(float(issued.issued_at.min()) for issued in unscored.values())
        sensors = [
            sensor.sensor_id
            for room in self._spec.rooms
            for sensor in room.sensors
            if sensor.kind in OCCUPANCY_KINDS
        ]
        # A day more, for the stays that went on then.
        table = self._archive.recent(sensors, first - _DAY).before(now)
        timeline = build_timeline(self._spec, table, self._config, now)
        _, scores = judge(unscored, timeline, self._config.bridge)
        return scores

    @callback
    def _async_sum_up_soon(self) -> None:
        now = dt_util.utcnow().timestamp()
        self._async_sum_up_at(
            max(now + WRITER_LAG, self._summary_at + SUMMARY_SHORTEST)
        )

    @callback
    def _async_sum_up_at(self, moment: float) -> None:
        if moment < self._summary_due and not self._stopped:
            self._summary_due = moment
            self._summary.async_set(moment)

    @callback
    def _async_sum_up(self) -> None:
        self._hass.async_create_task(
            self._async_summarize(), f"{DOMAIN} accuracy", eager_start=False
        )

    async def _async_summarize(self) -> None:
        """Take the figures of what is in the archive."""
        now = dt_util.utcnow().timestamp()
        self._summary_at, self._summary_due = now, math.inf
        self._async_sum_up_at(now + SUMMARY_LONGEST)
        is_new_day, self._today = _day_of(now) != self._today, _day_of(now)
        try:
            accuracy = await self._hass.async_add_executor_job(
                self._summarize, now, is_new_day
            )
        except _READ_ERRORS as error:
            self._async_failed(error)
        else:
            if self._on_accuracy is not None and not self._stopped:
                self._on_accuracy(accuracy)

    def _summarize(self, now: float, is_new_day: bool) -> HomeAccuracy:
        """Return the figures, and once a day forget what is too old (executor)."""
        log = self._archive.forecasts
        if is_new_day:
            log.remove_before(now - RETENTION, unscored=now - UNSCORED_RETENTION)
        scores = log.scores(now - Window.MONTH.seconds - _DAY)
        return summarize(scores, now, self._threshold)

    @callback
    def _async_failed(self, error: Exception) -> None:
        if not self._failed and not self._stopped:
            LOGGER.warning("Forecasts are not scored for now: %s", error)
        self._failed = True

    @callback
    def _async_succeeded(self) -> None:
        if self._failed:
            LOGGER.info("Forecasts are scored again")
        self._failed = False


def _day_of(moment: float) -> int:
    return int(moment // _DAY)
