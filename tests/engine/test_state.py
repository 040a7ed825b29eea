"""Tests of the saved model: it comes back as it was, and nothing else comes in."""

from collections.abc import Callable
from dataclasses import replace
import io
import json
from pathlib import Path
import pickle
import struct
import zipfile

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.calibration import Calibration
from custom_components.occupancy_prediction.engine.ensemble import CLASSES
from custom_components.occupancy_prediction.engine.errors import (
    ModelStateError,
    ModelVersionError,
)
from custom_components.occupancy_prediction.engine.evidence import Evidence
from custom_components.occupancy_prediction.engine.models import MEMBERS
from custom_components.occupancy_prediction.engine.state import (
    SCHEMA,
    ModelState,
    RoomModel,
)
from custom_components.occupancy_prediction.engine.types import BINS, Stage

from .made import outcomes_of_minutes, random_rows, samples_of

NAMES = [member.name for member in MEMBERS]


def evidence_of(seed: int, count: int) -> Evidence:
    """Return what all members said of so many moments."""
    return Evidence.of(
        [random_rows(seed + number, count) for number in range(len(NAMES))],
        samples_of(count, elapsed=7.0),
        outcomes_of_minutes([20.0] * count),
    )


def room_model(seed: int = 1, stage: Stage = Stage.GROWING) -> RoomModel:
    """Return a room of which anything was learned."""
    generator = np.random.default_rng(seed)
    return RoomModel(
        members={
            name: {
                "ended": generator.random((2, 3)).astype(np.float32),
                "looked": generator.integers(0, 9, 4),
                "names": np.array(["other_quiet@hall", "weekday"]),
            }
            for name in NAMES
        },
        weights=generator.random((CLASSES, len(NAMES))),
        calibration=Calibration(
            generator.random((2, 2)),
            generator.random(2),
            generator.random((2, 2)),
            generator.random(2),
        ),
        evidence=evidence_of(seed, seed),
        profile={"seen": generator.random(5), "occupied": np.array([np.nan, np.inf])},
        spells=(3, 4),
        days=7.25,
        stride=2,
        counted_until=1.7e9 + 0.125,
        open_since=1.7e9,
        stage=stage,
    )


def state_of(**rooms: RoomModel) -> ModelState:
    """Return a model of some rooms."""
    return ModelState("2026-09-07/1", 1.75e9, 1.7e9, 1.75e9 + 0.5, rooms)


STATE = state_of(kitchen=room_model(1), hall=room_model(2, Stage.EARLY))
SAVED = STATE.to_bytes()


def check_same(first: ModelState, second: ModelState) -> None:
    """Check every number of two models, bit by bit, with its type."""
    assert replace(first, rooms={}) == replace(second, rooms={})
    assert list(first.rooms) == list(second.rooms)
    for room_id, room in first.rooms.items():
        other = second.rooms[room_id]
        for name in (
            "spells",
            "days",
            "stride",
            "counted_until",
            "open_since",
            "stage",
        ):
            assert getattr(room, name) == getattr(other, name)
        for mine, yours in zip(_arrays(room), _arrays(other), strict=True):
            assert mine[0] == yours[0]
            assert mine[1].dtype == yours[1].dtype
            np.testing.assert_array_equal(mine[1], yours[1])


def _arrays(room: RoomModel) -> list[tuple[str, np.ndarray]]:
    return [
        ("weights", room.weights),
        ("coefficients", room.calibration.coefficients),
        ("thresholds", room.calibration.thresholds),
        ("pit_map", room.calibration.pit_map),
        ("outside", room.calibration.outside),
        *sorted(room.profile.items()),
        *sorted(room.evidence.to_arrays().items()),
        *(
            (f"{member}/{name}", array)
            for member, arrays in sorted(room.members.items())
            for name, array in sorted(arrays.items())
        ),
    ]


def saved_with(change: Callable[[dict[str, np.ndarray]], None]) -> bytes:
    """Return the saved model with its arrays changed."""
    with np.load(io.BytesIO(SAVED)) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    change(arrays)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=True, **arrays)
    return buffer.getvalue()


def with_header(**changes: object) -> bytes:
    """Return the saved model with entries of its header changed; None removes one."""

    def change(arrays: dict[str, np.ndarray]) -> None:
        header = json.loads(arrays["header"].tobytes()) | changes
        header = {name: value for name, value in header.items() if value is not None}
        arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)

    return saved_with(change)


