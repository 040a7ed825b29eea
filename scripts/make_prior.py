#!/usr/bin/env python3
"""Write the hazards a room starts from before it has data of its own.

They are those of simulated households, so they say what people commonly do in a
kitchen at seven, and nothing of how accurate a forecast is. Run from the top of the
repository: ``PYTHONPATH=. .venv/bin/python scripts/make_prior.py``.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
import sys

import numpy as np

from benchmarks.household import (
    FAMILY,
    FAMILY_HOME,
    Household,
    HouseholdConfig,
    Person,
    Room,
    Sensor,
    Step,
    simulate,
)
from benchmarks.household.routines import DESK
from custom_components.occupancy_prediction.engine import (
    EngineConfig,
    HomeSpec,
    ObservationTable,
    Purpose,
    RoomSpec,
    SensorKind,
    SensorSpec,
    purpose_of,
)
from custom_components.occupancy_prediction.engine.models.phases import (
    GROUPS,
    HOURS,
    PHASE_STATES,
    PHASES,
    SLOT_GROUPS,
    SLOTS,
    phase_hazards,
    week_table,
)
from custom_components.occupancy_prediction.engine.models.prior import (
    HOURS_LOWEST,
    SCALE,
    USUAL_LOWEST,
)
from custom_components.occupancy_prediction.engine.samples import training_set
from custom_components.occupancy_prediction.engine.timeline import build_timeline
from custom_components.occupancy_prediction.engine.types import FloatArray

TABLE = Path("custom_components/occupancy_prediction/engine/models/prior_table.py")
# Each of the four kinds of household lives that often, for four weeks.
SEEDS = 12
DAYS = 28
KINDS = frozenset({"motion", "presence", "door"})
ACTIVE = {"on": 1.0, "open": 1.0, "off": 0.0, "closed": 0.0}
# Moments 5 min apart see the same transition many times; each counts as this share
# of an observation against the pulls below.
ROW_WEIGHT = 0.1
# Pseudo-observations that pull a phase to its state and a purpose to all, and the
# precision that pulls the log-odds of an hour to those of the whole day.
STRENGTH = 20.0
HOUR_PRECISION = 4.0
ROUNDS = 8

HEADER = '''"""What rooms start from; written by scripts/make_prior.py, not by hand.

