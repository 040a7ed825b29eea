"""What a forecast looks at, one pure function each, by subject."""

from dataclasses import replace

import numpy as np

from ..samples import Samples, samples_at
from ..types import FloatArray
from . import (
    calendar,
    context,
    daypattern,
    environment,
    motion,
    presence,
    sequence,
    transitions,
)
from .registry import (
    FEATURE_BLOCKS,
    FEATURES,
    NEEDS,
    PAIR_FEATURES,
    SEPARATOR,
    FeatureMatrix,
    HomeScene,
    Scene,
    feature_matrix,
    features_of,
    schema_hash,
    subject_of,
)
from .store import FeatureStore

# Importing a subject registers its features.
SUBJECTS = (
    calendar,
    context,
    daypattern,
    environment,
    motion,
    presence,
    sequence,
    transitions,
)


def describe(home: HomeScene, room_id: str, moments: FloatArray) -> Samples:
    """Return samples of a room with all features; unknown states are left out."""
    room = home.timeline.rooms[room_id]
    return with_features(home, room_id, samples_at(room, moments, home.time_zone))


def with_features(home: HomeScene, room_id: str, samples: Samples) -> Samples:
    """Return samples of a room with all features."""
    matrix = feature_matrix(Scene(home, room_id, samples.origin))
    return replace(
        samples, features=matrix.values.astype(np.float32), names=matrix.names
    )


__all__ = [
    "FEATURES",
    "FEATURE_BLOCKS",
    "NEEDS",
    "PAIR_FEATURES",
    "SEPARATOR",
    "SUBJECTS",
    "FeatureMatrix",
    "FeatureStore",
    "HomeScene",
    "Scene",
    "describe",
    "feature_matrix",
    "features_of",
    "schema_hash",
    "subject_of",
    "with_features",
]