# --- there and back -------------------------------------------------------------------


def test_comes_back_as_it_was() -> None:
    """Every array, with its type, and every number, exactly."""
    check_same(ModelState.from_bytes(SAVED), STATE)
    assert state_of().to_bytes() != SAVED
    check_same(ModelState.from_bytes(state_of().to_bytes()), state_of())


@settings(max_examples=15)
@given(
    names=st.lists(st.text(min_size=1, max_size=12), max_size=3, unique=True),
    version=st.text(max_size=12),
    numbers=st.tuples(*[st.floats(allow_nan=False)] * 3),
)
def test_any_names_and_numbers_come_back(
    names: list[str], version: str, numbers: tuple[float, float, float]
) -> None:
    """Rooms may be called anything, slashes and all."""
    rooms = {name: room_model(number) for number, name in enumerate(names)}
    state = ModelState(version, *numbers, rooms)
    check_same(ModelState.from_bytes(state.to_bytes()), state)


def test_comes_back_through_a_file(tmp_path: Path) -> None:
    """The bytes are all there is."""
    path = tmp_path / "model.npz"
    path.write_bytes(SAVED)
    check_same(ModelState.from_bytes(path.read_bytes()), STATE)


def test_code_is_never_saved() -> None:
    """An array of objects would be a pickle: it is refused on the way out."""
    room = replace(room_model(), profile={"seen": np.array([object()])})
    with pytest.raises(ValueError, match="allow_pickle"):
        state_of(kitchen=room).to_bytes()


# --- what it says of itself -----------------------------------------------------------


def test_stage_is_that_of_the_room_with_least() -> None:
    """A home is as far as its last room."""
    assert STATE.stage is Stage.EARLY
    assert state_of().stage is Stage.COLLECTING


def test_a_room_can_be_forgotten() -> None:
    """All that was learned about it is gone, also from the file."""
    without = STATE.without_room("kitchen")
    assert list(without.rooms) == ["hall"]
    assert list(STATE.rooms) == ["kitchen", "hall"]
    again = ModelState.from_bytes(without.to_bytes())
    assert list(again.rooms) == ["hall"]
    assert len(without.to_bytes()) < len(SAVED)
    check_same(STATE.without_room("attic"), STATE)


# --- what is refused ------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 4, 22, len(SAVED) // 2, len(SAVED) - 1])
def test_truncated(length: int) -> None:
    """A file that was not written to its end."""
    with pytest.raises(ModelStateError):
        ModelState.from_bytes(SAVED[:length])


@settings(max_examples=300)
@given(
    place=st.integers(0, len(SAVED) - 1),
    change=st.binary(min_size=1, max_size=4),
)
def test_damaged(place: int, change: bytes) -> None:
    """Wrong bytes anywhere are noticed, or they meant nothing."""
    damaged = SAVED[:place] + change + SAVED[place + len(change) :]
    try:
        state = ModelState.from_bytes(damaged)
    except ModelStateError:
        return
    check_same(state, STATE)


@given(junk=st.binary(max_size=200))
def test_foreign_bytes(junk: bytes) -> None:
    """Whatever it is, it is no model."""
    for content in (junk, b"PK\x03\x04" + junk, b"\x93NUMPY\x01\x00" + junk):
        with pytest.raises(ModelStateError):
            ModelState.from_bytes(content)


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        """Aim at a file."""
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        """Tell pickle to make the file."""
        return (Path.touch, (self.path,))


def test_pickles_are_never_read(tmp_path: Path) -> None:
    """Not as a file, not as an array, not as the header."""
    marker = tmp_path / "exploded"
    bomb = Bomb(marker)

    def arm(name: str) -> bytes:
        def change(arrays: dict[str, np.ndarray]) -> None:
            arrays[name] = np.array([bomb], dtype=object)

        return saved_with(change)

    contents = [
        pickle.dumps(bomb),
        arm("header"),
        arm("0/weights"),
        arm("0/members/" + NAMES[0] + "/ended"),
        arm("0/unasked"),
    ]
    for content in contents:
        with pytest.raises(ModelStateError):
            ModelState.from_bytes(content)
    assert not marker.exists()
    pickle.loads(contents[0])  # noqa: S301 - shows that the bomb is armed
    assert marker.exists()


