"""docs/accuracy.md, its pictures, and the short table of the README."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
import re

from benchmarks.figures import Figure

from . import tables
from .evaluation import POOL, SIMILAR_DAYS
from .findings import constant, earners, findings, habits
from .hindsight import Hindsight
from .homes import SOURCES
from .plans import headline
from .plots import members_picture, pictures
from .results import Result

_START, _END = "<!-- accuracy:start -->", "<!-- accuracy:end -->"
_IMAGES = "images"
_PRINTED = (
    "crps",
    "skill",
    "skill_elapsed",
    "log_score",
    "mae",
    "within_15",
    "within_20",
    "late",
    "coverage",
    "ece_60",
)


def write(
    folder: Path,
    results: Sequence[Result],
    figures: Sequence[Figure],
    looked_back: Mapping[str, Hindsight],
    today: date,
) -> list[Path]:
    """Write the page and its pictures into a folder; return the files."""
    images = folder / _IMAGES
    images.mkdir(parents=True, exist_ok=True)
    written = [folder / "accuracy.md"]
    written[0].write_text(page(results, figures, looked_back, today), encoding="utf-8")
    # Pictures of replays that are no longer made would stay for ever.
    for old in images.glob("accuracy_*.svg"):
        old.unlink()
    for name, drawing in pictures(results).items():
        written.append(images / name)
        written[-1].write_text(drawing, encoding="utf-8")
    return written


def write_readme(path: Path, results: Sequence[Result]) -> bool:
    """Put the short table between the markers; tell whether there are any."""
    if not path.exists():
        return False
    content = path.read_text(encoding="utf-8")
    short = f"{_START}\n{tables.short(headline(results))}\n{_END}"
    changed, count = re.subn(
        f"{_START}.*?{_END}", lambda _: short, content, flags=re.DOTALL
    )
    if count:
        path.write_text(changed, encoding="utf-8")
    return bool(count)


def page(
    results: Sequence[Result],
    figures: Sequence[Figure],
    looked_back: Mapping[str, Hindsight],
    today: date,
) -> str:
    """Return docs/accuracy.md."""
    chosen = headline(results)
    sections = (
        _opening(chosen, today),
        _findings(chosen, figures),
        _unknowable(chosen, looked_back),
        _reliability(chosen, results),
        _members(chosen),
        _details(chosen, results),
        _bounds(figures),
        _method(results),
    )
    return "\n".join(section.strip() + "\n" for section in sections)


def _opening(chosen: Sequence[Result], today: date) -> str:
    return f"""
# How accurate the forecasts are

<!-- Written by scripts/bench accuracy: changes made here are lost. -->

Measured on {today:%-d %B %Y} by replaying recordings of real homes as Home Assistant would have lived them: events in
their order, a forecast of every room every few minutes, hourly updates, everything learned anew every night. No
forecast knows anything that came after it. How to do it again is told at the end.

A forecast is a whole distribution: when the room will change from occupied to vacant or back. It is scored by its CRPS,
the mean distance in minutes between that distribution and what came; a single moment gets its error in minutes.
**Skill** compares that with a simple forecaster: 0 is as good, 1 is perfect, below 0 is worse. *Time of week* knows how
long it usually took at this hour on this type of day; *elapsed time* knows how long it usually took after so long.
Published systems sit near the first. The numbers in brackets are where 95 of 100 such measurements would lie.

{tables.short(chosen)}
"""


def _findings(chosen: Sequence[Result], figures: Sequence[Figure]) -> str:
    found = findings(chosen, figures)
    good, bad = (
        "\n".join(f"- {words}" for is_good, words in found if is_good is wanted)
        for wanted in (True, False)
    )
    return f"## What is good\n\n{good}\n\n## What is not\n\n{bad}"


def _unknowable(chosen: Sequence[Result], looked_back: Mapping[str, Hindsight]) -> str:
    return f"""
## Why the rest cannot be known

People do not keep to the minute: the time at which one and the same person goes to bed alone varies by more than an hour
from day to day, and nothing that sensors saw before says by how much it will tonight. How far habits can lead is seen in
hindsight. Take somebody who knew all days of a recording beforehand, and gave for each room, quarter of an hour, state and
type of day the one answer that fits them best:

{habits(chosen, looked_back)}

No published work reaches a mean error below 15 minutes and 90 % within 20 minutes on all forecasts. That is why these two
are promised only where a forecast is marked `reliable`, and why the share of the time that is so stands beside them.

