"""What was learned: immutable, and saved as arrays and JSON, never as code."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
import io
import json
import struct
import tokenize
from typing import Any
import zipfile
import zlib

import numpy as np

from .calibration import Calibration
from .config import EngineConfig
from .ensemble import CLASSES, with_prior
from .errors import ModelStateError, ModelVersionError
from .evidence import Evidence
from .memory import Memory
from .models import MEMBERS
from .tuning import UNTUNED, Tuning, checked
from .types import BINS, FloatArray, Stage

# Raised whenever saved arrays change their meaning; an older model is then
# trained anew from the archive.
SCHEMA = 4
# Arrays of a room's calibration.
_CALIBRATION_SHAPES = {
    "coefficients": (2, 2),
    "thresholds": (2,),
    "pit_map": (2, 2),
    "outside": (2,),
}
_HEADER = "header"
# A model is a few MB at most; what claims to be larger is not ours.
_LARGEST = 256 * 1024 * 1024
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Numbers, truth and text; no records, no objects.
_KINDS = "biufU"
# Weights are by position: other members, or another order, are another model.
_MEMBER_NAMES = [member.name for member in MEMBERS]
# What reading bytes that are no model, or no longer, may raise.
DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)

type MemberArrays = Mapping[str, Mapping[str, np.ndarray]]


@dataclass(frozen=True, slots=True)
class RoomModel:
    """What was learned about one room.

    Attributes:
        members: arrays by member and name.
        weights: pool weights, (classes, members) in the order of ``MEMBERS``.
        calibration: of the pooled forecasts.
        evidence: forecasts of moments not learned from, and what came.
        profile: arrays of the occupancy curve.
        spells: completed spells seen, vacant and occupied.
        days: days of observation behind it.
        stride: every how manyth moment is learned from with features.
        counted_until: moment before which samples are counted (UTC s); of later
            ones it was not yet known what would come.
        open_since: when the spell began that was open at the end of the data, or
            that end: stays that began before it are counted.
        stage: how much that is.
    """

    members: MemberArrays
    weights: FloatArray
    calibration: Calibration
    evidence: Evidence
    profile: Mapping[str, np.ndarray]
    spells: tuple[int, int]
    days: float
    stride: int
    counted_until: float
    open_since: float
    stage: Stage

    def weights_now(self, config: EngineConfig) -> FloatArray:
        """Return the pool weights as they hold for what is known of the room."""
        return with_prior(self.weights, self.spells, self.days, config)


@dataclass(frozen=True, slots=True)
class ModelState:
    """All that was learned about a home, by one training and its updates.

    ``tuning`` is what the training had of the home's own instead of the defaults,
    ``memory`` how much of the past it learned from.
    """

    version: str
    trained_at: float
    data_start: float
    data_end: float
    rooms: Mapping[str, RoomModel]
    tuning: Tuning = UNTUNED
    memory: Memory = field(default_factory=Memory)

    @property
    def stage(self) -> Stage:
        """Return the stage of the room that has the least to go on."""
        order = list(Stage)
        return min(
            (room.stage for room in self.rooms.values()),
            key=order.index,
            default=Stage.COLLECTING,
        )

    def without_room(self, room_id: str) -> ModelState:
        """Return the state with all that was learned about a room forgotten."""
        rooms = {key: room for key, room in self.rooms.items() if key != room_id}
        return replace(self, rooms=rooms)

    def to_bytes(self) -> bytes:
        """Return the state as a compressed NumPy archive with a JSON header."""
        arrays: dict[str, np.ndarray] = {}
        header: dict[str, Any] = {
            "schema": SCHEMA,
            "members": _MEMBER_NAMES,
            "version": self.version,
            "trained_at": self.trained_at,
            "data_start": self.data_start,
            "data_end": self.data_end,
            "memory": self.memory.document(),
            "rooms": [],
        }
        if self.tuning != UNTUNED:
            header["tuning"] = asdict(self.tuning)
        for number, (room_id, room) in enumerate(self.rooms.items()):
            header["rooms"].append(_room_header(room_id, room))
            for name, array in _room_arrays(room).items():
                arrays[f"{number}/{name}"] = array
        text = json.dumps(header).encode()
        arrays[_HEADER] = np.frombuffer(text, np.uint8)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> ModelState:
        """Read a state back.

        Raises:
            ModelVersionError: it was written by another version.
            ModelStateError: it is damaged or not a model.
        """
        try:
            arrays = _load(data)
            header = json.loads(arrays.pop(_HEADER).tobytes())
            if header["schema"] != SCHEMA:
                raise ModelVersionError(
                    f"model of schema {header['schema']}, this engine reads {SCHEMA}"
                )
            if header["members"] != _MEMBER_NAMES:
                raise ModelVersionError(f"model of the members {header['members']}")
            rooms = {
                entry["room_id"]: _read_room(entry, f"{number}/", arrays)
                for number, entry in enumerate(header["rooms"])
            }
            return cls(
                str(header["version"]),
                float(header["trained_at"]),
                float(header["data_start"]),
                float(header["data_end"]),
                rooms,
                checked(header["tuning"]) if "tuning" in header else UNTUNED,
                # A model saved before there was one has learned from everything.
                Memory.read(header.get("memory", {})),
            )
        except DAMAGE as error:
            raise ModelStateError(f"not a saved model: {error}") from error


def _load(data: bytes) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        items = archive.infolist()
        if sum(item.file_size for item in items) > _LARGEST:
            raise ModelStateError("not a saved model: too large")
        if any(item.compress_type not in _COMPRESSIONS for item in items):
            raise ModelStateError("not a saved model: packed in another way")
    with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    for array in arrays.values():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in _KINDS:
            raise ModelStateError("not a saved model: it holds more than arrays")
    return arrays


def _shaped(array: np.ndarray, *shape: int) -> np.ndarray:
    if array.shape != shape or array.dtype.kind != "f":
        raise ModelStateError("not a saved model: an array has another shape")
    return array


def _room_header(room_id: str, room: RoomModel) -> dict[str, Any]:
    return {
        "room_id": room_id,
        "members": {name: sorted(arrays) for name, arrays in room.members.items()},
        "profile": sorted(room.profile),
        "spells": list(room.spells),
        "days": room.days,
        "stride": room.stride,
        "counted_until": room.counted_until,
        "open_since": room.open_since,
        "stage": room.stage.value,
    }


def _room_arrays(room: RoomModel) -> dict[str, np.ndarray]:
    arrays = {
        "weights": room.weights,
    } | {
        f"calibration/{name}": getattr(room.calibration, name)
        for name in _CALIBRATION_SHAPES
    }
    arrays |= {
        f"evidence/{name}": array for name, array in room.evidence.to_arrays().items()
    }
    arrays |= {f"profile/{name}": array for name, array in room.profile.items()}
    for member, parts in room.members.items():
        arrays |= {f"members/{member}/{name}": part for name, part in parts.items()}
    return arrays


def _read_room(
    entry: Mapping[str, Any], prefix: str, arrays: Mapping[str, np.ndarray]
) -> RoomModel:
    vacant, occupied = entry["spells"]
    mark = f"{prefix}evidence/"
    evidence = Evidence.from_arrays(
        {
            name.removeprefix(mark): array
            for name, array in arrays.items()
            if name.startswith(mark)
        }
    )
    _shaped(evidence.masses, len(evidence), len(MEMBERS), BINS)
    return RoomModel(
        members={
            member: {name: arrays[f"{prefix}members/{member}/{name}"] for name in names}
            for member, names in entry["members"].items()
        },
        weights=_shaped(arrays[f"{prefix}weights"], CLASSES, len(MEMBERS)),
        calibration=Calibration(
            **{
                name: _shaped(arrays[f"{prefix}calibration/{name}"], *shape)
                for name, shape in _CALIBRATION_SHAPES.items()
            }
        ),
        evidence=evidence,
        profile={name: arrays[f"{prefix}profile/{name}"] for name in entry["profile"]},
        spells=(int(vacant), int(occupied)),
        days=float(entry["days"]),
        stride=int(entry["stride"]),
        counted_until=float(entry["counted_until"]),
        open_since=float(entry["open_since"]),
        stage=Stage(entry["stage"]),
    )
