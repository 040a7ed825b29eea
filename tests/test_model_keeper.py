"""Tests of what may become the model in use."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
import io
import json
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import numpy as np
import pytest

from custom_components.occupancy_prediction import model_keeper as module
from custom_components.occupancy_prediction.archive import Archive
from custom_components.occupancy_prediction.const import ARCHIVE_FILE
from custom_components.occupancy_prediction.engine import (
    EngineConfig,
    HomeSpec,
    ModelState,
    RoomSpec,
    SensorKind,
    SensorSpec,
)
from custom_components.occupancy_prediction.learner import Learner
from custom_components.occupancy_prediction.model_keeper import ModelKeeper
from custom_components.occupancy_prediction.model_registry import (
    ModelRecord,
    ModelRegistry,
    Verdict,
)

from .life import DAY, HOUR, NOW, lived_days, storage_folder
from .texts import texts

MOTION = "binary_sensor.kitchen_motion"
SPEC = HomeSpec((RoomSpec("kitchen", (SensorSpec(MOTION, SensorKind.MOTION),)),))
CONFIG = EngineConfig(tier="base", learned_samples=600, holdout_folds=0)


@dataclass
class Keeping:
    """A keeper, what it works with, and every model that was in use."""

    keeper: ModelKeeper
    learner: Learner
    registry: ModelRegistry
    used: list[ModelState] = field(default_factory=list)

    def train(self, now: float) -> ModelState:
        """Return what had been learned by a moment."""
        return self.learner.job(now, None).run(lambda _: None).model

    async def adopt(self, model: ModelState) -> None:
        """Adopt a model as the trainer does."""
        await self.keeper.async_adopt(model, ModelRecord.of(model, Verdict.ADOPTED))


@pytest.fixture
async def keeping(hass: HomeAssistant) -> AsyncIterator[Keeping]:
    """Return a keeper of a home that has been lived in for five days."""

    def fill() -> Archive:
        archive, _ = Archive.open(storage_folder(hass) / ARCHIVE_FILE, NOW)
        archive.append(lived_days(MOTION, 5, NOW))
        return archive

    archive = await hass.async_add_executor_job(fill)
    learner = Learner(SPEC, CONFIG, archive)
    registry = ModelRegistry(storage_folder(hass))
    used: list[ModelState] = []
    keeper = ModelKeeper(hass, learner, registry, used.append, None)
    yield Keeping(keeper, learner, registry, used)
    await hass.async_add_executor_job(archive.close)


def changed(content: bytes, **header: Any) -> bytes:
    """Return a file of a model with other words in its header."""
    with np.load(io.BytesIO(content)) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    told = {**json.loads(arrays["header"].tobytes()), **header}
    arrays["header"] = np.frombuffer(json.dumps(told).encode(), np.uint8)
    return packed(arrays)


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    """Return a file of arrays, objects included."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=True, **arrays)
    return buffer.getvalue()


async def refusal(keeping: Keeping, content: bytes) -> str:
    """Try to import a file; return the key of the reason why it is refused."""
    before = list(keeping.used)
    with pytest.raises(ServiceValidationError) as caught:
        await keeping.keeper.async_import(content, NOW)
    assert keeping.used == before
    key = str(caught.value.translation_key)
    text = texts("exceptions", key, "message")
    assert ("{error}" in text) == bool(caught.value.translation_placeholders)
    return key


async def test_export_and_import(hass: HomeAssistant, keeping: Keeping) -> None:
    """What is exported can be imported, and has learned what came since."""
    with pytest.raises(ServiceValidationError, match="no_model"):
        await keeping.keeper.async_export()
    old = keeping.train(NOW - DAY)
    await keeping.adopt(old)
    content = await keeping.keeper.async_export()
    await keeping.adopt(keeping.train(NOW))
    await keeping.keeper.async_import(content, NOW)
    model = keeping.keeper.model
    assert model is keeping.used[-1]
    assert model is not None
    assert (model.version, model.data_end) == (old.version, NOW)
    spells = model.rooms["kitchen"].spells[1]
    assert spells == old.rooms["kitchen"].spells[1] + 24
    saved = await hass.async_add_executor_job(keeping.registry.load)
    assert saved is not None
    assert saved.data_end == NOW
    first, *_ = await keeping.keeper.async_records()
    assert (first.version, first.verdict) == (old.version, Verdict.IMPORTED)


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04", bytes(1000)])
async def test_garbage_is_refused(keeping: Keeping, content: bytes) -> None:
    """It is no model, whatever it is."""
    assert await refusal(keeping, content) == "model_damaged"


async def test_truncated_file_is_refused(keeping: Keeping) -> None:
    """Half a model is none."""
    content = keeping.train(NOW).to_bytes()
    for part in (0.1, 0.5, 0.99):
        assert await refusal(keeping, content[: int(len(content) * part)]) == (
            "model_damaged"
        )


