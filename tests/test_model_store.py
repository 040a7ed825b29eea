"""The file of the model."""

from pathlib import Path

import pytest

from custom_components.occupancy_prediction.engine.errors import ModelStateError
from custom_components.occupancy_prediction.engine.state import ModelState
from custom_components.occupancy_prediction.model_store import ModelStore

from .disk import full_disk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a model in a folder that does not exist yet."""
    return tmp_path / "storage" / "model.npz"


def _model(version: str) -> ModelState:
    return ModelState(version, 3.0, 1.0, 2.0, {})


def test_nothing_saved(path: Path) -> None:
    """Without a file there is no model, and nothing to delete."""
    store = ModelStore(path)
    assert store.load() is None
    store.delete()
    assert not path.parent.exists()


def test_save_load_delete(path: Path) -> None:
    """What is saved comes back, the latest only, until it is deleted."""
    store = ModelStore(path)
    store.save(_model("1"))
    store.save(_model("2"))
    assert ModelStore(path).load() == _model("2")
    assert [file.name for file in path.parent.iterdir()] == ["model.npz"]
    store.delete()
    assert store.load() is None


@pytest.mark.parametrize("content", [b"", b"garbage", None])
def test_damage(path: Path, content: bytes | None) -> None:
    """A damaged file is told, not taken, and still there."""
    store = ModelStore(path)
    store.save(_model("1"))
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    with pytest.raises(ModelStateError):
        store.load()
    assert path.exists()


def test_full_disk(path: Path) -> None:
    """A save that fails leaves the model that was there, and nothing else."""
    store = ModelStore(path)
    store.save(_model("1"))
    with full_disk(), pytest.raises(OSError, match=r"model\.npz"):
        store.save(_model("2"))
    assert store.load() == _model("1")
    assert [file.name for file in path.parent.iterdir()] == ["model.npz"]
