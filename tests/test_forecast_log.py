"""What was forecast and how it fared, in a real file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from custom_components.occupancy_prediction.archive import Archive, ArchiveClosedError
from custom_components.occupancy_prediction.engine import (
    GRID,
    HORIZON,
    Issued,
    Scores,
    score,
)
from custom_components.occupancy_prediction.engine.samples import Outcomes
from custom_components.occupancy_prediction.forecast_log import (
    SLOT_SECONDS,
    ForecastLog,
    LogEntry,
)

# 2026-11-24 00:00 UTC
NOW = 1_795_478_400.0
DAY = 86400.0
SPREAD = GRID[1:] / HORIZON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of an archive."""
    return tmp_path / "archive.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    """Return a new archive."""
    archive, _ = Archive.open(path, NOW)
    yield archive
    archive.close()


@pytest.fixture
def log(archive: Archive) -> ForecastLog:
    """Return its forecasts."""
    return archive.forecasts


def issued_at(*moments: float, version: str = "v1", scale: float = 1.0) -> Issued:
    """Return forecasts; every second of them is of an occupied room and reliable."""
    count = len(moments)
    even = np.arange(count) % 2 == 0
    return Issued(
        np.array(moments),
        np.full(count, version),
        even,
        even,
        np.where(even, 0.75, np.nan),
        np.where(even, 33.25, HORIZON),
        np.full(count, 6.0),
        np.full(count, HORIZON),
        np.tile(SPREAD * scale, (count, 1)),
        np.where(even[:, None], SPREAD[None], np.nan),
    )


def fared(issued: Issued, minutes: float = 60.0) -> Scores:
    """Return that the change came after some minutes."""
    count = len(issued)
    return score(issued, Outcomes(np.full(count, minutes), np.full(count, True)))


def moments(found: dict[str, Issued] | dict[str, Scores]) -> dict[str, list[float]]:
    """Return when forecasts were issued, in seconds from NOW."""
    return {room_id: (rows.issued_at - NOW).tolist() for room_id, rows in found.items()}


def assert_same(found: Issued | Scores, wanted: Issued | Scores) -> None:
    """Compare to single precision, but moments to the last digit."""
    assert found.issued_at.tolist() == wanted.issued_at.tolist()
    for name in type(found).__dataclass_fields__:
        column, expected = getattr(found, name), getattr(wanted, name)
        assert column.shape == expected.shape
        if expected.dtype.kind == "f":
            assert column.dtype == np.float64
            np.testing.assert_allclose(column, expected, rtol=1e-6)
        else:
            assert column.tolist() == expected.tolist()


def test_open_forecasts_come_back(path: Path, archive: Archive) -> None:
    """All they said is there after the file was closed, with what made them."""
    kitchen = issued_at(NOW + 0.25, NOW + 300)
    bath = issued_at(NOW + 1, version="v2")
    archive.forecasts.write([LogEntry({"kitchen": kitchen, "bath": bath})])
    archive.close()
    again, problem = Archive.open(path, NOW)
    assert problem is None
    found = again.forecasts.unscored(NOW)
    assert found.keys() == {"kitchen", "bath"}
    assert_same(found["kitchen"], kitchen)
    assert_same(found["bath"], bath)
    assert again.forecasts.scores(0.0) == {}
    again.close()


def test_scores_take_the_place_of_what_was_said(log: ForecastLog) -> None:
    """Each forecast is either open or scored."""
    kitchen = issued_at(NOW, NOW + 300, NOW + 600)
    log.write([LogEntry({"kitchen": kitchen, "bath": issued_at(NOW)})])
    some = kitchen.take(np.array([0, 2]))
    log.write([LogEntry(scores={"kitchen": fared(some)})])
    assert moments(log.unscored(NOW)) == {"kitchen": [300], "bath": [0]}
    found = log.scores(NOW)
    assert found.keys() == {"kitchen"}
    assert_same(found["kitchen"], fared(some))
    # Without a baseline there is nothing to be compared with.
    assert np.isnan(found["kitchen"].baseline_crps).tolist() == [False, False]


def test_issued_and_scored_at_once(log: ForecastLog) -> None:
    """Entries are written in their order, also within one."""
    kitchen = issued_at(NOW, NOW + 300)
    first = kitchen.take(np.array([0]))
    log.write(
        [
            LogEntry({"kitchen": kitchen}, {"kitchen": fared(first)}),
            LogEntry(scores={"kitchen": fared(kitchen.take(np.array([1])))}),
        ]
    )
    assert log.unscored(NOW) == {}
    assert moments(log.scores(NOW)) == {"kitchen": [0, 300]}
    assert np.isnan(log.scores(NOW)["kitchen"].baseline_crps).tolist() == [False, True]


def test_one_forecast_of_a_slot(log: ForecastLog) -> None:
    """The first of five minutes stays; other rooms have their own."""
    log.write([LogEntry({"kitchen": issued_at(NOW + 1)})])
    log.write(
        [
            LogEntry(
                {
                    "kitchen": issued_at(NOW + SLOT_SECONDS - 1, NOW + SLOT_SECONDS),
                    "bath": issued_at(NOW + 2),
                }
            )
        ]
    )
    assert moments(log.unscored(NOW)) == {"kitchen": [1, SLOT_SECONDS], "bath": [2]}


def test_nothing_is_scored_twice(log: ForecastLog) -> None:
    """A write that is tried again changes nothing, nor does a second opinion."""
    entry = LogEntry({"kitchen": issued_at(NOW)})
    result = LogEntry(scores={"kitchen": fared(issued_at(NOW))})
    for _ in range(2):
        log.write([entry, result])
    again = LogEntry(scores={"kitchen": fared(issued_at(NOW), 120.0)})
    log.write([again])
    found = log.scores(NOW)["kitchen"]
    assert found.remaining.tolist() == [60.0]
    assert log.unscored(NOW) == {}


def test_scores_of_unknown_forecasts_are_not_kept(log: ForecastLog) -> None:
    """There is no score without a forecast, and so none without a version."""
    log.write([LogEntry(scores={"kitchen": fared(issued_at(NOW))})])
    assert log.scores(0.0) == {}


def test_scores_of_many_days(log: ForecastLog) -> None:
    """A window begins at its moment, in the middle of a day."""
    when = [NOW + number * DAY / 4 for number in range(20)]
    kitchen = issued_at(*when)
    log.write([LogEntry({"kitchen": kitchen}, {"kitchen": fared(kitchen)})])
    found = log.scores(NOW + 1.6 * DAY)["kitchen"]
    assert_same(found, fared(kitchen.take(kitchen.issued_at >= NOW + 1.75 * DAY)))
    assert log.scores(NOW + 4.8 * DAY) == {}


def test_scores_of_one_model(log: ForecastLog) -> None:
    """A day on which models changed has the scores of both, apart."""
    for number, version in enumerate(("v1", "v2", "v1")):
        issued = {"kitchen": issued_at(NOW + number * 300, version=version)}
        log.write([LogEntry(issued, {"kitchen": fared(issued["kitchen"])})])
    assert moments(log.scores(NOW, version="v1")) == {"kitchen": [0, 600]}
    assert moments(log.scores(NOW, version="v2")) == {"kitchen": [300]}
    assert log.scores(NOW, version="v3") == {}
    assert len(log.scores(NOW)["kitchen"]) == 3


def test_clock_set_back(log: ForecastLog) -> None:
    """What was open of times that never were is gone, what was scored is not."""
    kitchen = issued_at(NOW, NOW + 3600, NOW + 7200)
    scored = fared(kitchen.take(np.array([2])))
    log.write([LogEntry({"kitchen": kitchen}, {"kitchen": scored})])
    log.write([LogEntry({"kitchen": issued_at(NOW + 900)}, set_back_to=NOW + 600)])
    assert moments(log.unscored(NOW)) == {"kitchen": [0, 900]}
    assert moments(log.scores(NOW)) == {"kitchen": [7200]}


def test_remove_before(log: ForecastLog) -> None:
    """Old days go, and what was never scored sooner, with versions nobody needs."""
    for days in range(5):
        issued = issued_at(NOW + days * DAY, NOW + days * DAY + 300, version=f"v{days}")
        first = fared(issued.take(np.array([0])))
        log.write([LogEntry({"kitchen": issued}, {"kitchen": first})])
    log.remove_before(NOW + 1.5 * DAY, unscored=NOW + 3 * DAY)
    assert moments(log.scores(0.0)) == {"kitchen": [DAY, 2 * DAY, 3 * DAY, 4 * DAY]}
    assert moments(log.unscored(0.0)) == {"kitchen": [3 * DAY + 300, 4 * DAY + 300]}
    log.remove_before(NOW + 9 * DAY, unscored=NOW + 9 * DAY)
    assert log.scores(0.0) == {}
    assert log.unscored(0.0) == {}


def test_removed_rooms_are_forgotten(log: ForecastLog) -> None:
    """A room of the same name that comes later begins anew."""
    issued = issued_at(NOW, NOW + 300)
    first = fared(issued.take(np.array([0])))
    rooms = ("kitchen", "bath", "hall")
    log.write([LogEntry(dict.fromkeys(rooms, issued), dict.fromkeys(rooms, first))])
    log.keep_rooms(["kitchen", "hall", "never_seen"])
    assert moments(log.scores(0.0)) == {"kitchen": [0], "hall": [0]}
    assert moments(log.unscored(0.0)) == {"kitchen": [300], "hall": [300]}
    log.keep_rooms([])
    assert log.scores(0.0) == {}
    log.write([LogEntry({"bath": issued_at(NOW + 600)})])
    assert moments(log.unscored(0.0)) == {"bath": [600]}


def test_nothing_to_write(log: ForecastLog) -> None:
    """Empty entries leave no trace."""
    log.write([])
    log.write([LogEntry(), LogEntry({"kitchen": issued_at()})])
    assert log.unscored(0.0) == {}


def test_closed(archive: Archive) -> None:
    """After the archive was closed its forecasts cannot be reached."""
    archive.close()
    with pytest.raises(ArchiveClosedError):
        archive.forecasts.unscored(0.0)


def test_a_year_is_small(path: Path, archive: Archive) -> None:
    """A scored forecast takes about 40 bytes, with all that is around it."""
    count = 40 * 288
    for day in range(40):
        issued = issued_at(*(NOW + day * DAY + np.arange(288) * SLOT_SECONDS))
        archive.forecasts.write(
            [LogEntry({"kitchen": issued}, {"kitchen": fared(issued)})]
        )
    assert len(archive.forecasts.scores(0.0)["kitchen"]) == count
    archive.close()
    assert path.stat().st_size / count < 60
