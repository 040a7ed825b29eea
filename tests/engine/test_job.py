"""A training on its way to another process."""

from dataclasses import replace
import io

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    ModelState,
    ModelStateError,
    ObservationTable,
    Progress,
    SpecificationError,
    TrainingCancelled,
    TrainingJob,
    train,
)
from custom_components.occupancy_prediction.engine.models import MEMBERS
from custom_components.occupancy_prediction.engine.tuning import UNTUNED, Tuning

from .family import DAY, QUICK, home


def job() -> TrainingJob:
    """Return a training of one room, four days before the end."""
    spec, table, _, end = home()
    rooms = replace(spec, rooms=spec.rooms[:1])
    return TrainingJob(rooms, table, QUICK, end - 4 * DAY, "v-1")


def assert_same(model: ModelState | None, expected: ModelState) -> None:
    """Two models hold the same arrays, bit by bit."""
    assert model is not None
    with (
        np.load(io.BytesIO(model.to_bytes())) as found,
        np.load(io.BytesIO(expected.to_bytes())) as wanted,
    ):
        assert set(found.files) == set(wanted.files)
        for name in wanted.files:
            np.testing.assert_array_equal(found[name], wanted[name], name)


def test_job_comes_back() -> None:
    """On the other side the same is learned, to the last bit."""
    first = job()
    model = first.run(lambda _: None).model
    sent = replace(first, previous=model, now=first.now + DAY, version="v-2")
    read = TrainingJob.from_bytes(sent.to_bytes())
    assert (read.spec, read.config, read.now, read.version) == (
        sent.spec,
        sent.config,
        sent.now,
        sent.version,
    )
    assert read.table.sensor_ids == sent.table.sensor_ids
    np.testing.assert_array_equal(read.table.values, sent.table.values)
    assert_same(read.previous, model)
    expected = train(
        sent.spec,
        sent.table,
        sent.config,
        now=sent.now,
        version="v-2",
        previous=model,
    )
    assert_same(read.run(lambda _: None).model, expected)


def test_progress_names_who_learns() -> None:
    """The share only grows; all members come by, with the room where there is one."""
    heard: list[Progress] = []
    job().run(heard.append)
    shares = [progress.share for progress in heard]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    rooms = {progress.member: progress.room for progress in heard[1:]}
    assert rooms.keys() <= {member.name for member in MEMBERS}
    assert rooms["kernel"] == rooms["hazard"] == job().spec.rooms[0].room_id


def test_training_has_what_the_home_has_of_its_own() -> None:
    """It learns its weights with it, and hands it on; the search goes along."""
    first = job().run(lambda _: None).model
    assert first.tuning == UNTUNED
    values = {"pool_contrast": 0.5, "pool_shrinkage": 2000.0}
    sent = replace(
        job(),
        previous=replace(first, tuning=Tuning(values, "once")),
        now=job().now + DAY,
        search=True,
    )
    read = TrainingJob.from_bytes(sent.to_bytes())
    assert read.search
    shares: list[float] = []
    model = read.run(lambda progress: shares.append(progress.share)).model
    # There are not enough days yet for the search.
    assert model.tuning == Tuning(values)
    assert shares == sorted(shares)
    assert shares[-1] <= 1.0
    expected = train(
        sent.spec,
        sent.table,
        replace(sent.config, pool_contrast=0.5, pool_shrinkage=2000.0),
        now=sent.now,
        version=sent.version,
        previous=first,
    )
    assert_same(replace(model, tuning=UNTUNED), expected)


def test_job_is_cancelled_by_who_hears_of_it() -> None:
    """What the listener raises ends the training."""

    def stop(_: Progress) -> None:
        raise TrainingCancelled

    with pytest.raises(TrainingCancelled):
        job().run(stop)


def _archive(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        _archive(header=np.frombuffer(b"{}", np.uint8)),
        _archive(header=np.frombuffer(b"[", np.uint8)),
        _archive(header=np.array([object()])),
    ],
)
def test_what_is_no_job_is_refused(content: bytes) -> None:
    """Garbage and objects are told, not run."""
    with pytest.raises(SpecificationError):
        TrainingJob.from_bytes(content)


def test_cut_off_job_is_refused() -> None:
    """Half a job is none."""
    content = job().to_bytes()
    with pytest.raises(SpecificationError):
        TrainingJob.from_bytes(content[: len(content) // 2])


def test_damaged_model_is_told() -> None:
    """It is the model that is wrong, not the job."""
    spec = job().spec
    content = TrainingJob(spec, ObservationTable.empty(), QUICK, 0.0, "v").to_bytes()
    with np.load(io.BytesIO(content)) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    with pytest.raises(ModelStateError):
        TrainingJob.from_bytes(_archive(**arrays, previous=np.zeros(9, np.uint8)))
