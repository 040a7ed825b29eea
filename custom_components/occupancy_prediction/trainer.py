"""When to learn, and learning itself: off the event loop, one job at a time."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
import hashlib
import math
from threading import Event
import time
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import (
    async_call_later,
    async_track_time_change,
    async_track_time_interval,
)
from homeassistant.util import dt as dt_util

from .archive import Archive
from .const import DOMAIN, LOGGER
from .engine import (
    OCCUPANCY_KINDS,
    EngineConfig,
    HomeSpec,
    ModelState,
    TrainingCancelled,
    train,
    update,
    update_start,
)
from .model_store import ModelStore

_DAY: Final = 86400.0

# Without a model the archive is looked at this often: the first forecast is
# what a new user waits for.
FIRST_DATA_INTERVAL: Final = timedelta(minutes=5)
# Seconds of record a first training needs: with less, hardly a stay is complete.
FIRST_DATA_SPAN: Final = 3600.0
# What happened is counted this often; it takes milliseconds.
UPDATE_INTERVAL: Final = timedelta(hours=1)
# Learning everything anew takes seconds to minutes, so it is done while people
# sleep; the half hour after it is shared out among homes by ``nightly_offset``.
NIGHTLY_HOUR, NIGHTLY_MINUTE = 3, 30
NIGHTLY_SPREAD: Final = 1800
# Up to this age (s) of the record an hour changes a lot and a training costs
# nothing, so it takes the place of the update; once more at the second age,
# where the stage changes.
YOUNG_RECORD: Final = 1 * _DAY
RIPE_RECORD: Final = 3 * _DAY
# The archive forgets what is older (s): a year shows every season once, and life
# changes faster.
RETENTION: Final = 400 * _DAY
# Observations rest this long (s) in the writer's queue; learning must not take
# what is still there for silence.
ARCHIVE_LAG: Final = 10.0
# Progress is shown at most this often (s): each time entities write a state.
PROGRESS_INTERVAL: Final = 0.5
# After a failure the next try waits, twice as long each time (s).
RETRY_FIRST: Final = 600.0
RETRY_LONGEST: Final = 6 * 3600.0
# Unloading waits this long (s) for the thread to notice; its result is dropped.
STOP_PATIENCE: Final = 1.0


class TrainingReason(StrEnum):
    """Why everything is to be learned anew."""

    FIRST_DATA = "first_data"
    CONFIGURATION = "configuration"
    HISTORY = "history"
    SCHEDULE = "schedule"
    REQUEST = "request"


# These do not wait for the end of a pause after failures.
_URGENT: Final = frozenset(
    {TrainingReason.CONFIGURATION, TrainingReason.HISTORY, TrainingReason.REQUEST}
)


class _Learner:
    """Learning itself, in an executor; it touches nothing of the event loop.

    ``on_progress`` gets the share of a training that is done, now and then.
    """

    def __init__(
        self,
        spec: HomeSpec,
        config: EngineConfig,
        archive: Archive,
        on_progress: Callable[[float], None],
    ) -> None:
        self._spec = spec
        self._config = config
        self._archive = archive
        self._on_progress = on_progress
        self._progress_at = -math.inf
        self._sensors = spec.sensor_ids
        self._telling = [
            sensor.sensor_id
            for room in spec.rooms
            for sensor in room.sensors
            if sensor.kind in OCCUPANCY_KINDS
        ]
        self.cancelled = Event()
        # Tells a home from the same home configured otherwise.
        self._fingerprint = hashlib.sha256(repr(spec).encode()).hexdigest()[:8]

    def fits(self, model: ModelState) -> bool:
        """Return whether a model is of the home as it is configured now."""
        return model.version.rpartition("-")[2] == self._fingerprint

    def has_first_data(self, now: float) -> bool:
        """Return whether there is something to learn."""
        spans = self._archive.spans(self._telling)
        return any(now - first >= FIRST_DATA_SPAN for first, _ in spans.values())

    def forget_old(self, now: float) -> None:
        """Let the archive forget what is too old to learn from."""
        self._archive.remove_before(now - RETENTION)

    def train(self, now: float, previous: ModelState | None) -> ModelState:
        """Learn everything anew; how ``previous`` has fared is not forgotten."""
        self._progress_at = -math.inf
        return train(
            self._spec,
            self._archive.load(self._sensors, end=now),
            self._config,
            now=now,
            version=f"{int(now)}-{self._fingerprint}",
            previous=previous,
            checkpoint=self._show_progress,
        )

    def update(self, model: ModelState, now: float) -> ModelState:
        """Learn what has come since the data of a model ended."""
        start = update_start(model, self._config)
        return update(
            model,
            self._spec,
            self._archive.recent(self._sensors, start).before(now),
            self._config,
            now=now,
            checkpoint=self._check_cancelled,
        )

    def _check_cancelled(self, _: float) -> None:
        if self.cancelled.is_set():
            raise TrainingCancelled("the integration is being stopped")

    def _show_progress(self, share: float) -> None:
        self._check_cancelled(share)
        moment = time.monotonic()
        if moment - self._progress_at >= PROGRESS_INTERVAL:
            self._progress_at = moment
            self._on_progress(share)


class Trainer:
    """Keeps the model current: trains it at night, updates it every hour.

    ``on_model`` gets every new model and ``on_progress`` the share of a
    training that is done, None when none is under way; both on the event loop.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        spec: HomeSpec,
        config: EngineConfig,
        archive: Archive,
        store: ModelStore,
        on_model: Callable[[ModelState], None],
        on_progress: Callable[[float | None], None],
        *,
        nightly_offset: int = 0,
    ) -> None:
        """Take what learning needs; ``nightly_offset`` is in seconds."""
        self._hass = hass
        self._learner = _Learner(spec, config, archive, self._hear_progress)
        self._store = store
        self._on_model = on_model
        self._on_progress = on_progress
        self._nightly_offset = nightly_offset % NIGHTLY_SPREAD
        self._model: ModelState | None = None
        self._task: asyncio.Task[None] | None = None
        self._wanted: TrainingReason | None = None
        self._update_wanted = False
        self._failures = 0
        self._last_failure = ""
        self._cancel_retry: CALLBACK_TYPE | None = None
        self._unsubscribe: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self, model: ModelState | None) -> None:
        """Begin with the saved model, None if there is none."""
        self._model = model
        self._unsubscribe = [
            async_track_time_interval(
                self._hass,
                self._async_check_first_data,
                FIRST_DATA_INTERVAL,
                name=f"{DOMAIN} first data",
            ),
            async_track_time_interval(
                self._hass,
                self._async_hourly,
                UPDATE_INTERVAL,
                name=f"{DOMAIN} update",
            ),
            async_track_time_change(
                self._hass,
                self._async_nightly,
                NIGHTLY_HOUR,
                NIGHTLY_MINUTE + self._nightly_offset // 60,
                self._nightly_offset % 60,
            ),
        ]
        if model is None:
            self._want(TrainingReason.FIRST_DATA)
        elif self._learner.fits(model):
            self._want_update()
        else:
            self._want(TrainingReason.CONFIGURATION)

    @callback
    def async_request(self, reason: TrainingReason) -> None:
        """Ask for everything to be learned anew."""
        self._want(reason)

    async def async_stop(self) -> None:
        """Stop within about a second; what is half learned is dropped."""
        self._learner.cancelled.set()
        while self._unsubscribe:
            self._unsubscribe.pop()()
        self._async_end_pause()
        if self._task is not None:
            _, pending = await asyncio.wait({self._task}, timeout=STOP_PATIENCE)
            for task in pending:
                task.cancel()

    @callback
    def _async_check_first_data(self, _: datetime) -> None:
        if self._model is None:
            self._want(TrainingReason.FIRST_DATA)

    @callback
    def _async_hourly(self, _: datetime) -> None:
        if self._model is None:
            return
        learned = self._model.trained_at - self._model.data_start
        age = dt_util.utcnow().timestamp() - self._model.data_start
        if learned < YOUNG_RECORD or learned < RIPE_RECORD <= age:
            self._want(TrainingReason.FIRST_DATA)
        else:
            self._want_update()

    @callback
    def _async_nightly(self, _: datetime) -> None:
        self._want(TrainingReason.SCHEDULE)

    @callback
    def _want(self, reason: TrainingReason) -> None:
        LOGGER.debug("Training wanted: %s", reason)
        self._wanted = reason
        if reason in _URGENT:
            self._async_end_pause()
        self._async_run_next()

    @callback
    def _want_update(self) -> None:
        self._update_wanted = True
        self._async_run_next()

    @callback
    def _async_run_next(self) -> None:
        if (
            self._task is None
            and self._cancel_retry is None
            and not self._learner.cancelled.is_set()
        ):
            self._task = self._hass.async_create_background_task(
                self._async_run(), f"{DOMAIN} training", eager_start=False
            )

    async def _async_run(self) -> None:
        """Do what is wanted: the boundary no error of learning gets past."""
        try:
            while self._wanted is not None or self._update_wanted:
                reason, self._wanted = self._wanted, None
                self._update_wanted = False
                await self._async_learn(reason)
        except TrainingCancelled:
            LOGGER.debug("Training cancelled")
        except asyncio.CancelledError:
            # The thread does not hear of it otherwise.
            self._learner.cancelled.set()
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of the task
            if self._is_new(error):
                LOGGER.exception("Learning failed; the model in use stays")
            if not self._learner.cancelled.is_set():
                self._async_pause()
        finally:
            self._task = None

    async def _async_learn(self, reason: TrainingReason | None) -> None:
        """Train for a reason, or update if there is none."""
        now = dt_util.utcnow().timestamp() - ARCHIVE_LAG
        try:
            model = await self._hass.async_add_executor_job(
                self._learn, self._model, reason, now
            )
        finally:
            if reason is not None:
                self._on_progress(None)
        if model is None or self._learner.cancelled.is_set():
            return
        self._model = model
        self._on_model(model)
        await self._hass.async_add_executor_job(self._store.save, model)
        if self._failures:
            LOGGER.info("Learning works again")
        self._failures = 0
        self._last_failure = ""

    def _is_new(self, error: Exception) -> bool:
        """Tell whether a failure is another than the last: each is logged once."""
        failure = f"{type(error).__name__}: {error}"
        known, self._last_failure = self._last_failure, failure
        return failure != known

    @callback
    def _async_pause(self) -> None:
        """Try again later."""
        pause = min(RETRY_FIRST * 2 ** min(self._failures, 10), RETRY_LONGEST)
        self._failures += 1
        # A model that cannot be updated is better made anew.
        self._wanted = self._wanted or TrainingReason.SCHEDULE
        self._cancel_retry = async_call_later(self._hass, pause, self._async_retry)

    @callback
    def _async_retry(self, _: datetime) -> None:
        self._cancel_retry = None
        self._async_run_next()

    @callback
    def _async_end_pause(self) -> None:
        if self._cancel_retry is not None:
            self._cancel_retry()
            self._cancel_retry = None

    def _learn(
        self, model: ModelState | None, reason: TrainingReason | None, now: float
    ) -> ModelState | None:
        """Return a new model, None if there is nothing to learn yet (executor)."""
        learner = self._learner
        if reason is None:
            return None if model is None else learner.update(model, now)
        if reason is TrainingReason.SCHEDULE:
            learner.forget_old(now)
        if model is None and not learner.has_first_data(now):
            return None
        # With other rooms or another past, what a model was worth is found out anew.
        same = reason in (TrainingReason.SCHEDULE, TrainingReason.REQUEST)
        return learner.train(now, model if same else None)

    def _hear_progress(self, share: float) -> None:
        self._hass.loop.call_soon_threadsafe(self._async_show_progress, share)

    @callback
    def _async_show_progress(self, share: float) -> None:
        if not self._learner.cancelled.is_set():
            self._on_progress(share)