A high share of hits alone means little: {constant(chosen)} Whole distributions are scored because that cannot be fooled.
"""


def _reliability(chosen: Sequence[Result], results: Sequence[Result]) -> str:
    return f"""
## Is it right about how sure it is?

Of the forecasts that say 70 %, 70 % should come true: a curve on the dashed line is honest, below it boasts, above it
is too modest.

![Said and come true, for three questions]({_IMAGES}/accuracy_reliability.svg)

{tables.chances(chosen)}

If only the surest forecasts are kept, more of them are right. `reliable` begins where, on days held out from learning,
93 % were; dashed is what is promised.

![Share within 20 minutes and mean error of the surest forecasts]({_IMAGES}/accuracy_risk.svg)

{tables.reliable(results)}
"""


def _members(chosen: Sequence[Result]) -> str:
    pictures_and_tables = "\n\n".join(
        f"### {result.name}\n\n"
        f"![Skill of members and baselines]({_IMAGES}/{members_picture(result)})\n\n"
        f"{tables.forecasters(result)}"
        for result in chosen
    )
    return f"""
## Who contributes

The pool mixes unlike members. Each is scored alone, and the pool without it: "pool loses" is the skill that would be
gone. Members are pooled for robustness: one that earns nothing in a home may carry another. {earners(chosen)}

{pictures_and_tables}
"""


def _details(chosen: Sequence[Result], results: Sequence[Result]) -> str:
    return f"""
## How far ahead

By how far away the change was predicted to be:

{tables.horizons(chosen)}

## Room by room

{tables.rooms(chosen)}

## How much one has to wait

The same days, forecast by what was learned from the last 7, 14, 28 and 56 days before them:

![Skill by the days learned from]({_IMAGES}/accuracy_learning.svg)

{tables.lengths(results)}
"""


def _bounds(figures: Sequence[Figure]) -> str:
    passed = sum(figure.passed for figure in figures)
    return f"""
## What was asked for

{passed} of {len(figures)} bounds are kept.

{tables.bounds(figures)}
"""


def _method(results: Sequence[Result]) -> str:
    names = list(dict.fromkeys(result.home for result in results))
    homes = "\n".join(f"- `{n}`: {SOURCES[n].story}" for n in names if n in SOURCES)
    step = results[0].plan.step / 60
    return f"""
## How it was measured

- **Truth** is computed from the events alone: a room is occupied from the first activity until no sensor of it has been
  active for five minutes. A motion sensor that says no OFF counts as off after 4 hours, a presence sensor after 16.
- **Forecasts** of every room every {step:g} minutes, whatever happens there. A room is scored in a state it was in for at
  least 40 of them. Skill is a geometric mean over rooms and states, so that long absences do not drown the rest.
- **Baselines** learn from the training days: *time of week* is a Kaplan-Meier estimate near the same clock time, by type
  of day; *elapsed time* one of the moments that had lasted as long; *{SIMILAR_DAYS}* takes the five past days most like
  today (PreHeat, Scott et al. 2011) and goes on learning; *always the same* and *in 20 minutes* say what their names say.
- **Members alone and the pool without one** are put together from what each member said in the one replay, with the
  weights of that night. So is the base tier: the pool without what needs an optional library.
- **Intervals** in brackets are 95 % of 1000 draws of whole test days with replacement.
- These homes were at hand while the engine was made, and its methods were compared on some of the same days. Expect a
  little less in a home that nobody has looked at, such as yours.

{homes}

## Run it again

```bash
scripts/bench accuracy HOME.csv.gz ...
```

An events file has the columns `timestamp` (local), `sensor_id`, `sensor_type`, `room_id` and `state`. Replays take hours
and are kept in `.cache/accuracy`, so that a second run only does what has changed. `--quick` takes minutes and writes
nothing.
"""


def printed(result: Result) -> Iterator[str]:
    """Yield the table of a replay as lines for a terminal."""
    yield (
        f"{result.name}: {result.forecasts} forecasts of {result.days} days, "
        f"state agrees {result.agreement:.3f}"
    )
    yield " " * 28 + " ".join(f"{name.removeprefix('skill_'):>9}" for name in _PRINTED)
    for forecaster, figures in result.summaries.items():
        numbers = " ".join(f"{figures[name]:>9.3f}" for name in _PRINTED)
        yield f"  {forecaster:<26}{numbers}"
    low, high = result.skills[POOL]
    yield f"  skill of the pool: 95 % interval {low:.3f} to {high:.3f}"
