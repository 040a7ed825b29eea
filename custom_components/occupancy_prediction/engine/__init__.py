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
from .features import FeatureStore
from .job import Progress, Trained, TrainingJob, TrainingReport
from .occupancy import HomeTracker
from .predictor import predict
from .purpose import Purpose, purpose_of
from .report import (
    LONGEST_REPORT,
    AccuracyReport,
    ConfidenceClass,
    Miss,
    Part,
    Period,
    report_of,
)
from .scoring import (
    Accuracy,
    AccuracyTable,
    HomeAccuracy,
    Issued,
    Scores,
    Window,
    judge,
    outcomes_of_issued,
    score,
    summarize,
)
from .state import ModelState
from .surroundings import ContextKind, ContextSpec, Place
from .timeline import HomeTimeline, build_timeline
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
    "LONGEST_REPORT",
    "OCCUPANCY_KINDS",
    "Accuracy",
    "AccuracyReport",
    "AccuracyTable",
    "Alternative",
    "Change",
    "ConfidenceClass",
    "ContextKind",
    "ContextSpec",
    "EngineConfig",
    "EngineError",
    "Explanation",
    "FeatureStore",
    "Forecast",
    "HomeAccuracy",
    "HomeForecast",
    "HomeSpec",
    "HomeTimeline",
    "HomeTracker",
    "Issued",
    "Miss",
    "ModelState",
    "ModelStateError",
    "ModelVersionError",
    "Observation",
    "ObservationTable",
    "Part",
    "Period",
    "Place",
    "Progress",
    "Purpose",
    "RoomSpec",
    "Scores",
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
    "Window",
    "build_timeline",
    "explain",
    "inputs_of",
    "judge",
    "outcomes_of_issued",
    "predict",
    "purpose_of",
    "report_of",
    "score",
    "summarize",
    "train",
    "update",
    "update_start",
]
