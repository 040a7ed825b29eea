"""A trainer with an archive of its own, for tests of learning."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from homeassistant.core import HomeAssistant

from custom_components.occupancy_prediction.archive import Archive
from custom_components.occupancy_prediction.const import ARCHIVE_FILE
from custom_components.occupancy_prediction.engine import (
    Adaptation,
    EngineConfig,
    HomeSpec,
    ModelState,
    Progress,
    RoomSpec,
    SensorKind,
    SensorSpec,
)
from custom_components.occupancy_prediction.learner import Learner
from custom_components.occupancy_prediction.model_keeper import ModelKeeper
from custom_components.occupancy_prediction.model_registry import ModelRegistry
from custom_components.occupancy_prediction.trainer import Trainer

from .life import NOW, lived_days, storage_folder

MOTION = "binary_sensor.kitchen_motion"
LIGHT = "sensor.kitchen_light"
SPEC = HomeSpec(
    (
        RoomSpec(
            "kitchen",
            (
                SensorSpec(MOTION, SensorKind.MOTION),
                SensorSpec(LIGHT, SensorKind.LIGHT),
            ),
        ),
    ),
    "US/Pacific",
)
# Quick, and without a comparison of models: days that repeat prove nothing.
CONFIG = EngineConfig(
    tier="base", learned_samples=600, holdout_folds=1, trial_record=1000.0
)
NIGHTLY_OFFSET = 90


@dataclass
class Learning:
    """A trainer, what it works with and what it tells."""

    hass: HomeAssistant
    archive: Archive
    registry: ModelRegistry
    models: list[ModelState] = field(default_factory=list)
    progress: list[Progress | None] = field(default_factory=list)
    adaptations: list[Adaptation] = field(default_factory=list)

    def keeper(
        self, spec: HomeSpec = SPEC, model: ModelState | None = None
    ) -> ModelKeeper:
        """Return a keeper that tells this object, with the model in use."""
        return ModelKeeper(
            self.hass,
            Learner(spec, CONFIG, self.archive),
            self.registry,
            self.models.append,
            model,
        )

    def trainer(
        self,
        spec: HomeSpec = SPEC,
        model: ModelState | None = None,
        keeper: ModelKeeper | None = None,
    ) -> Trainer:
        """Return a trainer that tells this object, with the model in use."""
        return Trainer(
            self.hass,
            Learner(spec, CONFIG, self.archive),
            keeper or self.keeper(spec, model),
            self.progress.append,
            self.adaptations.append,
            nightly_offset=NIGHTLY_OFFSET,
        )

    async def live(self, days: float, until: float = NOW) -> None:
        """Put a life into the archive."""
        await self.hass.async_add_executor_job(
            self.archive.append, lived_days(MOTION, days, until)
        )

    async def saved(self) -> ModelState | None:
        """Return the model on disk."""
        return await self.hass.async_add_executor_job(self.registry.load)


@asynccontextmanager
async def empty_home(hass: HomeAssistant) -> AsyncIterator[Learning]:
    """Open an empty archive, and close it in the end."""
    folder = storage_folder(hass)
    archive, _ = await hass.async_add_executor_job(
        Archive.open, folder / ARCHIVE_FILE, NOW
    )
    yield Learning(hass, archive, ModelRegistry(folder))
    await hass.async_add_executor_job(archive.close)
