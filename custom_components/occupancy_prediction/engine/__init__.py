"""The forecasting engine: no Home Assistant, no clock, no input or output.

``train`` and ``update`` turn observations into a ``ModelState``; a ``HomeTracker``
follows the rooms event by event; ``predict`` says when each will change next,
``explain`` why.
"""

from .config import EngineConfig
from .errors import (
    EngineError,
    ModelStateError,
    ModelVersionError,
    SpecificationError,
    TrainingCancelled,
)
from .explain import explain, inputs_of
from .explanation import Explanation
from .job import Progress, Trained, TrainingJob, TrainingReport
from .occupancy import HomeTracker
from .predictor import predict
from .purpose import Purpose, purpose_of
from .state import ModelState
from .surroundings import ContextKind, ContextSpec, Place
from .timeline import HomeTimeline
from .training import train, update, update_start
from .trial import Trial
from .types import (
    GRID,
    HORIZON,
    OCCUPANCY_KINDS,
    Alternative,
    Change,
    Forecast,
    HomeForecast,
    HomeSpec,
    Observation,
    ObservationTable,
    RoomSpec,
    SensorKind,
    SensorSpec,
    Stage,
    Transition,
)

__all__ = [
    "GRID",
    "HORIZON",
    "OCCUPANCY_KINDS",
    "Alternative",
    "Change",
    "ContextKind",
    "ContextSpec",
    "EngineConfig",
    "EngineError",
    "Explanation",
    "Forecast",
    "HomeForecast",
    "HomeSpec",
    "HomeTimeline",
    "HomeTracker",
    "ModelState",
    "ModelStateError",
    "ModelVersionError",
    "Observation",
    "ObservationTable",
    "Place",
    "Progress",
    "Purpose",
    "RoomSpec",
    "SensorKind",
    "SensorSpec",
    "SpecificationError",
    "Stage",
    "Trained",
    "TrainingCancelled",
    "TrainingJob",
    "TrainingReport",
    "Transition",
    "Trial",
    "explain",
    "inputs_of",
    "predict",
    "purpose_of",
    "train",
    "update",
    "update_start",
]
