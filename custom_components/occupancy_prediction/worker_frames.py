"""What Home Assistant and the learning process say to each other.

A frame is a letter, a length and as many bytes. The process is given one JOB; it
says READY, then PROGRESS now and then, at last REPORT and MODEL, or FAILURE.
"""

from enum import Enum
import struct
from typing import Final, NamedTuple

from .engine.errors import EngineError

_HEAD: Final = struct.Struct(">cQ")
HEAD_SIZE: Final = _HEAD.size
# A job or model of this size (bytes) is not ours: they have some ten MB.
LARGEST_FRAME: Final = 512 * 1024 * 1024


class FrameError(EngineError):
    """What came is no frame."""


class FrameKind(Enum):
    """What a frame holds."""

    # A ``TrainingJob``.
    JOB = b"J"
    # Nothing: the engine is loaded.
    READY = b"R"
    # JSON: the fields of a ``Progress``.
    PROGRESS = b"P"
    # A ``TrainingReport``.
    REPORT = b"T"
    # A ``ModelState``.
    MODEL = b"M"
    # JSON: ``error`` in one line and its ``traceback``.
    FAILURE = b"F"


class FrameHead(NamedTuple):
    """What comes before the content of a frame."""

    kind: FrameKind
    size: int


def frame_head(kind: FrameKind, content: bytes = b"") -> bytes:
    """Return what is to be sent before the content."""
    return _HEAD.pack(kind.value, len(content))


def read_head(data: bytes) -> FrameHead:
    """Read what is sent before the content.

    Raises:
        FrameError: that is none.
    """
    try:
        letter, size = _HEAD.unpack(data)
        kind = FrameKind(letter)
    except (struct.error, ValueError) as error:
        raise FrameError(f"no frame begins with {data!r}") from error
    if size > LARGEST_FRAME:
        raise FrameError(f"a frame of {size} bytes")
    return FrameHead(kind, size)
