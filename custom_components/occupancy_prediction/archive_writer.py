"""Carries observations and forecasts from the event loop into the archive, in batches."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CALLBACK_TYPE, Event, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.util import dt as dt_util
from sqlalchemy.exc import SQLAlchemyError

from .archive import Archive
from .const import DOMAIN, LOGGER
from .engine.types import Observation
from .forecast_log import LogEntry

# A crash loses at most this much; shorter would only wear out the disk.
BATCH_SECONDS: Final = 2.0
# More than this at once (a burst, many sensors starting) is not kept waiting.
BATCH_ROWS: Final = 500
# How exactly one knows after a crash until when Home Assistant was watching.
ALIVE_INTERVAL: Final = timedelta(minutes=1)
# First wait after a failure, doubled up to the longest: a full disk lasts.
RETRY_SECONDS: Final = 5.0
LONGEST_RETRY_SECONDS: Final = 300.0
# Two days of a busy home (10,000 a day), about 3 MB; beyond it the oldest go.
MEMORY_ROWS: Final = 20_000
# The same for entries of the forecast log (500 a day), at most 10 MB.
MEMORY_ENTRIES: Final = 1_000

type WriteProblem = OSError | SQLAlchemyError


class ArchiveWriter:
    """Queue, batches, retries. Lives on the event loop, writes in the executor."""

    def __init__(
        self,
        hass: HomeAssistant,
        archive: Archive,
        on_problem: Callable[[WriteProblem | None], None],
    ) -> None:
        """Remember where to write and whom to tell that it fails or works again."""
        self._hass = hass
        self._archive = archive
        self._on_problem = on_problem
        self._pending: deque[Observation] = deque()
        self._entries: deque[LogEntry] = deque()
        self._lock = asyncio.Lock()
        self._failures = 0
        self._dropped = 0
        self._alive_due = False
        self._timer: CALLBACK_TYPE | None = None
        self._unsubscribe: list[CALLBACK_TYPE] = []

    @property
    def pending(self) -> int:
        """Return how many observations wait in memory."""
        return len(self._pending)

    @property
    def dropped(self) -> int:
        """Return how many observations were lost for want of memory."""
        return self._dropped

    @callback
    def async_start(self) -> None:
        """Begin to say once a minute that Home Assistant is watching."""
        self._unsubscribe = [
            async_track_time_interval(
                self._hass,
                self._async_heartbeat,
                ALIVE_INTERVAL,
                cancel_on_shutdown=True,
            ),
            # Home Assistant does not unload its entries when it stops.
            self._hass.bus.async_listen_once(
                EVENT_HOMEASSISTANT_FINAL_WRITE, self._async_final_write
            ),
        ]

    async def async_stop(self) -> None:
        """Stop, after a last attempt to write what waits."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        await self._async_write_last()

    @callback
    def put(self, observation: Observation) -> None:
        """Take an observation; it is in the archive soon."""
        self._pending.append(observation)
        self._async_waiting()

    @callback
    def put_entry(self, entry: LogEntry) -> None:
        """Take an entry of the forecast log; it is in the archive soon."""
        self._entries.append(entry)
        self._async_waiting()

    @callback
    def _async_waiting(self) -> None:
        if self._failures:
            self._forget_oldest()
        elif len(self._pending) >= BATCH_ROWS and not self._lock.locked():
            self._async_write_soon()
        elif self._timer is None:
            self._async_schedule(BATCH_SECONDS)

    @callback
    def _async_heartbeat(self, _now: datetime) -> None:
        self._alive_due = True
        if not self._failures:
            self._async_write_soon()

    async def _async_final_write(self, _event: Event) -> None:
        # This listener has removed itself by being called.
        self._unsubscribe.pop()
        await self._async_write_last()

    async def _async_write_last(self) -> None:
        self._alive_due = True
        await self._async_write()
        while (self._pending or self._entries) and not self._failures:
            # They came during the write.
            await self._async_write()
        # A failure has scheduled another attempt.
        self._cancel_timer()
        if self._pending:
            LOGGER.error("%d observations could not be archived", len(self._pending))

    @callback
    def _async_schedule(self, seconds: float) -> None:
        self._cancel_timer()
        self._timer = async_call_later(
            self._hass, seconds, HassJob(self._async_timer, cancel_on_shutdown=True)
        )

    @callback
    def _async_timer(self, _now: datetime) -> None:
        self._timer = None
        self._async_write_soon()

    @callback
    def _async_write_soon(self) -> None:
        # Not in the background: that would be canceled when Home Assistant stops.
        self._hass.async_create_task(self._async_write(), f"{DOMAIN} archive")

    async def _async_write(self) -> None:
        """Write all that waits, one write at a time."""
        async with self._lock:
            self._cancel_timer()
            rows, entries = list(self._pending), list(self._entries)
            self._pending.clear()
            self._entries.clear()
            # Taken before the rows are written: what happens meanwhile is not
            # in them.
            alive = dt_util.utcnow().timestamp() if self._alive_due else None
            self._alive_due = False
            if not rows and not entries and alive is None:
                return
            try:
                await self._hass.async_add_executor_job(
                    self._write, rows, entries, alive
                )
            except (OSError, SQLAlchemyError) as error:
                self._alive_due |= alive is not None
                self._pending.extendleft(reversed(rows))
                self._entries.extendleft(reversed(entries))
                self._failed(error)
            else:
                self._succeeded()

    def _write(
        self, rows: list[Observation], entries: list[LogEntry], alive: float | None
    ) -> None:
        """Write in the executor; never claim to have watched what is not written.

        What is written twice after a failure in between is known the second time.
        """
        self._archive.append(rows)
        if entries:
            self._archive.forecasts.write(entries)
        if alive is not None:
            self._archive.set_alive(alive)

    def _failed(self, error: WriteProblem) -> None:
        self._forget_oldest()
        self._failures += 1
        if self._failures == 1:
            LOGGER.warning(
                "The archive cannot be written, the last %d observations are kept in "
                "memory meanwhile: %s",
                MEMORY_ROWS,
                error,
            )
            self._on_problem(error)
        delay = RETRY_SECONDS * 2.0 ** min(self._failures - 1, 10)
        self._async_schedule(min(delay, LONGEST_RETRY_SECONDS))

    def _succeeded(self) -> None:
        if not self._failures:
            return
        self._failures = 0
        LOGGER.info(
            "The archive is written again; observations lost so far: %d", self._dropped
        )
        self._on_problem(None)

    def _forget_oldest(self) -> None:
        while len(self._pending) > MEMORY_ROWS:
            self._pending.popleft()
            self._dropped += 1
        while len(self._entries) > MEMORY_ENTRIES:
            self._entries.popleft()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer()
            self._timer = None
