"""Figures beside their bounds."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; ``most`` and ``least`` are its bounds, if it has any."""

    name: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def passed(self) -> bool:
        """Tell whether it is within its bounds; not a number is not."""
        return (self.most is None or self.value <= self.most) and (
            self.least is None or self.value >= self.least
        )

    def line(self) -> str:
        """Return the number beside its bound."""
        bound = " ".join(
            f"{sign} {limit:g}"
            for sign, limit in (("<=", self.most), (">=", self.least))
            if limit is not None
        )
        verdict = ("pass" if self.passed else "FAIL") if bound else ""
        return (
            f"{self.name:<52} {self.value:>10.4g} {self.unit:<8} {bound:<14} {verdict}"
        ).rstrip()


def show(figures: Sequence[Figure]) -> int:
    """Print the figures; return 0 only when all are within their bounds."""
    for figure in figures:
        print(figure.line())
    failed = sum(not figure.passed for figure in figures)
    print(f"{len(figures) - failed} passed, {failed} failed")
    return int(failed > 0)
