"""Tests of the analogue: which days are alike, and what they say came next."""

from dataclasses import replace

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import (
    is_valid,
    probability_within,
)
from custom_components.occupancy_prediction.engine.models.analogue import (
    Analogue,
    similar_days,
)
from custom_components.occupancy_prediction.engine.models.base import Arrays, FitContext
from custom_components.occupancy_prediction.engine.samples import (
    Samples,
    TrainingSet,
    training_set,
)
from custom_components.occupancy_prediction.engine.timeline import (
    OCCUPIED,
    VACANT,
    RoomTimeline,
    Spans,
)
from custom_components.occupancy_prediction.engine.types import FloatArray

from .made import samples_of
from .test_samples import MONDAY, room_of

CONFIG = EngineConfig()
CONTEXT = FitContext(CONFIG, 0, lambda share: None)
MEMBER = Analogue()
DAY = 1440.0
FIRST = 739_866  # the ordinal of that Monday
HOURS = tuple(f"hour_{hour}" for hour in range(24))
# What a day may be like: hours in which the room is occupied.
EARLY = ((6, 8), (17, 19))
LATE = ((10, 11), (21, 23))


def lived(*days: tuple[tuple[float, float], ...]) -> RoomTimeline:
    """Return a room that is occupied in these hours, day by day from that Monday."""
    spans = [
        (number * DAY + begin * 60, number * DAY + end * 60)
        for number, hours in enumerate(days)
        for begin, end in hours
    ]
    changes = [(0.0, VACANT)]
    for begin, end in spans:
        changes += [(begin, OCCUPIED), (end, VACANT)]
    return room_of(changes, [(begin, end - 5) for begin, end in spans])


def taught(room: RoomTimeline, days: int, first: float = 0.0) -> TrainingSet:
    """Return what was seen of it every 5 min, in local time of UTC."""
    minutes: FloatArray = np.asarray(
        np.arange(first * DAY, days * DAY, 5.0), np.float64
    )
    moments: FloatArray = MONDAY + minutes * 60
    return training_set(room, moments, MONDAY + days * DAY * 60, "UTC")


def fit(training: TrainingSet) -> Arrays:
    """Return what it teaches."""
    return MEMBER.fit({"room": training}, CONTEXT)["room"]


def question(
    day: int,
    hour: float,
    hours: tuple[tuple[float, float], ...] = (),
    *,
    occupied: bool = False,
    earliest: float = 0.0,
) -> Samples:
    """Ask at an hour of a day that has been occupied in these hours so far."""
    asked = samples_of(
        1, occupied=occupied, clock=hour * 60, day=FIRST + day, earliest=earliest
    )
    shares = [
        sum(
            max(min(end, hour - back) - max(begin, hour - back - 1), 0)
            for begin, end in hours
        )
        for back in range(24)
    ]
    return replace(asked, features=np.array([shares]), names=HOURS)


def within(arrays: Arrays, samples: Samples, minutes: float) -> float:
    """Return P(within minutes) of the first sample."""
    cdf = MEMBER.predict(arrays, samples, CONFIG)
    return float(probability_within(cdf, np.full(len(cdf), minutes))[0])


# Two weeks: early on Mondays, Wednesdays and at the weekend, else late.
WEEK = (EARLY, LATE, EARLY, LATE, LATE, EARLY, EARLY)
LEARNED = fit(taught(lived(*WEEK, *WEEK), 14))


# --- which days are alike -------------------------------------------------------------


def test_days_that_went_alike_come_first() -> None:
    """At noon of a late day all the nearest days are late ones, and the reverse."""
    for hours, numbers in ((LATE, (1, 3, 4, 8, 10, 11)), (EARLY, (0, 2, 7, 9))):
        found = similar_days(LEARNED, question(14, 12.0, hours))
        nearest = [day - FIRST for day, _ in found[: len(numbers)]]
        assert sorted(nearest) == list(numbers)
        assert sum(weight for _, weight in found) == pytest.approx(1)
        weights = [weight for _, weight in found]
        assert weights == sorted(weights, reverse=True)
        assert len(found) <= 8


def test_type_of_day_and_age_decide_where_days_went_alike() -> None:
    """Before anything has happened, days of this type come first, the latest first."""
    work = [day - FIRST for day, _ in similar_days(LEARNED, question(14, 5.0))]
    assert work == [11, 10, 9, 8, 7, 4, 3, 2]
    free = [day - FIRST for day, _ in similar_days(LEARNED, question(19, 5.0))]
    assert free[:4] == [13, 12, 6, 5]


def test_two_hours_of_disagreement_halve_the_weight() -> None:
    """A day that went alike in all but two hours counts half."""
    room = lived(((6, 9),), ((6, 7),), ())
    arrays = fit(taught(room, 3))
    found = dict(similar_days(arrays, question(4, 12.0, ((6, 9),))))
    same, less, none = (found[FIRST + number] for number in range(3))
    # Each day of age adds half a minute.
    assert less / same == pytest.approx(0.5, rel=0.01)
    assert none / same == pytest.approx(0.5**1.5, rel=0.01)


def test_a_day_lasts_until_people_sleep() -> None:
    """At two in the morning the day is that of the evening before."""
    room = lived(((20, 26),), ((9, 10),), ((20, 26),), ((9, 10),))
    arrays = fit(taught(room, 4))
    asked = question(5, 2.5, ((-4, 2),))
    day, weight = similar_days(arrays, asked)[0]
    assert day - FIRST == 2
    assert weight > 0.4
    # What came before the day began does not matter.
    same = question(5, 2.5, ((-22, -21), (-4, 2)))
    assert similar_days(arrays, same)[0][0] == day


