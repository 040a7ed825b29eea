"""Fills the archive with what the recorder still knows of new sensors."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from sqlalchemy.exc import SQLAlchemyError

from .archive import Archive
from .const import DOMAIN, LOGGER
from .engine import Observation, SensorKind
from .history import RecorderMissing, async_import_history
from .repairs import async_report_recorder_missing

# Recorders keep ten days by default; who keeps more gets all that the archive
# would keep (s).
REACH: Final = 400 * 86400.0
_STORAGE_VERSION: Final = 1
_STORAGE_KEY: Final = f"{DOMAIN}.import"


class Backfill:
    """Imports the history of sensors once, also across restarts.

    ``on_progress`` gets the share done, None at the end; ``on_imported`` is
    called when there is something new to learn from.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        sensors: Mapping[str, SensorKind],
        archive: Archive,
        on_progress: Callable[[float | None], None],
        on_imported: Callable[[], None],
    ) -> None:
        """Take what an import needs."""
        self._hass = hass
        self._sensors = sensors
        self._archive = archive
        self._on_progress = on_progress
        self._on_imported = on_imported
        self._store: Store[list[str]] = Store(hass, _STORAGE_VERSION, _STORAGE_KEY)
        self._pending: list[str] = []
        self._task: asyncio.Task[None] | None = None

    async def async_load(self, new_sensors: Iterable[str]) -> None:
        """Remember which sensors are to be imported, until it is done."""
        stored = await self._store.async_load() or []
        self._pending = sorted({*stored, *new_sensors} & self._sensors.keys())
        if self._pending != stored:
            await self._store.async_save(self._pending)

    @callback
    def async_start(self) -> None:
        """Import in the background what is not imported yet."""
        if not self._pending:
            async_report_recorder_missing(self._hass, False)
            return
        self._task = self._hass.async_create_background_task(
            self._async_run(), f"{DOMAIN} history", eager_start=False
        )

    async def async_stop(self) -> None:
        """Stop; the next start goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _async_run(self) -> None:
        now = dt_util.utcnow().timestamp()
        try:
            report = await async_import_history(
                self._hass,
                {sensor: self._sensors[sensor] for sensor in self._pending},
                start=now - REACH,
                end=now,
                sink=self._async_append,
                progress=self._on_progress,
            )
        except RecorderMissing:
            async_report_recorder_missing(self._hass, True)
            return
        except (OSError, SQLAlchemyError) as error:
            LOGGER.warning("History is not imported before the next start: %s", error)
            return
        finally:
            self._on_progress(None)
        async_report_recorder_missing(self._hass, False)
        self._pending = []
        await self._store.async_save(self._pending)
        LOGGER.info(
            "Imported %d observations of %d sensors; excluded from the recorder: %s",
            report.rows,
            len(report.sensors),
            ", ".join(report.unrecorded) or "none",
        )
        if report.rows:
            self._on_imported()

    async def _async_append(self, observations: list[Observation]) -> None:
        await self._hass.async_add_executor_job(self._archive.append, observations)


async def async_forget_imports(hass: HomeAssistant) -> None:
    """Forget what was to be imported."""
    await Store(hass, _STORAGE_VERSION, _STORAGE_KEY).async_remove()
