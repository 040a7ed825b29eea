"""What is known and forecast of every room, kept current.

The state of a room is pushed the moment it changes; forecasts follow from an
executor. Nothing is asked for from outside: a heartbeat lets time pass where
no sensor speaks.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .archive import Archive
from .archive_writer import ArchiveWriter
from .backfill import Backfill
from .collector import Collector
from .const import DOMAIN, LOGGER
from .deadline import Deadline
from .engine import (
    Adaptation,
    Change,
    EngineConfig,
    EngineError,
    Forecast,
    HomeAccuracy,
    HomeForecast,
    HomeSpec,
    HomeTracker,
    ModelState,
    Observation,
    Progress,
    Stage,
    predict,
)
from .follower import HomeFollower
from .learning_status import LearningStatus
from .life_change import log_news
from .model_keeper import ModelKeeper
from .options import forecast_interval
from .scorekeeper import Scorekeeper
from .trainer import Trainer

# Time must pass also where no sensor speaks: a clock that was set is noticed
# within this time.
HEARTBEAT: Final = timedelta(seconds=60)
# Seconds between two forecasts: a burst of changes costs one or two of them,
# and a change still has its forecast within 2 s.
FORECAST_COOLDOWN: Final = 0.5
# What a forecast of a damaged model or a defect of the engine may raise; the
# states of the rooms must go on all the same.
FORECAST_ERRORS: Final = (EngineError, ArithmeticError, LookupError, ValueError)


class OccupancyCoordinator(DataUpdateCoordinator[HomeForecast]):
    """Holds the state and the forecast of every room."""

    config_entry: OccupancyConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: OccupancyConfigEntry,
        spec: HomeSpec,
        config: EngineConfig,
        tracker: HomeTracker,
        model: ModelState | None,
        scorekeeper: Scorekeeper,
    ) -> None:
        """Start from what the tracker knows, without forecasts."""
        super().__init__(hass, LOGGER, config_entry=entry, name=DOMAIN)
        self._spec = spec
        self._config = config
        self._tracker = tracker
        self._model = model
        self._scorekeeper = scorekeeper
        self._seen = dt_util.utcnow().timestamp()
        self._forecasting = asyncio.Lock()
        self._failed = False
        self._rooms = frozenset(room.room_id for room in spec.rooms)
        self._due = set(self._rooms)
        # Counts the changes of each room: a forecast made before the last one
        # is of a state that is over.
        self._changes = dict.fromkeys(self._rooms, 0)
        self._deadline = Deadline(hass, self._async_reach_deadline)
        self._training: Progress | None = None
        self._importing: float | None = None
        states = {room: self._state_only(room) for room in self._rooms}
        self.data = HomeForecast(self._seen, states)
        self.room_titles = {key: room.title for key, room in entry.subentries.items()}
        self.status = LearningStatus.of(model, self.room_titles, None, None)
        # How good the forecasts have been, None until it is read, and what the last
        # training noticed of a change of life.
        self.accuracy: HomeAccuracy | None = None
        self.adaptation = Adaptation()
        self._request = Debouncer(
            hass,
            LOGGER,
            cooldown=FORECAST_COOLDOWN,
            immediate=True,
            function=self._async_forecast,
        )

    @callback
    def async_start(self) -> None:
        """Let time pass, forecast by the clock and keep the score, until shutdown."""
        self._scorekeeper.async_start(self._async_set_accuracy)
        entry = self.config_entry
        interval = timedelta(seconds=forecast_interval(entry))
        entry.async_on_unload(
            async_track_time_interval(
                self.hass, self._async_heartbeat, HEARTBEAT, name=f"{DOMAIN} heartbeat"
            )
        )
        entry.async_on_unload(
            async_track_time_interval(
                self.hass, self._async_forecast_all, interval, name=f"{DOMAIN} forecast"
            )
        )

    @override
    async def async_shutdown(self) -> None:
        """Stop every timer; what is under way is no longer shown."""
        await super().async_shutdown()
        self._request.async_shutdown()
        self._deadline.async_cancel()

    @callback
    def async_observe(self, observation: Observation) -> None:
        """Take in a message of a sensor: constant work."""
        self._async_notice_time(observation.timestamp)
        self._async_apply(self._tracker.observe(observation))

    @callback
    def async_set_model(self, model: ModelState) -> None:
        """Forecast with another model from now on."""
        self._model = model
        self._async_update_status()
        self._async_request(self._rooms)

    @callback
    def async_set_training(self, progress: Progress | None) -> None:
        """Show how far a training is, None that none is under way."""
        self._training = progress
        self._async_update_status()

    @callback
    def async_set_adaptation(self, adaptation: Adaptation) -> None:
        """Show and tell what a training noticed of a change of life."""
        log_news(adaptation, self.adaptation, self.room_titles, self._spec.time_zone)
        self.adaptation = adaptation
        self.async_update_listeners()

    @callback
    def async_set_importing(self, share: float | None) -> None:
        """Show how much of the history is read, None that none is being read."""
        self._importing = share
        self._async_update_status()

    @override
    async def _async_update_data(self) -> HomeForecast:
        """Forecast every room: at the start, or because a user asked."""
        self._due.update(self._rooms)
        await self._async_forecast()
        return self.data

    @callback
    def _async_heartbeat(self, _: datetime) -> None:
        self._async_advance(dt_util.utcnow().timestamp())
        if outdated := [
            room_id
            for room_id, room in self.data.rooms.items()
            if room.cdf and room.since is not None and room.issued_at < room.since
        ]:
            self._async_show({room: self._state_only(room) for room in outdated})

    @callback
    def _async_forecast_all(self, _: datetime) -> None:
        self._async_request(self._rooms)

    @callback
    def _async_set_accuracy(self, accuracy: HomeAccuracy) -> None:
        self.accuracy = accuracy
        self.async_update_listeners()

    @callback
    def _async_reach_deadline(self) -> None:
        """Let time alone change a room, at the very moment it is due."""
        self._async_advance(dt_util.utcnow().timestamp())

    @callback
    def _async_advance(self, now: float) -> None:
        self._async_notice_time(now)
        self._async_apply(self._tracker.advance(now))

    @callback
    def _async_notice_time(self, now: float) -> None:
        """Ask for new forecasts when the clock was set back.

        The old ones speak of a future that is further away now.
        """
        if now < self._seen - self._config.clock_tolerance:
            self._async_request(self._rooms)
        self._seen = now

    @callback
    def _async_apply(self, changes: Iterable[Change]) -> None:
        """Show at once what changed; the forecast follows within a second or two."""
        changed = {change.room_id for change in changes}
        for room_id in changed:
            self._changes[room_id] += 1
        if changed:
            self._async_show(
                {
                    room_id: _until_forecast(
                        self.data.rooms[room_id], self._state_only(room_id)
                    )
                    for room_id in changed
                }
            )
            self._async_request(changed)
        self._async_arm()

    @callback
    def _async_arm(self) -> None:
        """Set the timer to the moment of the next change by time alone."""
        if not self._shutdown_requested:
            self._deadline.async_set(self._tracker.next_deadline())

    @callback
    def _async_request(self, rooms: Iterable[str]) -> None:
        """Ask for a forecast of rooms, soon."""
        self._due.update(rooms)
        self._request.async_schedule_call()

    @callback
    def _async_show(self, rooms: dict[str, Forecast]) -> None:
        if self._shutdown_requested:
            return
        self.async_set_updated_data(
            HomeForecast(self._seen, {**self.data.rooms, **rooms})
        )

    def _state_only(self, room_id: str) -> Forecast:
        """Return a forecast that says no more than the state of the room."""
        model = None if self._model is None else self._model.rooms.get(room_id)
        return Forecast(
            room_id,
            self._seen,
            self._tracker.occupied(room_id),
            since=self._tracker.since(room_id),
            stage=Stage.COLLECTING if model is None else model.stage,
        )

    async def _async_forecast(self) -> None:
        """Forecast the rooms that are due; one forecast at a time."""
        async with self._forecasting:
            self._async_advance(dt_util.utcnow().timestamp())
            if not self._due or self._shutdown_requested:
                return
            due, self._due = self._due, set()
            made_at = {room_id: self._changes[room_id] for room_id in due}
            timeline = self._tracker.timeline(self._seen)
            job = partial(
                predict,
                self._model,
                HomeSpec(
                    tuple(room for room in self._spec.rooms if room.room_id in due),
                    self._spec.time_zone,
                ),
                timeline,
                self._config,
                now=timeline.end,
            )
            try:
                forecast = await self.hass.async_add_executor_job(job)
            except FORECAST_ERRORS:
                if not self._failed:
                    LOGGER.exception("Forecasting failed; rooms go on without it")
                self._failed = True
                rooms = {room_id: self._state_only(room_id) for room_id in due}
            else:
                if self._failed:
                    LOGGER.info("Forecasting works again")
                self._failed = False
                rooms = forecast.rooms
            issued: list[Forecast] = []
            for room_id, room in rooms.items():
                if self._changes[room_id] == made_at[room_id]:
                    issued.append(room)
                    self._async_show({room_id: room})
                    # Entities write their states now: the loop gets air
                    # between two rooms.
                    await asyncio.sleep(0)
            self._scorekeeper.async_take(timeline, issued)

    @callback
    def _async_update_status(self) -> None:
        status = LearningStatus.of(
            self._model, self.room_titles, self._importing, self._training
        )
        if status != self.status:
            self.status = status
            self.async_update_listeners()


def _until_forecast(before: Forecast, state: Forecast) -> Forecast:
    """Return the new state of a room beside the forecast from before it.

    Half a second of "unknown" at every change would be two rows instead of one for
    the recorder, and a false alarm for automations. A forecast that does not come is
    noticed by the heartbeat.
    """
    if state.occupied is None:
        return state
    return replace(before, occupied=state.occupied, since=state.since)


@dataclass(frozen=True, slots=True)
class RuntimeData:
    """The parts of the running integration."""

    archive: Archive
    writer: ArchiveWriter
    collector: Collector
    keeper: ModelKeeper
    trainer: Trainer
    backfill: Backfill
    follower: HomeFollower
    scorekeeper: Scorekeeper
    coordinator: OccupancyCoordinator


type OccupancyConfigEntry = ConfigEntry[RuntimeData]