@pytest.mark.parametrize("schema", [0, SCHEMA - 1, SCHEMA + 1, str(SCHEMA), 99])
def test_other_schema(schema: object) -> None:
    """A model of another engine is told apart from a damaged one."""
    with pytest.raises(ModelVersionError, match="schema"):
        ModelState.from_bytes(with_header(schema=schema))


@pytest.mark.parametrize("members", [[], NAMES[::-1], [*NAMES, "oracle"]])
def test_other_members(members: list[str]) -> None:
    """Weights are by position: with other members they mean something else."""
    with pytest.raises(ModelVersionError, match="members"):
        ModelState.from_bytes(with_header(members=members))


@pytest.mark.parametrize(
    "changes",
    [
        {"rooms": None},
        {"rooms": [{}]},
        {"rooms": {"kitchen": 1}},
        {"rooms": 7},
        {"trained_at": "yesterday"},
        {"data_end": None},
        {"version": None},
        {"schema": None},
        {"members": None},
    ],
)
def test_header_of_something_else(changes: dict[str, object]) -> None:
    """What does not hold what a model holds is none."""
    with pytest.raises(ModelStateError):
        ModelState.from_bytes(with_header(**changes))


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("header", np.zeros(3, np.uint8)),
        ("header", np.frombuffer(b"[" * 100_000, np.uint8)),
        ("header", np.array("text")),
        ("0/weights", np.zeros((CLASSES, len(NAMES) + 1))),
        ("0/weights", np.zeros(())),
        ("0/weights", np.full((CLASSES, len(NAMES)), "text")),
        ("1/calibration/coefficients", np.zeros((3, 2))),
        ("1/calibration/thresholds", np.zeros((2, 2))),
        ("1/calibration/thresholds", None),
        ("0/profile/seen", None),
        ("0/evidence/masses", np.zeros((1, len(NAMES) + 1, BINS), np.float16)),
        ("0/evidence/masses", np.zeros((2, len(NAMES), BINS), np.float16)),
        ("0/evidence/masses", np.zeros((1, len(NAMES), BINS), np.int64)),
        ("0/evidence/masses", None),
        ("0/evidence/remaining", np.zeros(2)),
        ("0/evidence/origin", None),
    ],
)
def test_arrays_of_something_else(name: str, array: np.ndarray | None) -> None:
    """An array of another shape, or none, is found when it is read."""

    def change(arrays: dict[str, np.ndarray]) -> None:
        if array is None:
            del arrays[name]
        else:
            arrays[name] = array

    with pytest.raises(ModelStateError):
        ModelState.from_bytes(saved_with(change))


def packed(name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return the saved model with one more file in the archive."""
    buffer = io.BytesIO(SAVED)
    with zipfile.ZipFile(buffer, "a", method) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def test_archive_that_holds_more_than_arrays() -> None:
    """A text in it, or a packing the engine does not write."""
    for content in (
        packed("readme.txt", b"hello"),
        packed("extra.npy", b"hello"),
        packed("extra.npy", b"hello", zipfile.ZIP_LZMA),
        packed("extra.npy", b"hello", zipfile.ZIP_BZIP2),
    ):
        with pytest.raises(ModelStateError):
            ModelState.from_bytes(content)


def test_archive_that_claims_to_be_huge() -> None:
    """It is refused before anything is unpacked."""
    place = SAVED.index(b"PK\x01\x02") + 24  # the unpacked size of the first file
    claimed = SAVED[:place] + struct.pack("<I", 1 << 30) + SAVED[place + 4 :]
    with pytest.raises(ModelStateError, match="too large"):
        ModelState.from_bytes(claimed)


@pytest.mark.parametrize("shape", ["(1152921504606846976,)", "(99999999999,)", "(-1,)"])
def test_array_that_claims_to_be_huge(shape: str) -> None:
    """A few bytes that say they are an array of many."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    header = text.ljust(117).encode() + b"\n"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 8
    with pytest.raises(ModelStateError):
        ModelState.from_bytes(packed("extra.npy", content))


def test_encrypted_archive() -> None:
    """Nobody asks for a password."""
    buffer = bytearray(SAVED)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        buffer[buffer.index(mark) + offset] |= 1
    with pytest.raises(ModelStateError):
        ModelState.from_bytes(bytes(buffer))
