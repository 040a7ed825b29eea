"""docs/drift.md, and the figures that have a bound."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
import math

from benchmarks.figures import Figure

from .lives import NO_CHANGE
from .measure import DAYS_BEFORE, LEVEL, WINDOW, Homecoming, Outcome

# Of the days that nightly retraining takes.
_SHARE = 0.5
# More would be noticed: CRPS in the week after a holiday, relative to without one.
_HOLIDAY = 1.05
# So many windows there are.
_NEVER = NO_CHANGE.days_after - WINDOW + 1
_WORDS = {
    "none": "nothing",
    "retrained": "whole past",
    "reweighted": "old days count less",
    "shortened": "old days left out",
}


def figures(
    outcomes: Sequence[Outcome], homecoming: Homecoming, alarms: int, months: float
) -> list[Figure]:
    """Return the figures beside their bounds."""
    found = []
    for each in outcomes:
        name = each.scenario.name
        if each.scenario.holiday:
            found.append(
                Figure(
                    "after a holiday: error, relative to without",
                    homecoming.adapting / homecoming.without,
                    "",
                    most=_HOLIDAY,
                )
            )
            continue
        adapting, nightly = (
            min(each.days[way], float(_NEVER)) for way in ("adapting", "nightly")
        )
        if each.days["frozen"] == 0:
            # Nobody had to learn anything.
            found.append(Figure(f"{name}: days until back", adapting, "d", most=0))
        else:
            found += [
                Figure(f"{name}: days until back, nightly only", nightly, "d"),
                Figure(
                    f"{name}: days until back",
                    adapting,
                    "d",
                    most=math.ceil(nightly * _SHARE),
                ),
            ]
    found.append(Figure("false alarms", alarms / months, "1/month", most=0.999))
    return found


def printed(outcome: Outcome) -> list[str]:
    """Return what is shown of a change of life as soon as it was lived."""
    lines = [f"{outcome.scenario.words}: noticed after {_days(outcome.noticed)}"]
    lines += [
        f"  {way:<9} back after {_days(outcome.days.get(way, 0.0)):<8} error "
        + " ".join(f"{error:.0f}" for error in errors)
        for way, errors in outcome.errors.items()
    ]
    return lines


def page(
    outcomes: Sequence[Outcome],
    homecoming: Homecoming,
    alarms: int,
    months: float,
    found: Sequence[Figure],
    today: date,
) -> str:
    """Return docs/drift.md."""
    bounds = "\n".join(
        f"| {each.name} | {each.value:.3g} {each.unit} | "
        f"{'' if each.most is None else f'at most {each.most:.3g}'} | "
        f"{'' if each.most is None else 'yes' if each.passed else '**no**'} |"
        for each in found
    )
    return f"""# When life changes

<!-- Written by scripts/bench drift: changes made here are lost. -->

Measured on {today:%-d %B %Y} on a simulated family in three rooms with motion sensors. {DAYS_BEFORE} days are lived as
ever, then something changes, and {NO_CHANGE.days_after} days follow. Real families are less regular, so the days are worth
comparing with each other, not more. Only quick members of the pool take part, in every column.

**Back** is the first day from which on, for {WINDOW} days, the error (mean CRPS) is within {LEVEL:.0%} of that of a home
that has always lived so and learns every night. *Frozen* never learns again, *nightly* learns everything anew every
night, *adapting* also looks for changes and then tries how much of the past is still worth learning from.

| Change | Noticed after | Frozen | Nightly | Adapting | What was done |
| --- | --- | --- | --- | --- | --- |
{"\n".join(_row(each) for each in outcomes)}

While a family is on holiday its rooms are empty, which is not another way to live. In the week after it the error was
{homecoming.adapting:.1f} min; with nightly learning alone {homecoming.nightly:.1f} min, and {homecoming.without:.1f} min
in the same week of a family that had stayed at home.

In {months:.1f} months in which nothing changed there {"was" if alarms == 1 else "were"} {alarms or "no"}
alarm{"" if alarms == 1 else "s"}.

## Bounds

| Figure | Measured | Bound | Kept |
| --- | --- | --- | --- |
{bounds}

To do it again: `scripts/bench drift`. It takes about a quarter of an hour on one core.
"""


def _row(outcome: Outcome) -> str:
    runs = [
        (name, [day for day, _ in group])
        for name, group in groupby(outcome.decisions, key=lambda each: each[1])
    ]
    done = ", ".join(
        f"{_WORDS[name]} (day {days[0]} to {days[-1]})" for name, days in runs
    )
    ways = " | ".join(
        "" if outcome.scenario.holiday else _days(outcome.days[way])
        for way in ("frozen", "nightly", "adapting")
    )
    return (
        f"| {outcome.scenario.words} | {_days(outcome.noticed)} | {ways} "
        f"| {done or 'nothing'} |"
    )


def _days(days: float | None) -> str:
    if days is None:
        return "never"
    if math.isinf(days):
        return f"> {_NEVER} d"
    return f"{days:.0f} d"
