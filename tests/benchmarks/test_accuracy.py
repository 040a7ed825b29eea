"""The accuracy benchmark from the replay to the page."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from benchmarks.accuracy.__main__ import main
from benchmarks.accuracy.evaluation import POOL, evaluate
from benchmarks.accuracy.findings import findings
from benchmarks.accuracy.hindsight import Hindsight
from benchmarks.accuracy.jobs import Job, load_home, run
from benchmarks.accuracy.plans import CASES, figures, headline, plans_of
from benchmarks.accuracy.plots import same_days
from benchmarks.accuracy.recording import Recording
from benchmarks.accuracy.report import page, write_readme
from benchmarks.accuracy.results import Result, result_of
from benchmarks.events import EventsFile
from benchmarks.household import HouseholdConfig, simulate, write_events
from benchmarks.replay import Plan, replay
from custom_components.occupancy_prediction.engine import GRID, EngineConfig
from custom_components.occupancy_prediction.engine.models import MEMBERS

ROOMS = ("bathroom", "living_room")
PLAN = Plan(train_days=4, test_days=2, step=1800.0)
COMMAND = ["--quick", "--train-days", "4", "--test-days", "2"]
DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Bench:
    """What a run of the benchmark left behind."""

    job: Job
    home: EventsFile
    folder: Path
    status: int
    recording: Recording
    result: Result


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Run the benchmark on a small simulated home, once."""
    folder = tmp_path_factory.mktemp("accuracy")
    household = simulate(HouseholdConfig(days=6))
    kept = [event for event in household.events if event.room_id in ROOMS]
    path = folder / "small.csv.gz"
    write_events(replace(household, events=kept), path)
    (folder / "README.md").write_text(
        "# Home\n<!-- accuracy:start -->\nold\n<!-- accuracy:end -->\nend\n"
    )
    (folder / "docs/images").mkdir(parents=True)
    (folder / "docs/images/accuracy_of_yesterday.svg").touch()
    recordings = folder / "recordings"
    command = [*COMMAND, "--docs", str(folder / "docs")]
    status = main([str(path), *command, "--recordings", str(recordings)])
    job = Job(path, PLAN, 300.0, recordings)
    result = run(job)
    assert result is not None
    return Bench(
        job,
        load_home(path, 300.0),
        folder,
        status,
        Recording.load(job.recording),
        result,
    )


def test_the_recording_is_the_replay(bench: Bench) -> None:
    """What is recorded as shown is what a replay forecasts, row by row."""
    forecasts: dict[str, list[tuple[float, ...]]] = {room: [] for room in ROOMS}
    # The first day is enough: learning anew takes most of the time.
    for _, each in replay(bench.home, replace(PLAN, test_days=1), EngineConfig()):
        if each.occupied is not None:
            forecasts[each.room_id].append(each.cdf or tuple(GRID[1:] / GRID[-1]))
    assert set(bench.recording.rooms) == set(ROOMS)
    for room_id, room in bench.recording.rooms.items():
        shown = room.shown[: len(forecasts[room_id])]
        assert len(shown) > 40
        # What members said is kept in single precision.
        assert np.array(forecasts[room_id]) == pytest.approx(shown, abs=1e-6)


def test_pooling_again_gives_what_was_shown(bench: Bench) -> None:
    """All members with the weights of the time are the pool."""
    members = bench.recording.members
    assert members == tuple(member.name for member in MEMBERS)
    config = EngineConfig()
    for room in bench.recording.rooms.values():
        told = ~np.isclose(room.shown, GRID[1:] / GRID[-1]).all(axis=1)
        assert told.mean() > 0.5
        again = room.pooled(range(len(members)), config)
        # Kept in single precision: where little is left to end, hazards feel it.
        assert again[told] == pytest.approx(room.shown[told], abs=3e-3)
        (one,) = np.flatnonzero([name == "climatology" for name in members])
        alone = room.alone(int(one), config)
        assert (alone - again)[told].any()
        assert (np.diff(alone, axis=1) >= -1e-9).all()


