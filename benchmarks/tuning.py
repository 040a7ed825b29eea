"""Does tuning gain anything? ``scripts/bench tuning HOME.csv.gz ...``.

The last weeks of a home are forecast from the days before them. Then every night one
number is tried, as in use, on what was known by then, and the next day is forecast with
what has been adopted and with the defaults. Without a home a simulated one is taken.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
import sys
import tempfile

import numpy as np

from custom_components.occupancy_prediction.engine import EngineConfig, train
from custom_components.occupancy_prediction.engine.evidence import Evidence
from custom_components.occupancy_prediction.engine.optimizer import (
    compare,
    day_scores,
    step_of,
    with_step,
)
from custom_components.occupancy_prediction.engine.tuning import tuned

from .events import EventsFile, EventsFileError, read_events
from .household import HouseholdConfig, simulate, write_events

_DAY = 86400.0
_SIMULATED_DAYS = 63
# Of a room; fewer than in use, for speed.
_SAMPLES = 2500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. Scores are mean CRPS by day, in minutes, (days,)."""

    tried: int
    adopted: list[str]
    default: np.ndarray
    used: np.ndarray

    @property
    def gain(self) -> float:
        """Return by what share the score became better."""
        return float(1 - self.used.mean() / self.default.mean())


def kept_forecasts(
    home: EventsFile, days: float, config: EngineConfig
) -> tuple[dict[str, Evidence], float]:
    """Forecast the last days from those before; return that, and the end (UTC s)."""
    config = replace(
        config, holdout_days_maximum=days, holdout_share=1.0, evidence_days=days
    )
    model = train(home.spec, home.table, config, now=home.end, version="0")
    return {key: room.evidence for key, room in model.rooms.items()}, home.end


def lived(
    evidence: Mapping[str, Evidence], end: float, days: int, config: EngineConfig
) -> Outcome:
    """Try one number every night of the last days, and forecast with what is adopted."""
    values: dict[str, float] = {}
    adopted: list[str] = []
    tried, scores = 0, []
    for number in range(days):
        now = end - (days - number) * _DAY
        known = {
            room_id: each.take(
                (each.samples.origin + each.outcomes.remaining * 60 <= now)
                & (each.samples.origin >= now - config.evidence_days * _DAY)
            )
            for room_id, each in evidence.items()
        }
        step = step_of(config, values, number)
        if step is not None:
            others = with_step(config, values, step)
            old, new = tuned(config, values), tuned(config, others)
            found = compare(known, old, new, now=now, checkpoint=lambda _: None)
            tried += found is not None
            if found is not None and found.is_won(step, config):
                adopted.append(
                    f"day {number}: {step.name} {step.old:g} -> {step.new:g}"
                )
                values = others
        day = day_scores(evidence.values(), (config, tuned(config, values)), now)
        if len(day):
            scores.append(day.mean(0))
    default, used = np.array(scores).T
    return Outcome(tried, adopted, default, used)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench tuning", description=__doc__)
    parser.add_argument("homes", type=Path, nargs="*", metavar="HOME.csv.gz")
    parser.add_argument("--days", type=int, default=42, help="forecast, at the end")
    parser.add_argument("--vacancy-delay", type=float, default=300.0, help="seconds")
    return parser.parse_args(argv)


def _report(name: str, home: EventsFile, days: int) -> None:
    config = EngineConfig(tier="base", learned_samples=_SAMPLES)
    evidence, end = kept_forecasts(home, days, config)
    outcome = lived(evidence, end, round(days - config.search_record), config)
    print(f"{name}: {outcome.tried} tried, {len(outcome.adopted)} adopted")
    print("".join(f"  {line}\n" for line in outcome.adopted), end="")
    print(
        f"  CRPS {outcome.default.mean():.2f} min with the defaults, "
        f"{outcome.used.mean():.2f} as tuned ({outcome.gain:+.2%})",
        flush=True,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for."""
    arguments = _arguments(argv)
    with tempfile.TemporaryDirectory() as folder:
        paths = arguments.homes
        if not paths:
            paths = [Path(folder) / "simulated.csv.gz"]
            write_events(simulate(HouseholdConfig(days=_SIMULATED_DAYS)), paths[0])
        for path in paths:
            try:
                home = read_events(path).with_vacancy_delay(arguments.vacancy_delay)
            except (EventsFileError, OSError) as error:
                sys.stderr.write(f"{error}\n")
                return 2
            _report(path.name.partition(".")[0], home, arguments.days)
    return 0


if __name__ == "__main__":
    sys.exit(main())
