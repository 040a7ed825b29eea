"""Tests of the models that are kept, on a real disk."""

from dataclasses import replace
from pathlib import Path

import pytest

from custom_components.occupancy_prediction.engine import (
    ModelState,
    TrainingReport,
    Trial,
)
from custom_components.occupancy_prediction.model_registry import (
    KEPT,
    NOTES,
    ModelRecord,
    ModelRegistry,
    Verdict,
)

from .disk import full_disk


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry:
    """Return a registry in a folder that does not exist yet."""
    return ModelRegistry(tmp_path / "storage")


def model(number: int) -> ModelState:
    """Return a model of a day."""
    return ModelState(f"{number}-f", float(number), 0.0, float(number), {})


def adopt(
    registry: ModelRegistry, number: int, before: ModelState | None
) -> ModelState:
    """Let a model take the place of another."""
    new = model(number)
    registry.adopt(new, ModelRecord.of(new, Verdict.ADOPTED, ["schedule"]), before)
    return new


def adopt_many(registry: ModelRegistry, count: int) -> ModelState:
    """Let one model after the other take the place of the one before."""
    last = adopt(registry, 1, None)
    for number in range(2, count + 1):
        last = adopt(registry, number, last)
    return last


def anything(_: ModelState) -> bool:
    """Take any model."""
    return True


def test_nothing_yet(registry: ModelRegistry, tmp_path: Path) -> None:
    """Nothing is there, nothing can be gone back to, and no file is made."""
    assert registry.load() is None
    assert registry.records() == []
    assert registry.versions() == []
    assert registry.roll_back(anything) is None
    assert registry.unfinished() == []
    registry.delete()
    assert list(tmp_path.iterdir()) == []


def test_three_are_kept(registry: ModelRegistry, tmp_path: Path) -> None:
    """The one in use and the two before it; notes go further back."""
    adopt_many(registry, 5)
    loaded = registry.load()
    assert loaded is not None
    assert loaded.version == "5-f"
    assert registry.versions() == ["4-f", "3-f"]
    assert len(list(tmp_path.rglob("*.npz"))) == KEPT
    assert [record.version for record in registry.records()] == [
        f"{number}-f" for number in (5, 4, 3, 2, 1)
    ]


def test_what_an_update_learned_is_kept(registry: ModelRegistry) -> None:
    """The model that is gone back to is as it was when it was replaced."""
    first = adopt(registry, 1, None)
    updated = replace(first, data_end=1.5)
    registry.save(updated)
    adopt(registry, 2, updated)
    assert registry.roll_back(anything) == updated


def test_model_that_could_not_be_saved_is_kept_all_the_same(
    registry: ModelRegistry,
) -> None:
    """What is in use may be another model than the one in the file."""
    adopt(registry, 1, None)
    adopt(registry, 3, model(2))
    assert registry.versions() == ["2-f"]
    assert registry.roll_back(anything) == model(2)


def test_roll_back(registry: ModelRegistry) -> None:
    """One step at a time, to models that fit; the one gone back from is gone."""
    adopt_many(registry, 3)

    def fits(found: ModelState) -> bool:
        return found.version == "1-f"

    assert registry.roll_back(lambda _: False) is None
    assert registry.load() == model(3)
    assert registry.roll_back(fits) == model(1)
    assert registry.load() == model(1)
    assert registry.versions() == ["2-f"]
    assert registry.roll_back(anything) == model(2)
    assert registry.roll_back(anything) is None


def test_damaged_model_is_passed_over(
    registry: ModelRegistry, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The one before it is better than none."""
    adopt_many(registry, 3)
    (path,) = tmp_path.rglob("2-f.npz")
    path.write_bytes(path.read_bytes()[:-30])
    assert registry.roll_back(anything) == model(1)
    assert "Model 2-f cannot be read" in caplog.text


def test_notes_tell_what_became_of_a_model(registry: ModelRegistry) -> None:
    """All that is known comes back; one that was not adopted has no file."""
    adopt(registry, 1, None)
    report = TrainingReport(
        {"kernel": 0.75, "boosting": 0.25}, {"crps": 40.0}, Trial(500, 40, 44, 43, 2)
    )
    lost = ModelRecord.of(model(2), Verdict.REJECTED, ["drift", "schedule"], report)
    registry.note(lost)
    again, first = registry.records()
    assert again == lost
    assert again.trial["unseen"] == 44
    assert (again.tier, first.tier) == ("full", "base")
    assert first.reasons == ("schedule",)
    assert registry.load() == model(1)
    assert registry.versions() == []


def test_notes_are_bounded(registry: ModelRegistry) -> None:
    """Of one version there is one note, and not more than a month of nights."""
    for number in [*range(NOTES + 5), NOTES + 4]:
        registry.note(ModelRecord.of(model(number), Verdict.REJECTED))
    records = registry.records()
    assert len(records) == NOTES
    assert records[0].version == f"{NOTES + 4}-f"


def test_unfinished_trainings(registry: ModelRegistry) -> None:
    """They outlive models, and the registry."""
    registry.set_unfinished(("request", "drift"))
    adopt(registry, 1, None)
    assert registry.unfinished() == ["request", "drift"]
    registry.set_unfinished(())
    assert registry.unfinished() == []


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"models": [1], "unfinished": []}', '{"models": [{"']
)
def test_damaged_notes_cost_nothing_else(
    registry: ModelRegistry,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    content: str,
) -> None:
    """Models can still be used and gone back to."""
    adopt_many(registry, 2)
    (tmp_path / "storage" / "models.json").write_text(content, encoding="utf-8")
    assert registry.records() == []
    assert caplog.text.count("begun anew") == 1
    assert registry.load() == model(2)
    assert registry.versions() == ["1-f"]
    adopt(registry, 3, model(2))
    assert [record.version for record in registry.records()] == ["3-f"]


def test_full_disk_changes_nothing(registry: ModelRegistry) -> None:
    """The model in use is the old one; what was kept is there."""
    adopt_many(registry, 2)
    with full_disk(), pytest.raises(OSError, match="cannot be written"):
        adopt(registry, 3, model(2))
    assert registry.load() == model(2)
    assert "1-f" in registry.versions()


def test_half_written_files_are_cleaned_up(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    """What was being written when the power went; all else stays."""
    registry.clean_up()
    adopt_many(registry, 2)
    files = set(tmp_path.rglob("*"))
    for folder in ("storage", "storage/previous_models"):
        (tmp_path / folder / "tmpa1b2c3").write_bytes(b"half a model")
    registry.clean_up()
    assert set(tmp_path.rglob("*")) == files


def test_everything_is_deleted(registry: ModelRegistry, tmp_path: Path) -> None:
    """With the home goes all that was learned."""
    adopt_many(registry, 4)
    registry.forget_previous()
    assert registry.versions() == []
    assert registry.load() == model(4)
    adopt(registry, 5, model(4))
    registry.delete()
    assert list((tmp_path / "storage").iterdir()) == []