class Trap:
    """Would run something when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what is run."""
        return pytest.fail, ("something of the file was run",)


async def test_nothing_in_a_file_is_run(keeping: Keeping) -> None:
    """Objects are refused before they come to life."""
    with np.load(io.BytesIO(keeping.train(NOW).to_bytes())) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    for name in ("header", "0/weights"):
        trapped = {**arrays, name: np.array([Trap()], dtype=object)}
        assert await refusal(keeping, packed(trapped)) == "model_damaged"


async def test_huge_file_is_refused(
    keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large as a file, or when it is unpacked."""
    bomb = packed({"header": np.zeros(300 * 1024 * 1024, np.uint8)})
    assert len(bomb) < 1024 * 1024
    assert await refusal(keeping, bomb) == "model_damaged"
    content = keeping.train(NOW).to_bytes()
    monkeypatch.setattr(module, "LARGEST_IMPORT", len(content) - 1)
    assert await refusal(keeping, content) == "model_too_large"


async def test_foreign_model_is_refused(keeping: Keeping) -> None:
    """Of another home, of another version, or with a name that is a path."""
    model = keeping.train(NOW)
    content = model.to_bytes()
    _, _, fingerprint = model.version.partition("-")
    for version in ("1-12345678", f"../../evil-{fingerprint}", fingerprint, ""):
        other = changed(content, version=version)
        assert await refusal(keeping, other) == "model_of_another_home"
    for header in ({"schema": 999}, {"members": ["oracle"]}):
        assert await refusal(keeping, changed(content, **header)) == (
            "model_of_another_version"
        )


async def test_model_of_another_make_is_refused(keeping: Keeping) -> None:
    """Arrays of other types, dimensions or names than those of the model in use."""
    await keeping.adopt(keeping.train(NOW - HOUR))
    with np.load(io.BytesIO(keeping.train(NOW - DAY).to_bytes())) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    for member in ("kernel", "duration", "hazard"):
        for odd in (np.zeros((2, 2, 2, 2)), np.array("words")):
            spoiled = {
                name: odd if f"/{member}/" in name else array
                for name, array in arrays.items()
            }
            assert await refusal(keeping, packed(spoiled)) == "model_damaged"
    await keeping.keeper.async_import(packed(arrays), NOW)


@pytest.mark.parametrize("name", ["0/weights", "0/evidence/masses", "0/profile/"])
async def test_model_that_does_not_work_is_refused(keeping: Keeping, name: str) -> None:
    """Arrays that do not fit each other are noticed before they are in use."""
    with np.load(io.BytesIO(keeping.train(NOW - DAY).to_bytes())) as loaded:
        arrays = {each: loaded[each] for each in loaded.files}
    for odd in (np.zeros((3, 3)), np.zeros(3, "f8,i4")):
        spoiled = {
            each: odd if each.startswith(name) else array
            for each, array in arrays.items()
        }
        assert await refusal(keeping, packed(spoiled)) == "model_damaged"


async def test_rollback(hass: HomeAssistant, keeping: Keeping) -> None:
    """The model before is in use again, now and after a restart."""
    old, new = keeping.train(NOW - HOUR), keeping.train(NOW)
    with pytest.raises(ServiceValidationError, match="no_previous_model"):
        await keeping.keeper.async_rollback()
    await keeping.adopt(old)
    await keeping.adopt(new)
    assert (await keeping.keeper.async_rollback()).version == old.version
    assert keeping.used[-1].version == old.version
    assert keeping.keeper.model is keeping.used[-1]
    saved = await hass.async_add_executor_job(keeping.registry.load)
    assert saved is not None
    assert saved.version == old.version
    with pytest.raises(ServiceValidationError, match="no_previous_model"):
        await keeping.keeper.async_rollback()


async def test_model_of_another_home_is_not_gone_back_to(keeping: Keeping) -> None:
    """It would be learned anew at the next start anyway."""
    await keeping.adopt(replace(keeping.train(NOW - HOUR), version="1-12345678"))
    await keeping.adopt(keeping.train(NOW))
    with pytest.raises(ServiceValidationError, match="no_previous_model"):
        await keeping.keeper.async_rollback()


async def test_update_of_a_model_not_in_use_is_dropped(keeping: Keeping) -> None:
    """Who goes back does not get the other one again an hour later."""
    old, new = keeping.train(NOW - HOUR), keeping.train(NOW)
    await keeping.adopt(old)
    await keeping.adopt(new)
    await keeping.keeper.async_rollback()
    await keeping.keeper.async_update(replace(new, data_end=NOW + HOUR), new)
    assert keeping.keeper.model is not None
    assert keeping.keeper.model.version == old.version
