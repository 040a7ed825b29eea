"""Which spans of a home are replayed, and what is asked of the figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from benchmarks.events import EventsFile
from benchmarks.figures import Figure
from benchmarks.replay import Plan

from .evaluation import BASE_TIER, FULL_TIER_ONLY, POOL
from .results import Result

TRAINING_LENGTHS = (7, 14, 28, 56)  # days
TEST_DAYS = 14
# With fewer days to forecast a figure says more about these days than about us.
_FEWEST_TEST_DAYS = 7
_DAY = 86400.0

# A reliable forecast promises this, in every home.
_RELIABLE_WITHIN_20, _RELIABLE_ERROR = 0.9, 15.0
# The smallest part of the time that has to be reliable where a bound is set.
_RELIABLE_SHARE = 0.22
_COVERAGE = (0.75, 0.86)
_LATE = (0.42, 0.58)
# After a week it must not be worse than what one gets by counting.
_FIRST_WEEK, _FIRST_WEEK_SKILL = 7, -0.02
# CRPS of the pool without the members of the full tier, relative to with them.
_BASE_TO_FULL = 1.03


@dataclass(frozen=True, slots=True)
class Case:
    """A span of a known home with bounds of its own; None is no bound."""

    start_day: int
    train_days: int
    test_days: int
    skill: float
    skill_elapsed: float
    calibration_error: float | None = None
    reliable_share: float | None = None

    def is_of(self, plan: Plan) -> bool:
        """Tell whether a plan replays this span."""
        own = (self.start_day, self.train_days, self.test_days)
        return own == (plan.start_day, plan.train_days, plan.test_days)


# By the name of the events file.
CASES: dict[str, tuple[Case, ...]] = {
    "nears_0102": (
        Case(0, 21, 14, 0.20, 0.31, 0.045, _RELIABLE_SHARE),
        Case(40, 21, 14, 0.26, 0.29, None, _RELIABLE_SHARE),
    ),
    "aras_b": (Case(0, 18, 10, 0.19, 0.24, 0.06),),
}


def plans_of(
    name: str,
    home: EventsFile,
    lengths: Sequence[int] | None,
    test_days: int,
    step: float,
) -> list[Plan]:
    """Return the spans to replay, the longest training first.

    All training lengths forecast the same days, those after the longest, so that
    they can be compared. Without ``lengths`` the known cases come along.
    """
    days = ceil((home.end - home.start) / _DAY)
    fewest = min(_FEWEST_TEST_DAYS, test_days)
    asked = TRAINING_LENGTHS if lengths is None else lengths
    feasible = sorted((n for n in asked if days - n >= fewest), reverse=True)
    # A short home is cut two to one.
    feasible = feasible or [max(1, days * 2 // 3)]
    longest = feasible[0]
    test = max(1, min(test_days, days - longest))
    plans = [Plan(longest - n, n, test, step) for n in feasible]
    cases = CASES.get(name, ()) if lengths is None else ()
    plans += [
        Plan(case.start_day, case.train_days, case.test_days, step) for case in cases
    ]
    return list(dict.fromkeys(plans))


def headline(results: Sequence[Result]) -> list[Result]:
    """Return the replay that stands for each home: a case, or the longest training."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.home, []).append(result)
    chosen = []
    for home, of_home in found.items():
        cases = [
            result
            for result in of_home
            if any(case.is_of(result.plan) for case in CASES.get(home, ()))
        ]
        chosen += cases or [max(of_home, key=lambda each: each.plan.train_days)]
    return chosen


def figures(result: Result) -> list[Figure]:
    """Return the figures of a replay that have a bound."""
    pool, name = result.pool, result.name
    case = next(
        (case for case in CASES.get(result.home, ()) if case.is_of(result.plan)), None
    )
    found = [] if case is None else _of_case(result, case)
    if result.plan.train_days == _FIRST_WEEK:
        found.append(
            Figure(f"{name} CRPS skill", pool["skill"], "", least=_FIRST_WEEK_SKILL)
        )
    if pool["reliable_share"] > 0:
        within, error = pool["reliable_within_20"], pool["reliable_mae"]
        found += [
            Figure(
                f"{name} reliable: within 20 min", within, "", least=_RELIABLE_WITHIN_20
            ),
            Figure(f"{name} reliable: mean error", error, "min", most=_RELIABLE_ERROR),
        ]
    if BASE_TIER in result.summaries and any(
        result.spoke.get(member, 0.0) > 0 for member in FULL_TIER_ONLY
    ):
        ratio = result.summaries[BASE_TIER]["crps"] / result.summaries[POOL]["crps"]
        found.append(Figure(f"{name} CRPS base / full", ratio, "", most=_BASE_TO_FULL))
    return found


def _of_case(result: Result, case: Case) -> list[Figure]:
    pool, name = result.pool, result.name
    found = [
        Figure(f"{name} CRPS skill", pool["skill"], "", least=case.skill),
        Figure(
            f"{name} ... against elapsed time",
            pool["skill_elapsed"],
            "",
            least=case.skill_elapsed,
        ),
    ]
    if case.calibration_error is not None:
        low, high = _COVERAGE
        found += [
            Figure(
                f"{name} calibration within 60 min",
                pool["ece_60"],
                "",
                most=case.calibration_error,
            ),
            Figure(
                f"{name} 80 % interval covers",
                pool["coverage"],
                "",
                least=low,
                most=high,
            ),
        ]
        low, high = _LATE
        found += [
            Figure(
                f"{name} later than said, {state}",
                pool[f"late_{state}"],
                "",
                least=low,
                most=high,
            )
            for state in ("vacant", "occupied")
        ]
    if case.reliable_share is not None:
        found.append(
            Figure(
                f"{name} reliable share",
                pool["reliable_share"],
                "",
                least=case.reliable_share,
            )
        )
    return found