def test_days_in_the_other_state_are_not_asked() -> None:
    """Of days on which the room was vacant at this time nothing can be learned."""
    found = similar_days(LEARNED, question(14, 7.0, ((6, 7),), occupied=True))
    assert {day - FIRST for day, _ in found} == {0, 2, 5, 6, 7, 9, 12, 13}
    assert similar_days(LEARNED, question(14, 3.0, occupied=True)) == []


def test_who_still_moves_is_asked_about_those_who_did() -> None:
    """With the delay running, days are asked about moments in which it ran."""
    # A sensor is on all the time on even days, and only at the beginning on odd ones.
    room = lived(*[((17, 19),)] * 6)
    odd = [MONDAY + (number * DAY + 17 * 60) * 60 for number in (1, 3, 5)]
    ends = np.where(np.isin(room.active.starts, odd), room.active.starts, np.inf)
    active = Spans(room.active.starts, np.minimum(room.active.ends, ends))
    arrays = fit(taught(replace(room, active=active), 6))
    for sensor_on, numbers in ((True, {0, 2, 4}), (False, {1, 3, 5})):
        asked = replace(
            question(7, 18.0, ((17, 18),), occupied=True),
            sensor_on=np.array([sensor_on]),
        )
        assert {day - FIRST for day, _ in similar_days(arrays, asked)} == numbers


def test_the_day_itself_is_not_like_itself() -> None:
    """What is known of this morning is no forecast of this afternoon."""
    found = similar_days(LEARNED, question(13, 12.0, EARLY))
    assert FIRST + 13 not in {day for day, _ in found}
    assert found[0][0] == FIRST + 12


def test_without_a_pattern_the_type_of_day_decides() -> None:
    """Where the last hours are not known, recent days of this type are alike."""
    asked = question(14, 12.0).bare()
    assert [day - FIRST for day, _ in similar_days(LEARNED, asked)[:3]] == [11, 10, 9]


# --- what they say --------------------------------------------------------------------


def test_forecast_is_what_came_next_on_such_days() -> None:
    """At noon, an early day is occupied again at five, a late one at nine."""
    early, late = question(14, 12.0, EARLY), question(14, 12.0, LATE)
    # From noon to 18:00, and from noon to 22:00.
    assert within(LEARNED, early, 360) > within(LEARNED, late, 360) + 0.35
    assert within(LEARNED, late, 240) < 0.25
    assert within(LEARNED, late, 600) > 0.85


def test_time_beyond_the_delay_is_what_is_alike() -> None:
    """However much of the delay is left: nothing before, then as on other days."""
    arrays = fit(taught(lived(*[((8, 9),)] * 6), 6))
    for earliest in (0.0, 2.0, 5.0):
        asked = question(6, 8.5, ((8, 8.5),), occupied=True, earliest=earliest)
        cdf = MEMBER.predict(arrays, asked, CONFIG)
        assert is_valid(cdf).all()
        assert within(arrays, asked, earliest) == 0
        assert within(arrays, asked, earliest + 15) < 0.5
        # Half an hour earlier an hour was left, the longest there was.
        assert within(arrays, asked, earliest + 75) > 0.9


def test_pulled_to_what_all_days_say() -> None:
    """One day like this does not outweigh a dozen others."""
    room = lived(*[EARLY] * 12, LATE)
    arrays = fit(taught(room, 13))
    asked = question(14, 12.0, LATE)
    # On the one day it took ten hours, on all others six.
    assert 0.3 < within(arrays, asked, 360) < 0.9
    assert similar_days(arrays, asked)[0][0] == FIRST + 12
    trusting = replace(CONFIG, shrinkage=0.01)
    cdf = MEMBER.predict(arrays, asked, trusting)
    assert cdf[0, 21] < within(arrays, asked, 360)


def test_nothing_to_go_on() -> None:
    """Without a day the answer is one transition a day, and no day is like it."""
    arrays = fit(taught(lived(EARLY), 0))
    asked = question(0, 12.0, EARLY)
    assert similar_days(arrays, asked) == []
    expected = 1 - (1 - 1 / 26) ** np.arange(1, 27)
    np.testing.assert_allclose(
        MEMBER.predict(arrays, asked, CONFIG)[0], expected, rtol=1e-6
    )


# --- how long it remembers ------------------------------------------------------------


def test_a_year_of_days_is_kept() -> None:
    """Beyond that the oldest make room, in one fit or day by day."""
    room = lived(*[EARLY, LATE] * 200)
    whole = fit(taught(room, 400))
    assert whole["days"].tolist() == list(range(FIRST + 34, FIRST + 400))
    grown = MEMBER.update(fit(taught(room, 390)), taught(room, 400, 390), CONTEXT)
    assert grown["days"].tolist() == whole["days"].tolist()
    assert sum(array.nbytes for array in whole.values()) < 400_000


def test_lost_hours_agree_by_half() -> None:
    """A day of which little was seen is neither alike nor different."""
    room = lived(*[EARLY] * 4)
    seen = taught(room, 4)
    hour = seen.samples.clock / 60
    lost = (seen.samples.day == FIRST + 1) & (hour >= 4) & (hour < 10)
    known = TrainingSet(seen.samples.take(~lost), seen.outcomes.take(~lost), seen.stays)
    found = dict(similar_days(fit(known), question(7, 12.0, EARLY)))
    # Three of six hours, against none and against the two of a quiet day.
    ratio = found[FIRST + 1] / found[FIRST]
    assert ratio == pytest.approx(0.5**1.5, rel=0.01)
