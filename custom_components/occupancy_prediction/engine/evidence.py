"""Forecasts of moments that had not been learned from, and what came.

Pool weights and calibration are learned from these alone. They are made by
looking ahead from a past moment with only what was known then; the live system
makes them each hour, before the hour is learned from (test, then train).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from .distribution import bin_masses
from .errors import ModelStateError
from .models import MEMBERS
from .samples import SAMPLE_COLUMNS, Outcomes, Samples, TrainingSet
from .types import BINS, BoolArray, FloatArray, IntArray

_OUTCOME_COLUMNS = [f.name for f in fields(Outcomes)]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Forecasts of all members for n moments, and the outcomes.

    Shapes: ``masses`` (n, members, BINS) probability of each bin (half precision:
    a thousandth of any number), ``samples`` without features, ``outcomes``.
    """

    masses: np.ndarray
    samples: Samples
    outcomes: Outcomes

    def __len__(self) -> int:
        """Return the number of moments."""
        return len(self.samples)

    @classmethod
    def of(
        cls, forecasts: Sequence[FloatArray], samples: Samples, outcomes: Outcomes
    ) -> Self:
        """Keep the members' forecasts, (n, BINS) each, with what came."""
        masses = np.stack([bin_masses(f)[:, :BINS] for f in forecasts], axis=1)
        evidence = cls(masses.astype(np.float16), samples.bare(), outcomes)
        # Rounded at once: what is learned from it must not depend on whether it has
        # been saved in between.
        return cls.from_arrays(evidence.to_arrays())

    @classmethod
    def empty(cls) -> Self:
        """Return what there is before any forecast was made."""
        nothing = TrainingSet.empty()
        silent = [np.zeros((0, BINS)) for _ in MEMBERS]
        return cls.of(silent, nothing.samples, nothing.outcomes)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the rows of all parts, of which there is at least one."""
        return cls(
            np.concatenate([part.masses for part in parts]),
            Samples.joined([part.samples for part in parts]),
            Outcomes.joined([part.outcomes for part in parts]),
        )

    def since(self, moment: float) -> Self:
        """Return the rows issued at or after a moment."""
        return self.take(self.samples.origin >= moment)

    def take(self, rows: IntArray | BoolArray) -> Self:
        """Return some of the rows."""
        return type(self)(
            self.masses[rows], self.samples.take(rows), self.outcomes.take(rows)
        )

    def forecasts(self) -> list[FloatArray]:
        """Return the members' distributions, (n, BINS) each."""
        return [
            np.cumsum(self.masses[:, member].astype(np.float64), axis=1).clip(0.0, 1.0)
            for member in range(self.masses.shape[1])
        ]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the evidence as arrays to save."""
        arrays = {name: getattr(self.samples, name) for name in SAMPLE_COLUMNS}
        arrays |= {name: getattr(self.outcomes, name) for name in _OUTCOME_COLUMNS}
        # A moment needs all its digits, a duration does not.
        return {
            name: array.astype(np.float32)
            if array.dtype == np.float64 and name != "origin"
            else array
            for name, array in arrays.items()
        } | {"masses": self.masses}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Read it back.

        Raises:
            ModelStateError: the arrays are not as long as one another.
        """
        count = len(arrays["masses"])
        columns: dict[str, Any] = {
            name: arrays[name].astype(np.float64)
            if arrays[name].dtype == np.float32
            else arrays[name]
            for name in (*SAMPLE_COLUMNS, *_OUTCOME_COLUMNS)
        }
        if any(array.shape != (count,) for array in columns.values()):
            raise ModelStateError("evidence of columns of several lengths")
        outcomes = Outcomes(*(columns.pop(name) for name in _OUTCOME_COLUMNS))
        nothing = np.zeros((count, 0))
        samples = Samples(**columns, features=nothing, reference=nothing)
        return cls(arrays["masses"], samples, outcomes)
