"""The model in use: who may change it, and how it travels."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
import numpy as np

from .const import DOMAIN, LOGGER
from .engine import ModelState, ModelStateError, ModelVersionError
from .learner import Learner
from .model_registry import LARGEST_IMPORT, ModelRecord, ModelRegistry, Verdict

# What arrays that do not fit each other may raise when they are computed with.
_MISFITS: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
# Deleting files waits this long (s) for one that is being written.
_PATIENCE: Final = 1.0


class ModelKeeper:
    """Holds the model in use; every change is in use first and on disk next.

    ``on_model`` gets every new model, on the event loop.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        learner: Learner,
        registry: ModelRegistry,
        on_model: Callable[[ModelState], None],
        model: ModelState | None,
    ) -> None:
        """Begin with the saved model, None if there is none."""
        self._hass = hass
        self._learner = learner
        self._registry = registry
        self._on_model = on_model
        self._model = model
        self._changing = asyncio.Lock()
        self._writing: asyncio.Future[object] | None = None

    @property
    def model(self) -> ModelState | None:
        """Return the model in use."""
        return self._model

    async def async_adopt(self, model: ModelState, record: ModelRecord) -> None:
        """Use another model, and keep the one before for a while.

        Raises:
            OSError: it could not be saved, but it is in use.
        """
        async with self._changing:
            before = self._model
            self._async_use(model)
            await self._async_write(self._registry.adopt, model, record, before)

    async def async_update(self, model: ModelState, base: ModelState) -> None:
        """Use the same model with what has come since.

        It is dropped where ``base``, of which it was made, is not in use any more.

        Raises:
            OSError: it could not be saved, but it is in use.
        """
        async with self._changing:
            if self._model is base:
                self._async_use(model)
                await self._async_write(self._registry.save, model)

    async def async_note(self, record: ModelRecord) -> None:
        """Remember a model that was not adopted."""
        await self._async_write(self._registry.note, record)

    async def async_records(self) -> list[ModelRecord]:
        """Return what is known of models, the latest first."""
        return await self._hass.async_add_executor_job(self._registry.records)

    async def async_unfinished(self) -> list[str]:
        """Return why trainings were wanted that were cut off."""
        return await self._hass.async_add_executor_job(self._registry.unfinished)

    async def async_set_unfinished(self, reasons: tuple[str, ...]) -> None:
        """Remember why a training is wanted, until it is done."""
        await self._async_write(self._registry.set_unfinished, reasons)

    async def async_rollback(self) -> ModelState:
        """Use the model again that was in use before.

        Raises:
            ServiceValidationError: there is none that fits the home as it is now.
            OSError: it cannot be written; nothing has changed.
        """
        async with self._changing:
            model = await self._hass.async_add_executor_job(
                self._registry.roll_back, self._learner.fits
            )
            if model is None:
                raise ServiceValidationError(
                    translation_domain=DOMAIN,
                    translation_key="no_previous_model",
                )
            LOGGER.info("Model %s is in use again", model.version)
            self._async_use(model)
            return model

    async def async_export(self) -> bytes:
        """Return the model in use as a file.

        Raises:
            ServiceValidationError: there is none.
        """
        if self._model is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="no_model",
            )
        return await self._hass.async_add_executor_job(self._model.to_bytes)

    async def async_import(self, content: bytes, now: float) -> None:
        """Use a model that was exported from this home, with what has come since.

        Raises:
            ServiceValidationError: it is damaged, foreign, or no model at all.
            OSError: it could not be saved, but it is in use.
        """
        model = await self._hass.async_add_executor_job(self._read, content, now)
        LOGGER.info("Model %s was imported", model.version)
        await self.async_adopt(model, ModelRecord.of(model, Verdict.IMPORTED))

    async def async_stop(self) -> None:
        """Wait for what is being written: files must not appear once deleted."""
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=_PATIENCE)

    @callback
    def _async_use(self, model: ModelState) -> None:
        self._model = model
        self._on_model(model)

    async def _async_write[*Ts](
        self, write: Callable[[*Ts], object], *arguments: *Ts
    ) -> None:
        """Write files; who is cancelled meanwhile does not cut that off."""
        self._writing = self._hass.async_add_executor_job(write, *arguments)
        await asyncio.shield(self._writing)

    def _read(self, content: bytes, now: float) -> ModelState:
        """Read a model and let it learn what has come since: that shows it works."""
        if len(content) > LARGEST_IMPORT:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="model_too_large",
            )
        try:
            model = ModelState.from_bytes(content)
        except ModelVersionError as error:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="model_of_another_version",
                translation_placeholders={"error": str(error)},
            ) from error
        except ModelStateError as error:
            raise _damaged(error) from error
        if not self._learner.fits(model):
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="model_of_another_home",
            )
        if self._model is not None:
            _check_make(model, self._model)
        try:
            return self._learner.updated(model, now, lambda _: None)
        except _MISFITS as error:
            raise _damaged(error) from error


def _check_make(model: ModelState, known: ModelState) -> None:
    """Refuse arrays of other names, types or dimensions than those in use have.

    Members fall silent where their arrays make no sense; a whole file of such arrays
    would only be noticed by its forecasts.
    """
    for room_id in model.rooms.keys() & known.rooms.keys():
        found, wanted = model.rooms[room_id].members, known.rooms[room_id].members
        for member in found.keys() & wanted.keys():
            if _make_of(found[member]) != _make_of(wanted[member]):
                error = ValueError(f"arrays of {member} are not as they should be")
                raise _damaged(error)


def _make_of(arrays: Mapping[str, np.ndarray]) -> dict[str, tuple[str, int]]:
    return {name: (array.dtype.kind, array.ndim) for name, array in arrays.items()}


def _damaged(error: Exception) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="model_damaged",
        translation_placeholders={"error": str(error)},
    )
