"""The forecasting engine: no Home Assistant, no clock, no input or output.

``train`` and ``update`` turn observations into a ``ModelState``; a ``HomeTracker``
follows the rooms event by event; ``predict`` says when each will change next,
``explain`` why.
"""

from .adaptation import Adaptation, Decision, track_of
from .config import EngineConfig
from .drift import Alarm, Signal, Track, has_alarm_since
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
from .memory import Memory, RoomMemory
from .occupancy import HomeTracker
from .patterns import Pattern, PatternKind
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
    "Adaptation",
    "Alarm",
    "Alternative",
    "Change",
    "ConfidenceClass",
    "ContextKind",
    "ContextSpec",
    "Decision",
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
    "Memory",
    "Miss",
    "ModelState",
    "ModelStateError",
    "ModelVersionError",
    "Observation",
    "ObservationTable",
    "Part",
    "Pattern",
    "PatternKind",
    "Period",
    "Place",
    "Progress",
    "Purpose",
    "RoomMemory",
    "RoomSpec",
    "Scores",
    "SensorKind",
    "SensorSpec",
    "Signal",
    "SpecificationError",
    "Stage",
    "Track",
    "Trained",
    "TrainingCancelled",
    "TrainingJob",
    "TrainingReport",
    "Transition",
    "Trial",
    "Window",
    "build_timeline",
    "explain",
    "has_alarm_since",
    "inputs_of",
    "judge",
    "outcomes_of_issued",
    "predict",
    "purpose_of",
    "report_of",
    "score",
    "summarize",
    "track_of",
    "train",
    "update",
    "update_start",
]
