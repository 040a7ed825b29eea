"""The few numbers that a home may have of its own, and within which bounds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .config import EngineConfig
from .errors import ModelStateError

# Steps from one end to the other; each is large enough to be seen in two weeks. Others
# were measured and change nothing, or only how members learn that have no say.
LADDERS: Mapping[str, tuple[float, ...]] = {
    "pool_contrast": (0.5, 0.7, 1.0, 1.4),
    "pool_shrinkage": (125.0, 250.0, 500.0, 1000.0, 2000.0),
}


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a home has of its own, by name, and what the last search came to."""

    values: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


UNTUNED = Tuning()


def tuned(config: EngineConfig, values: Mapping[str, float]) -> EngineConfig:
    """Return the tuning numbers of a home."""
    return replace(
        config,
        pool_contrast=values.get("pool_contrast", config.pool_contrast),
        pool_shrinkage=values.get("pool_shrinkage", config.pool_shrinkage),
    )


def checked(document: Mapping[str, object]) -> Tuning:
    """Read what a saved model says of it.

    Raises:
        ModelStateError: there is no such number, or it cannot have that value.
    """
    values = document["values"]
    if not isinstance(values, Mapping):
        raise ModelStateError("not a saved model: it was tuned to nothing")
    for name, value in values.items():
        if value not in LADDERS.get(name, ()):
            raise ModelStateError(f"not a saved model: {name} cannot be {value!r}")
    return Tuning(
        {name: float(value) for name, value in values.items()}, str(document["reason"])
    )