Tenths of log-odds as two digits, see ``prior``. Simulated households made them.
"""

# By purpose a row per phase, vacant ones first, and a number per slot.
'''
BETWEEN = """
# By purpose a row per state and group of slots, vacant first, and a number per hour.
"""

type Counts = dict[Purpose, tuple[FloatArray, FloatArray]]


def office_home() -> tuple[tuple[Room, ...], tuple[Person, ...]]:
    """Return a couple of whom one works in a room of its own on most days."""
    office = Room("office", (Sensor("office_motion", "motion", hold=45, sight=0.9),))
    desk = replace(DESK, room="office")
    alex, kim = FAMILY[:2]

    def moved(step: Step) -> Step:
        return replace(step, activity=desk) if step.activity == DESK else step

    at_home = tuple(moved(step) for step in kim.routine.week[4])
    week = (*(at_home,) * 5, *kim.routine.week[5:])
    rooms = tuple(room for room in FAMILY_HOME if room.room_id != "kids_room")
    return (*rooms, office), (
        alex,
        replace(kim, routine=replace(kim.routine, week=week)),
    )


def households(seeds: int) -> Iterator[Household]:
    """Live a family, one with guests, a couple and a single, each some times over."""
    small = tuple(room for room in FAMILY_HOME if room.room_id != "kids_room")
    rooms, couple = office_home()
    for seed in range(seeds):
        config = HouseholdConfig(seed=1000 + seed, days=DAYS)
        yield simulate(config)
        yield simulate(replace(config, seed=2000 + seed, guests=True))
        yield simulate(replace(config, seed=3000 + seed, rooms=rooms, people=couple))
        single = FAMILY[seed % 2 : seed % 2 + 1]
        yield simulate(replace(config, seed=4000 + seed, rooms=small, people=single))


def count(household: Household, counts: Counts) -> None:
    """Add what a household teaches about its rooms."""
    rooms: dict[str, list[SensorSpec]] = {}
    for sensor_id, kind, room_id in household.sensors:
        if kind in KINDS:
            rooms.setdefault(room_id, []).append(
                SensorSpec(sensor_id, SensorKind(kind))
            )
    zone = household.config.time_zone
    spec = HomeSpec(
        tuple(
            RoomSpec(room_id, tuple(sensors), purpose=purpose_of(room_id))
            for room_id, sensors in rooms.items()
        ),
        zone,
    )
    ids = tuple(sensor.sensor_id for room in spec.rooms for sensor in room.sensors)
    place = {sensor_id: number for number, sensor_id in enumerate(ids)}
    events = [event for event in household.events if event.sensor_id in place]
    table = ObservationTable.from_columns(
        np.array([event.timestamp for event in events]),
        np.array([place[event.sensor_id] for event in events]),
        np.array([ACTIVE[event.state] for event in events]),
        ids,
    )
    start, end = household.config.span
    config = EngineConfig()
    moments = np.asarray(np.arange(start, end, config.sample_step), np.float64)
    for room in build_timeline(spec, table, config, end).rooms.values():
        known = training_set(room, moments, end, zone)
        shape = (PHASES, 7, HOURS, SLOTS)
        ended, looked = (
            part.reshape(shape).sum(1) * ROW_WEIGHT
            for part in week_table(known.samples, known.outcomes)
        )
        # A room of which nothing is known is like any.
        for purpose in (room.purpose, Purpose.OTHER):
            before = counts.get(purpose, (np.zeros(()), np.zeros(())))
            counts[purpose] = (before[0] + ended, before[1] + looked)


def log_odds(
    ended: FloatArray, looked: FloatArray, common: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return log-odds (PHASES, SLOTS) and what hours add (2, GROUPS, HOURS).

    ``common`` are the hazards of all rooms, for what rooms of this kind never did. The
    two answers are fitted in turn by Newton's method.
    """
    hazards = (ended.sum(1) + STRENGTH * common) / (looked.sum(1) + STRENGTH)
    usual = np.log(hazards) - np.log1p(-hazards)
    hours = np.zeros((2, GROUPS, HOURS))
    for _ in range(ROUNDS):
        added = hours[PHASE_STATES][:, SLOT_GROUPS].transpose(0, 2, 1)
        chance = 1 / (1 + np.exp(-(usual[:, None] + added)))
        gradient = ended - looked * chance
        curvature = looked * chance * (1 - chance)
        for state in (0, 1):
            for group in range(GROUPS):
                phases = np.equal(PHASE_STATES, state)
                slots = np.equal(SLOT_GROUPS, group)
                pull, sure = (
                    part[phases][:, :, slots].sum((0, 2))
                    for part in (gradient, curvature)
                )
                old = hours[state, group]
                step = (pull - HOUR_PRECISION * old) / (sure + HOUR_PRECISION)
                hours[state, group] = old + np.clip(step, -1.0, 1.0)
        # What all hours have in common belongs to the whole day.
        added = hours[PHASE_STATES][:, SLOT_GROUPS].transpose(0, 2, 1)
        chance = 1 / (1 + np.exp(-(usual[:, None] + added)))
        pull = (ended - looked * chance).sum(1)
        sure = (looked * chance * (1 - chance)).sum(1)
        usual = usual + np.clip(pull / (sure + 1.0), -1.0, 1.0)
    return usual, hours


def rows_of(table: FloatArray, lowest: float) -> str:
    """Return rows of two-digit numbers: steps of SCALE above the lowest."""
    steps = np.clip(np.round((table - lowest) / SCALE), 0, 99).astype(int)
    rows = (" ".join(f"{step:02d}" for step in row) for row in steps.tolist())
    return "".join(f'        "{row}",\n' for row in rows)


def module_text(counts: Counts) -> str:
    """Return the module with the tables of all purposes."""
    ended, looked = (table.sum(1) for table in counts[Purpose.OTHER])
    _, common = phase_hazards(ended, looked, STRENGTH)
    fitted = {purpose: log_odds(*counts[purpose], common) for purpose in Purpose}
    usual = "".join(
        f'    "{purpose}": (\n{rows_of(table, USUAL_LOWEST)}    ),\n'
        for purpose, (table, _) in fitted.items()
    )
    hours = "".join(
        f'    "{purpose}": (\n{rows_of(table.reshape(-1, HOURS), HOURS_LOWEST)}    ),\n'
        for purpose, (_, table) in fitted.items()
    )
    return HEADER + f"USUAL = {{\n{usual}}}\n" + BETWEEN + f"HOURS = {{\n{hours}}}\n"


def main(argv: list[str] | None = None) -> int:
    """Simulate, count, and write the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=TABLE)
    arguments = parser.parse_args(argv)
    counts: Counts = {}
    for household in households(arguments.seeds):
        count(household, counts)
    arguments.out.write_text(module_text(counts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
