"""The tables of docs/accuracy.md and of the README, as Markdown."""

from collections.abc import Iterable, Sequence

from benchmarks.figures import Figure

from .baselines import BASELINES
from .evaluation import BASE_TIER, POOL, SIMILAR_DAYS, WITHOUT
from .homes import described
from .results import Result

_NONE = "–"
_LATER = 1440.0


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; all columns but the first are numbers."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def short(results: Sequence[Result]) -> str:
    """Return the table of the README."""
    return table(
        (
            "Home",
            "Days learned + forecast",
            "Skill against time-of-week climatology",
            "Skill against elapsed time",
            "80 % interval covers",
            "Reliable share",
            "Within 20 min when reliable",
        ),
        [
            (
                described(result.home)
                + (f", from day {day}" if (day := result.plan.start_day) else ""),
                f"{result.plan.train_days} + {result.plan.test_days}",
                with_interval(result, "skill"),
                with_interval(result, "skill_elapsed"),
                percent(result.pool["coverage"]),
                percent(result.pool["reliable_share"]),
                percent(result.pool.get("reliable_within_20")),
            )
            for result in results
        ],
    )


def bounds(figures: Sequence[Figure]) -> str:
    """Return figures beside their bounds."""
    return table(
        ("Figure", "Value", "Bound", ""),
        [
            (
                figure.name,
                f"{figure.value:.3g} {figure.unit}".strip(),
                " ".join(
                    f"{sign} {limit:g}"
                    for sign, limit in (("≤", figure.most), ("≥", figure.least))
                    if limit is not None
                ),
                "pass" if figure.passed else "**fail**",
            )
            for figure in figures
        ],
    )


def forecasters(result: Result) -> str:
    """Return what the pool, its members and the baselines reach in one replay."""
    own = [POOL, *([BASE_TIER] if BASE_TIER in result.summaries else [])]
    members = sorted(result.members, key=lambda name: -result.summaries[name]["skill"])
    rows = []
    for name in (*own, *members, *BASELINES, SIMILAR_DAYS):
        figures = result.summaries[name]
        without = result.summaries.get(WITHOUT + name)
        loss = _NONE
        if without is not None:
            loss = signed(figures_of_pool(result) - without["skill"])
        if name in result.members and not result.spoke[name]:
            rows.append((f"{name} (silent)", *[_NONE] * 10))
            continue
        rows.append(
            (
                f"**{name}**" if name in own else name.replace("_", " "),
                f"{figures['crps']:.1f}",
                signed(figures["skill"]),
                signed(figures["skill_elapsed"]),
                loss,
                f"{figures['log_score']:.2f}",
                f"{figures['mae']:.0f}",
                percent(figures["within_15"]),
                percent(figures["within_20"]),
                percent(figures["late"]),
                percent(figures["coverage"]),
            )
        )
    return table(
        (
            "Forecaster",
            "CRPS (min)",
            "Skill",
            "... elapsed",
            "Pool loses",
            "Log score",
            "MAE (min)",
            "Within 15",
            "Within 20",
            "Later than said",
            "80 % covers",
        ),
        rows,
    )


def figures_of_pool(result: Result) -> float:
    """Return the skill of the pool."""
    return result.pool["skill"]


def chances(results: Sequence[Result]) -> str:
    """Return how good the answers to "within m minutes?" are."""
    asked = (15, 30, 60, 120)
    return table(
        (
            "Replay",
            *(f"Brier skill {m} min" for m in asked),
            *(f"Calibration error {m} min" for m in asked),
        ),
        [
            (
                result.name,
                *(signed(result.pool[f"brier_skill_{m}"]) for m in asked),
                *(f"{result.pool[f'ece_{m}']:.3f}" for m in asked),
            )
            for result in results
        ],
    )


def horizons(results: Sequence[Result]) -> str:
    """Return how good the forecasts are by how far away the change is predicted."""
    rows = []
    for result in results:
        for part in result.horizons:
            words = f"{part.least:g} to {part.most:g} min"
            if part.least >= _LATER:
                words = "no minute: more than a day"
            rows.append(
                (
                    result.name,
                    words,
                    percent(part.share),
                    percent(part.within_20),
                    f"{part.error:.0f}",
                    percent(part.coverage),
                    signed(part.skill),
                )
            )
    return table(
        (
            "Replay",
            "Predicted in",
            "Share",
            "Within 20",
            "MAE (min)",
            "80 % covers",
            "CRPS skill",
        ),
        rows,
    )


def rooms(results: Sequence[Result]) -> str:
    """Return the skill in each room and state."""
    return table(
        ("Replay", "Room", "State", "Forecasts", "CRPS (min)", "Skill"),
        [
            (
                result.name,
                cell.room.replace("_", " "),
                "occupied" if cell.occupied else "vacant",
                str(cell.count),
                f"{cell.crps:.1f}",
                signed(cell.skill),
            )
            for result in results
            for cell in result.cells
        ],
    )


def reliable(results: Sequence[Result]) -> str:
    """Return what became of the forecasts marked reliable, in all replays."""
    return table(
        ("Replay", "Marked", "Within 20", "MAE (min)", "Later than said"),
        [
            (
                result.name,
                percent(result.pool["reliable_share"]),
                with_interval(result, "reliable_within_20", as_percent=True),
                _number(result.pool.get("reliable_mae")),
                percent(result.pool.get("reliable_late")),
            )
            for result in results
        ],
    )


def lengths(results: Sequence[Result]) -> str:
    """Return the pool in all replays."""
    return table(
        (
            "Replay",
            "From day",
            "CRPS (min)",
            "Skill",
            "... elapsed",
            "MAE (min)",
            "Within 20",
            "80 % covers",
        ),
        [
            (
                f"{result.home} {result.plan.train_days}+{result.plan.test_days}",
                str(result.plan.start_day),
                f"{result.pool['crps']:.1f}",
                with_interval(result, "skill"),
                signed(result.pool["skill_elapsed"]),
                f"{result.pool['mae']:.0f}",
                percent(result.pool["within_20"]),
                percent(result.pool["coverage"]),
            )
            for result in results
        ],
    )


def with_interval(result: Result, name: str, *, as_percent: bool = False) -> str:
    """Return a figure of the pool with its 95 % interval."""
    if name not in result.pool:
        return _NONE
    low, high = result.intervals[name]
    if as_percent:
        return f"{percent(result.pool[name])} ({low * 100:.0f} to {high * 100:.0f})"
    return f"{result.pool[name]:.2f} ({low:.2f} to {high:.2f})"


def percent(share: float | None) -> str:
    """Return a share as people write it."""
    return _NONE if share is None else f"{share * 100:.0f} %"


def signed(value: float) -> str:
    """Return a skill; what cannot be told from 0 is 0."""
    return f"{value:.3f}" if abs(value) >= 0.0005 else "0"


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1f}"