def test_a_silent_member_knows_nothing(bench: Bench) -> None:
    """Alone it is as sure of every bin; with others it is not missed."""
    room = bench.recording.rooms["living_room"]
    silent = replace(room, said=room.said.copy())
    silent.said[:, 0] = np.nan
    config = EngineConfig()
    assert silent.spoke(0) == 0
    everybody = range(len(bench.recording.members))
    assert silent.pooled(everybody, config) == pytest.approx(
        room.pooled(everybody[1:], config)
    )
    vacant = silent.samples.take(~silent.samples.occupied)
    bins = len(GRID) - 1
    assert silent.alone(0, config)[~silent.samples.occupied] == pytest.approx(
        np.tile(np.arange(1, bins + 1) / (bins + 1), (len(vacant), 1))
    )


def test_a_recording_outlives_the_process(bench: Bench, tmp_path: Path) -> None:
    """Saved and read back it is the same."""
    path = tmp_path / "again.npz"
    bench.recording.save(path)
    again = Recording.load(path)
    assert [file.name for file in tmp_path.iterdir()] == ["again.npz"]
    assert again.members == bench.recording.members
    for room_id, room in again.rooms.items():
        other = bench.recording.rooms[room_id]
        assert (room.samples.origin == other.samples.origin).all()
        for name in ("said", "weights", "shown", "median", "confidence", "reliable"):
            assert np.array_equal(
                getattr(room, name), getattr(other, name), equal_nan=True
            )


def test_everybody_is_scored(bench: Bench) -> None:
    """The pool, each member alone, the pool without it, and the baselines."""
    names = set(bench.result.summaries)
    members = {member.name for member in MEMBERS}
    assert members < names
    assert {f"without {member}" for member in members} < names
    baselines = {"time of week", "elapsed time", "always the same", "in 20 minutes"}
    assert names - members - {f"without {m}" for m in members} == {
        POOL,
        "base tier",
        "similar days",
        *baselines,
    }
    assert bench.result.summaries["time of week"]["skill"] == 0
    assert bench.result.summaries["elapsed time"]["skill_elapsed"] == 0
    assert bench.result.agreement == 1
    assert {cell.room for cell in bench.result.cells} <= set(ROOMS)
    assert sum(each.share for each in bench.result.horizons) == pytest.approx(1)
    shares = [share for share, _, _ in bench.result.risk]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert bench.result.risk[-1][1] == bench.result.pool["within_20"]
    for low, high in (*bench.result.skills.values(), *bench.result.intervals.values()):
        assert low <= high


def test_the_last_day_is_not_held_against_anybody(bench: Bench) -> None:
    """Where no change was seen but the day to look was not over, nothing is scored."""
    evaluation = evaluate("small", bench.home, PLAN, bench.recording, EngineConfig())
    assert evaluation is not None
    end = bench.home.start + 5 * DAY
    asked = sum(len(room.samples) for room in bench.recording.rooms.values())
    assert len(evaluation.rows.time) < asked
    later = np.isinf(evaluation.rows.time)
    assert (evaluation.rows.day[later] <= _ordinal(end)).all()
    assert result_of(evaluation) == bench.result


