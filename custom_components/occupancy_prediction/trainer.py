"""When to learn: the queue is looked at every five minutes, one job at a time."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
import math
from threading import Event
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import (
    async_track_time_change,
    async_track_time_interval,
)
from homeassistant.util import dt as dt_util

from .const import DOMAIN, LOGGER
from .engine import (
    Adaptation,
    ModelState,
    Progress,
    Trained,
    TrainingCancelled,
    TrainingJob,
)
from .learner import Learner
from .model_keeper import ModelKeeper
from .model_registry import ModelRecord, Verdict
from .training_queue import Reasons, TrainingQueue, TrainingReason, keeps_evidence
from .worker import Worker, WorkerError, give_memory_back

__all__ = ["Trainer", "TrainingReason"]

_DAY: Final = 86400.0

# The first forecast is what a new user waits for, and nothing waits longer than this
# after a pause.
CHECK_INTERVAL: Final = timedelta(minutes=5)
# What happened is counted this often (s); it takes milliseconds.
UPDATE_INTERVAL: Final = 3600.0
# Checks come some seconds early or late (s).
_CHECK_JITTER: Final = 30.0
# Learning everything anew takes seconds to minutes, so it is done while people
# sleep; the half hour after it is shared out among homes by ``nightly_offset``.
NIGHTLY_HOUR, NIGHTLY_MINUTE = 3, 30
NIGHTLY_SPREAD: Final = 1800
# Home Assistant was not running at night: a model of this age (s) is made anew at
# the start.
MISSED_NIGHT: Final = 1.5 * _DAY
# Up to this age (s) of the record an hour changes a lot and a training costs
# nothing, so it takes the place of the update; once more at the second age,
# where the stage changes.
YOUNG_RECORD: Final = 1 * _DAY
RIPE_RECORD: Final = 3 * _DAY
# Observations rest this long (s) in the writer's queue; learning must not take
# what is still there for silence.
ARCHIVE_LAG: Final = 10.0
# Unloading waits this long (s) for the end of what is under way.
STOP_PATIENCE: Final = 1.0


class Trainer:
    """Keeps the model current: trains it at night, updates it every hour.

    ``on_progress`` gets how far a training is, None when none is under way, on the
    event loop; ``on_adaptation`` what each training noticed of a change of life.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        learner: Learner,
        keeper: ModelKeeper,
        on_progress: Callable[[Progress | None], None],
        on_adaptation: Callable[[Adaptation], None],
        *,
        nightly_offset: int = 0,
    ) -> None:
        """Take what learning needs; ``nightly_offset`` is in seconds."""
        self._hass = hass
        self._learner = learner
        self._keeper = keeper
        self._worker = Worker(hass, on_progress)
        self._on_progress = on_progress
        self._on_adaptation = on_adaptation
        self._nightly_offset = nightly_offset % NIGHTLY_SPREAD
        self._queue = TrainingQueue()
        self._is_restored = False
        self._failed = _Failures()
        self._updated_at = 0.0
        # Until when a training has looked for changes of life (UTC s).
        self._looked_at = math.inf
        self._update_wanted = False
        self._task: asyncio.Task[None] | None = None
        self._stopped = Event()
        self._unsubscribe: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Begin with the model in use, if there is one."""
        model = self._keeper.model
        self._looked_at = _now() if model is None else model.trained_at
        self._unsubscribe = [
            async_track_time_interval(
                self._hass,
                self._async_check,
                CHECK_INTERVAL,
                name=f"{DOMAIN} training",
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
            self._queue.want(TrainingReason.FIRST_DATA)
        elif not self._learner.fits(model):
            self._queue.want(TrainingReason.CONFIGURATION)
        elif _now() - model.trained_at > MISSED_NIGHT:
            self._queue.want(TrainingReason.SCHEDULE)
        self._async_want_update()

    @callback
    def async_request(self, reason: TrainingReason) -> None:
        """Ask for everything to be learned anew."""
        LOGGER.debug("Training wanted: %s", reason)
        self._queue.want(reason)
        self._async_run_next()

    async def async_stop(self) -> None:
        """Stop within about a second; what is half learned is dropped."""
        self._stopped.set()
        while self._unsubscribe:
            self._unsubscribe.pop()()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=STOP_PATIENCE)
        await self._keeper.async_stop()

    @callback
    def _async_check(self, _: datetime) -> None:
        """Look at what is due, and at what waits."""
        if (model := self._keeper.model) is None:
            self._queue.want(TrainingReason.FIRST_DATA)
        elif _now() - self._updated_at >= UPDATE_INTERVAL - _CHECK_JITTER:
            learned = model.trained_at - model.data_start
            age = _now() - model.data_start
            if learned < YOUNG_RECORD or learned < RIPE_RECORD <= age:
                self._queue.want(TrainingReason.FIRST_DATA)
            else:
                self._async_want_update()
        self._async_run_next()

    @callback
    def _async_nightly(self, _: datetime) -> None:
        self.async_request(TrainingReason.SCHEDULE)

    @callback
    def _async_want_update(self) -> None:
        self._updated_at = _now()
        self._update_wanted = self._keeper.model is not None
        self._async_run_next()

    @callback
    def _async_run_next(self) -> None:
        if self._task is None and not self._stopped.is_set():
            self._task = self._hass.async_create_background_task(
                self._async_run(), f"{DOMAIN} training", eager_start=False
            )

    async def _async_run(self) -> None:
        """Do what is wanted: the boundary no error of learning gets past."""
        try:
            while True:
                await self._async_remember()
                if reasons := self._queue.take(_now()):
                    await self._async_train(reasons)
                elif self._update_wanted:
                    await self._async_update()
                else:
                    break
        except TrainingCancelled:
            LOGGER.debug("Learning stopped")
        except Exception as error:  # noqa: BLE001 - the boundary of the task
            self._failed.log(error)
            self._async_try_again(error)
        finally:
            self._task = None

    @callback
    def _async_try_again(self, error: Exception) -> None:
        """Decide what to do about a failure, at a later check."""
        if self._queue.is_running:
            self._queue.fail(_now())
        elif isinstance(error, OSError):
            # The model is in use but could not be saved.
            self._update_wanted = True
        else:
            # A model that cannot be updated is better made anew.
            self._queue.want(TrainingReason.SCHEDULE)

    async def _async_remember(self) -> None:
        """Have what is wanted asked for again after a restart in between."""
        if not self._is_restored:
            self._queue.restore(await self._keeper.async_unfinished())
            self._is_restored = True
        try:
            await self._keeper.async_set_unfinished(self._queue.unfinished)
        except OSError as error:
            # Learning does not depend on it.
            LOGGER.debug("The queue of trainings is not saved: %s", error)

    async def _async_train(self, reasons: Reasons) -> None:
        """Learn everything anew."""
        LOGGER.debug("Training begins: %s", ", ".join(reasons))
        base, now = self._keeper.model, _now() - ARCHIVE_LAG
        self._looked_at = now
        try:
            job = await self._hass.async_add_executor_job(
                self._prepare, now, reasons, base
            )
            trained = None if job is None else await self._worker.async_train(job)
            # It holds as much memory as all that was observed.
            del job
        finally:
            self._on_progress(None)
        if trained is not None and self._keeper.model is not base:
            LOGGER.debug("Training begins again: another model is in use")
            self._queue.put_back()
            return
        self._queue.finish()
        if trained is not None:
            self._failed.forget()
            await self._async_judge(trained, reasons)
            await self._hass.async_add_executor_job(give_memory_back)

    async def _async_judge(self, trained: Trained, reasons: Reasons) -> None:
        """Adopt a new model if it does not lose to the one in use."""
        model, trial = trained.model, trained.report.trial
        self._on_adaptation(trained.report.adaptation)
        if trial is not None and trial.is_lost:
            LOGGER.info(
                "Model %s is not adopted: on the last days its error was %.1f min (%.1f "
                "on days it knew), that of the one in use %.1f",
                model.version,
                trial.unseen,
                trial.seen,
                trial.in_use,
            )
            record = ModelRecord.of(model, Verdict.REJECTED, reasons, trained.report)
            await self._keeper.async_note(record)
            self._async_want_update()
            return
        if model.tuning.reason:
            LOGGER.info("Tuning of model %s: %s", model.version, model.tuning.reason)
        self._updated_at = _now()
        self._update_wanted = False
        record = ModelRecord.of(model, Verdict.ADOPTED, reasons, trained.report)
        await self._keeper.async_adopt(model, record)

    async def _async_update(self) -> None:
        """Count what has come since the last time."""
        self._update_wanted = False
        if (base := self._keeper.model) is not None:
            now = _now() - ARCHIVE_LAG
            model = await self._hass.async_add_executor_job(
                self._learner.updated, base, now, self._check_stopped
            )
            await self._keeper.async_update(model, base)
            if await self._hass.async_add_executor_job(
                self._learner.has_drifted, self._looked_at, now
            ):
                self._queue.want(TrainingReason.DRIFT)

    def _prepare(
        self, now: float, reasons: Reasons, model: ModelState | None
    ) -> TrainingJob | None:
        """Return what there is to learn, None if that is nothing yet (executor)."""
        if TrainingReason.SCHEDULE in reasons:
            self._learner.forget_old(now)
        if model is None and not self._learner.has_first_data(now):
            return None
        return self._learner.job(
            now,
            model if keeps_evidence(reasons) else None,
            # At night nobody waits for the model.
            search=TrainingReason.SCHEDULE in reasons,
        )

    def _check_stopped(self, _: float) -> None:
        if self._stopped.is_set():
            raise TrainingCancelled("the integration is being stopped")


class _Failures:
    """Logs each failure once, until a training works again."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def log(self, error: Exception) -> None:
        """Log a failure that is another than those before."""
        text = f"{type(error).__name__}: {error}"
        if text not in self._told:
            self._told.add(text)
            # What the learning process says of itself is all there is to see.
            trace = None if isinstance(error, WorkerError) else error
            LOGGER.error(
                "Learning failed; the model in use stays: %s",
                "\n".join([str(error), *getattr(error, "__notes__", [])]),
                exc_info=trace,
            )

    def forget(self) -> None:
        """Log that it works again, if it did not."""
        if self._told:
            LOGGER.info("Learning works again")
        self._told.clear()


def _now() -> float:
    return dt_util.utcnow().timestamp()
