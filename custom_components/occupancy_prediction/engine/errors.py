"""Errors of the engine.

EngineError
├── SpecificationError   the description of the home contradicts itself
├── ModelStateError      a saved model cannot be used
│   └── ModelVersionError    it was written by another version of the engine
└── TrainingCancelled    the caller asked a training to stop
"""


class EngineError(Exception):
    """Root of everything the engine raises on purpose."""


class SpecificationError(EngineError):
    """The description of the home contradicts itself."""


class ModelStateError(EngineError):
    """A saved model is damaged or is not a model."""


class ModelVersionError(ModelStateError):
    """A saved model has a schema that this engine does not read."""


class TrainingCancelled(EngineError):
    """The caller asked the running training to stop."""