def _ordinal(moment: float) -> int:
    return date(1970, 1, 1).toordinal() + int(moment // DAY)


def test_a_recording_is_made_once(bench: Bench) -> None:
    """Other plans and other homes have other recordings; the same is read again."""
    before = sorted(bench.job.folder.iterdir())
    assert before == [bench.job.recording]
    modified = before[0].stat().st_mtime_ns
    assert run(bench.job) == bench.result
    assert bench.job.recording.stat().st_mtime_ns == modified
    for other in (
        replace(bench.job, plan=replace(PLAN, train_days=3)),
        replace(bench.job, vacancy_delay=60.0),
    ):
        assert other.recording != bench.job.recording


def test_the_command_tells_and_writes(bench: Bench) -> None:
    """The page, its pictures and the table of the README are written."""
    content = (bench.folder / "docs/accuracy.md").read_text()
    assert content.startswith("# How accurate the forecasts are\n")
    for member in MEMBERS:
        assert f"| {member.name.replace('_', ' ')}" in content
    pictures = re.findall(r"\]\((images/.*?\.svg)\)", content)
    files = sorted((bench.folder / "docs/images").iterdir())
    assert sorted(bench.folder / "docs" / name for name in pictures) == files
    for file in files:
        drawing = ET.fromstring(file.read_text())
        assert drawing.tag.endswith("svg")
        assert "nan" not in file.read_text()
    readme = (bench.folder / "README.md").read_text()
    assert re.fullmatch(
        r"# Home\n<!-- accuracy:start -->\n\| Home .*\n\| `small` \| 4 \+ 2 \| .*\n"
        r"<!-- accuracy:end -->\nend\n",
        readme,
        flags=re.DOTALL,
    )
    failed = [figure for figure in figures(bench.result) if not figure.passed]
    assert bench.status == int(bool(failed))


def test_bad_input_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file ends with 2 and a sentence."""
    assert main([str(tmp_path / "none.csv.gz"), "--quick"]) == 2
    assert "none.csv.gz" in capsys.readouterr().err


def test_a_readme_without_markers_is_left_alone(bench: Bench, tmp_path: Path) -> None:
    """Nothing is written where there is no place for it."""
    path = tmp_path / "README.md"
    assert not write_readme(path, [bench.result])
    path.write_text("# Home\n")
    assert not write_readme(path, [bench.result])
    assert path.read_text() == "# Home\n"


def _home_of_days(bench: Bench, days: float) -> EventsFile:
    table = bench.home.table
    end = replace(
        table,
        timestamps=np.r_[table.timestamps, bench.home.start + days * DAY - 60],
        sensors=np.r_[table.sensors, 0],
        values=np.r_[table.values, 0.0],
    )
    return replace(bench.home, table=end)


def _spans(plans: list[Plan]) -> Iterator[tuple[int, int, int]]:
    return ((plan.start_day, plan.train_days, plan.test_days) for plan in plans)


def test_all_training_lengths_forecast_the_same_days(bench: Bench) -> None:
    """What is learned ends where the longest ends; 14 days or what is left."""
    long, short, tiny = (_home_of_days(bench, days) for days in (100, 30, 10))
    lengths = [(49, 7, 14), (42, 14, 14), (28, 28, 14), (0, 56, 14)]
    assert sorted(_spans(plans_of("x", long, None, 14, 900))) == sorted(lengths)
    assert list(_spans(plans_of("x", short, None, 14, 900))) == [
        (0, 14, 14),
        (7, 7, 14),
    ]
    assert list(_spans(plans_of("x", tiny, [14], 7, 900))) == [(0, 6, 4)]
    assert list(_spans(plans_of("x", short, [18], 3, 900))) == [(0, 18, 3)]
    # Known homes have spans of their own, unless something else is asked for.
    assert (0, 18, 10) in _spans(plans_of("aras_b", short, None, 14, 900))
    assert list(_spans(plans_of("aras_b", short, [14], 7, 900))) == [(0, 14, 7)]
    known = list(
        _spans(plans_of("nears_0102", _home_of_days(bench, 123), None, 14, 900))
    )
    assert known[-2:] == [(0, 21, 14), (40, 21, 14)]
    assert len(known) == len(set(known)) == 6


def _like(result: Result, home: str, plan: Plan, **figures_: float) -> Result:
    """Return a result of another home with some figures of the pool changed."""
    summaries = {**result.summaries, POOL: {**result.pool, **figures_}}
    intervals = {**result.intervals, **{name: (v, v) for name, v in figures_.items()}}
    return replace(
        result, home=home, plan=plan, summaries=summaries, intervals=intervals
    )


GOOD = {
    "skill": 0.3,
    "skill_elapsed": 0.4,
    "ece_60": 0.04,
    "coverage": 0.8,
    "late_vacant": 0.5,
    "late_occupied": 0.5,
    "reliable_share": 0.25,
    "reliable_within_20": 0.91,
    "reliable_mae": 14.0,
}


@pytest.mark.parametrize(
    ("home", "name", "value"),
    [
        ("nears_0102", "skill", 0.19),
        ("nears_0102", "skill_elapsed", 0.30),
        ("nears_0102", "ece_60", 0.05),
        ("nears_0102", "coverage", 0.87),
        ("nears_0102", "coverage", 0.74),
        ("nears_0102", "late_vacant", 0.6),
        ("nears_0102", "late_occupied", 0.4),
        ("nears_0102", "reliable_share", 0.2),
        ("nears_0102", "reliable_within_20", 0.89),
        ("nears_0102", "reliable_mae", 15.5),
        ("aras_b", "skill", 0.18),
        ("aras_b", "skill_elapsed", 0.23),
        ("aras_b", "ece_60", 0.07),
    ],
)
def test_each_bound_is_held(bench: Bench, home: str, name: str, value: float) -> None:
    """One figure out of its bounds fails, and only that one."""
    case = CASES[home][0]
    plan = Plan(case.start_day, case.train_days, case.test_days)
    good = _like(bench.result, home, plan, **GOOD, crps=1000.0)
    assert all(figure.passed for figure in figures(good))
    bad = figures(_like(good, home, plan, **{name: value}))
    (failed,) = [figure for figure in bad if not figure.passed]
    assert failed.value == value
    assert failed.line().endswith("FAIL")


def test_bounds_of_every_home(bench: Bench) -> None:
    """The first week, what is reliable, and the base tier are judged everywhere."""
    plan = Plan(7, 7, 14)
    unknown = _like(bench.result, "unknown", plan, **{**GOOD, "skill": -0.01})
    assert [figure.name for figure in figures(unknown)] == [
        "unknown 7+14 from day 7 CRPS skill",
        "unknown 7+14 from day 7 reliable: within 20 min",
        "unknown 7+14 from day 7 reliable: mean error",
        "unknown 7+14 from day 7 CRPS base / full",
    ]
    worse = _like(unknown, "unknown", plan, skill=-0.03)
    assert not figures(worse)[0].passed
    # What marks nothing reliable promises nothing.
    assert len(figures(_like(unknown, "unknown", plan, reliable_share=0.0))) == 2
    base = {**unknown.summaries["base tier"], "crps": unknown.pool["crps"] * 1.04}
    summaries = {**unknown.summaries, "base tier": base}
    assert not figures(replace(unknown, summaries=summaries))[-1].passed
    # Without the libraries of the full tier there is nothing to compare.
    silent = replace(unknown, spoke=dict.fromkeys(unknown.spoke, 0.0))
    assert len(figures(silent)) == 3


def test_one_replay_stands_for_a_home(bench: Bench) -> None:
    """The spans with bounds where there are, else the longest training."""
    results = [
        _like(bench.result, home, Plan(start, train, 14))
        for home, start, train in (
            ("x", 7, 7),
            ("x", 0, 14),
            ("nears_0102", 0, 56),
            ("nears_0102", 0, 21),
            ("nears_0102", 40, 21),
        )
    ]
    assert [result.name for result in headline(results)] == [
        "x 14+14",
        "nears_0102 21+14",
        "nears_0102 21+14 from day 40",
    ]
    assert [result.plan.train_days for result in same_days(results, "x")] == [7, 14]


def test_the_page_tells_good_from_bad(bench: Bench) -> None:
    """Sentences stand where the figures put them; homes are named by their source."""
    plan = Plan(0, 21, 14)
    good = _like(bench.result, "nears_0102", plan, **GOOD, brier_skill_60=0.1)
    looked_back = {"nears_0102": Hindsight(120, 0.41, 52.0)}
    content = page([good], figures(good), looked_back, date(2026, 11, 24))
    praise, blame = re.findall(r"## What is \w+\n(.*?)(?=## W)", content, re.DOTALL)[:2]
    assert "80 % fell into it" in praise
    assert "came within 20 minutes in 91 %" in praise
    assert "one side" not in blame
    assert "in 41 % of the cases, and 52 minutes off" in content
    assert "sylvainhalle/beepbeep-sensor-events" in content
    assert "24 November 2026" in content
    changed = {"coverage": 0.6, "late_vacant": 0.7, "reliable_share": 0.01}
    found = findings([_like(good, "nears_0102", plan, **changed)], [])
    bad = " ".join(words for is_good, words in found if not is_good)
    assert "60 % fell into it" in bad
    assert "70 % of the changes of vacant rooms came later" in bad
    assert "hardly anything is reliable" in bad
