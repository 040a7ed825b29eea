"""What the figures say in sentences: what is good, what is not, and why."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.figures import Figure

from .evaluation import WITHOUT
from .hindsight import Hindsight
from .results import Cell, Result
from .tables import percent

# The interval claims 0.8; the share of changes that come later than predicted is a
# half if it is not off to one side; reliable forecasts promise 0.9.
_COVERAGE, _LATE, _PROMISED = (0.75, 0.86), (0.45, 0.55), 0.9
# Below this share of reliable forecasts one seldom meets any.
_SELDOM = 0.05
_FAR = 60.0  # min: predicted further away than this is far
# A member whose absence changes the skill by less than this earns nothing that days
# drawn anew would not give or take.
_EARNED = 0.002


class Finding(NamedTuple):
    """A sentence, and whether it is good news."""

    is_good: bool
    words: str


def findings(results: Sequence[Result], figures: Sequence[Figure]) -> list[Finding]:
    """Return what a newcomer should know."""
    found = [*_all_together(results)]
    for result in results:
        found += _of_replay(result)
    failed = sum(not figure.passed for figure in figures)
    if figures:
        kept = f"{len(figures) - failed} of {len(figures)} bounds are kept"
        words = f"**{kept}** of those that were set before; they are listed below."
        found.append(Finding(not failed, words))
    return found


def _all_together(results: Sequence[Result]) -> list[Finding]:
    better = [r for r in results if r.intervals["skill"][0] > 0]
    covered = [r.pool["coverage"] for r in results]
    hours = [r.pool["brier_skill_60"] for r in results]
    found = [
        Finding(
            2 * len(better) > len(results),
            f"**Against habit**: in {len(better)} of {len(results)} replays the pool "
            "beats time of week by more than chance.",
        ),
        Finding(
            _COVERAGE[0] <= min(covered) and max(covered) <= _COVERAGE[1],
            "**The interval** claims 80 % of the changes, and "
            f"{_range(covered)} fell into it.",
        ),
        Finding(
            min(hours) > 0,
            '**"Will it change within the hour?"** is answered with a Brier skill of '
            f"{_between(hours)} against time of week.",
        ),
    ]
    occupied, vacant = (_mean_skill(results, occupied=each) for each in (True, False))
    if occupied > vacant:
        words = f"({occupied:.2f} against {vacant:.2f} in the mean of all rooms)."
        found.append(
            Finding(
                True,
                f"**When somebody leaves** is known better than when one comes {words}",
            )
        )
    marked = [
        r.pool["reliable_within_20"] for r in results if r.pool["reliable_share"] > 0
    ]
    if marked:
        found.append(
            Finding(
                min(marked) >= _PROMISED,
                f"**Forecasts marked reliable** came within 20 minutes in "
                f"{_range(marked)} of cases; 90 % is promised.",
            )
        )
    return found


def _of_replay(result: Result) -> list[Finding]:
    found: list[Finding] = []
    far = [part for part in result.horizons if part.least >= _FAR]
    share = sum(part.share for part in far)
    if share:
        hit = sum(part.share * part.within_20 for part in far) / share
        found.append(
            Finding(
                False,
                f"`{result.name}`: **far away is vague.** {percent(share)} of the "
                f"forecasts lie more than an hour ahead, and {percent(hit)} of these "
                "come within 20 minutes.",
            )
        )
    share = result.pool["reliable_share"]
    if share < _SELDOM:
        found.append(
            Finding(
                False,
                f"`{result.name}`: **hardly anything is reliable** ({percent(share)} of "
                "the forecasts). Here one gets an interval, not a minute.",
            )
        )
    found += [
        Finding(
            False,
            f"`{result.name}`: **off to one side.** {percent(late)} of the changes of "
            f"{state} rooms came later than predicted; 50 % would be even.",
        )
        for state in ("vacant", "occupied")
        if not _LATE[0] <= (late := result.pool.get(f"late_{state}", 0.5)) <= _LATE[1]
    ]
    if worse := [cell for cell in result.cells if cell.skill < 0]:
        names = ", ".join(_cell_name(cell) for cell in worse)
        found.append(
            Finding(False, f"`{result.name}`: **worse than habit** in {names}.")
        )
    return found


def _cell_name(cell: Cell) -> str:
    state = "occupied" if cell.occupied else "vacant"
    return f"{cell.room.replace('_', ' ')} when {state} ({cell.skill:.2f})"


def _mean_skill(results: Sequence[Result], *, occupied: bool) -> float:
    skills = [c.skill for r in results for c in r.cells if c.occupied is occupied]
    return float(np.mean(skills)) if skills else float("nan")


def earners(results: Sequence[Result]) -> str:
    """Name the members without which the pool would be no worse."""
    members = list(dict.fromkeys(m for result in results for m in result.members))
    loss = {
        member: np.mean(
            [
                result.pool["skill"] - result.summaries[WITHOUT + member]["skill"]
                for result in results
            ]
        )
        for member in members
    }
    idle = [name.replace("_", " ") for name in members if loss[name] < _EARNED]
    if not idle:
        return "In the mean of these replays every member earns its place."
    return (
        f"In the mean of these replays the pool would lose less than {_EARNED:g} of "
        f"skill without: {', '.join(idle)}. They stay available."
    )


def habits(results: Sequence[Result], looked_back: Mapping[str, Hindsight]) -> str:
    """Tell how far habits alone could lead, as a list."""
    lines = []
    for home, each in looked_back.items():
        reached = " and ".join(
            f"{percent(result.pool['within_20'])} and {result.pool['mae']:.0f} minutes "
            f"({result.name})"
            for result in results
            if result.home == home
        )
        lines.append(
            f"- `{home}`, {each.days} days: right within 20 minutes in "
            f"{percent(each.within_20)} of the cases, and {each.error:.0f} minutes off "
            f"in the mean. The forecasts, which had not seen the days: {reached}."
        )
    return "\n".join(lines) or "(These recordings are too short to tell.)"


def constant(results: Sequence[Result]) -> str:
    """Tell what saying "in 20 minutes" every time comes to."""
    always = [result.summaries["in 20 minutes"] for result in results]
    skills = [each["skill"] for each in always]
    return (
        'always saying "in 20 minutes" is right within 20 minutes in '
        f"{_range([each['within_20'] for each in always])} of the cases here, and more "
        "often when it is asked just after somebody came or went. Its skill is "
        f"{_between(skills)}."
    )


def _between(values: Sequence[float]) -> str:
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low} to {high}"


def _range(shares: Sequence[float]) -> str:
    low, high = percent(min(shares)), percent(max(shares))
    return low if low == high else f"{low} to {high}"
