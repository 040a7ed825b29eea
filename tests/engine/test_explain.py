"""Explanations: they agree with the forecast, and with what was really different."""

from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    Explanation,
    Forecast,
    HomeTimeline,
    ModelState,
    Transition,
    explain,
    predict,
)
from custom_components.occupancy_prediction.engine.distribution import quantile
from custom_components.occupancy_prediction.engine.explanation import (
    ROOM_INPUT,
    Influence,
    MemberView,
    SimilarDay,
    sentences,
)
from custom_components.occupancy_prediction.engine.features import HomeScene, describe
from custom_components.occupancy_prediction.engine.models import REFERENCE
from custom_components.occupancy_prediction.engine.models.hazard import Hazard, averages
from custom_components.occupancy_prediction.engine.samples import Samples
from custom_components.occupancy_prediction.engine.timeline import build_timeline

from .family import DAY, QUICK as CONFIG, home, trained

NAMES = {"kitchen": "the kitchen"}


@cache
def timeline(now: float) -> HomeTimeline:
    """Return what was known of the family by a moment."""
    spec, table, _, _ = home()
    return build_timeline(spec, table, CONFIG, now)


def at(hour: float) -> float:
    """Return a moment of the last day."""
    return home()[3] - DAY + hour * 3600


def explained(room_id: str, now: float, state: ModelState | None = None) -> Explanation:
    """Explain the forecast of a room."""
    return explain(
        state or trained(),
        home()[0],
        timeline(now),
        CONFIG,
        now=now,
        room_id=room_id,
        names=NAMES,
    )


def forecast(room_id: str, now: float) -> Forecast:
    """Return the forecast that is explained."""
    rooms = predict(trained(), home()[0], timeline(now), CONFIG, now=now).rooms
    return rooms[room_id]


# --- what it consists of --------------------------------------------------------------


@pytest.mark.parametrize("hour", [3.0, 7.2, 12.3, 18.1, 21.0])
def test_agrees_with_the_forecast(hour: float) -> None:
    """Same transition, same times, same weights, for every room."""
    now = at(hour)
    for room in home()[0].rooms:
        said, why = forecast(room.room_id, now), explained(room.room_id, now)
        assert why.room_id == room.room_id
        assert why.issued_at == now
        for name in ("occupied", "transition", "predicted_time", "lower", "upper"):
            assert getattr(why, name) == getattr(said, name), name
        weights = {member.name: member.weight for member in why.members}
        assert weights == pytest.approx(dict(said.member_weights))
        assert list(weights.values()) == sorted(weights.values(), reverse=True)
        for member in why.members:
            moment = member.predicted_time
            assert moment is None or now <= moment <= now + DAY
        assert 0 < len(why.inputs) <= 8
        assert len({each.name for each in why.inputs}) == len(why.inputs)
        shifts = [abs(each.shift) for each in why.inputs]
        assert shifts == sorted(shifts, reverse=True)
        assert (why.earliest is None) == (not why.occupied)
        if why.earliest is not None:
            assert now <= why.earliest <= now + 300
        assert why.sentences[0].startswith(NAMES.get(room.room_id, room.room_id))


def test_similar_days_are_days_that_were_learned() -> None:
    """By date, most similar first, none of them today or later."""
    start, end = home()[2], home()[3]
    why = explained("kitchen", at(18.1))
    days = [each.day for each in why.similar_days]
    first = date.fromtimestamp(start) - timedelta(days=1)
    last = date.fromtimestamp(end - DAY)
    assert days
    assert all(first <= day <= last for day in days)
    weights = [each.weight for each in why.similar_days]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) == pytest.approx(1)


@pytest.mark.parametrize("hour", [7.2, 18.1])
def test_inputs_are_compared_with_their_average(hour: float) -> None:
    """Asking the members anew, one input average, gives the same shifts."""
    now = at(hour)
    members = trained().rooms["kitchen"].members
    scene = HomeScene(timeline(now), home()[0].time_zone)
    samples = describe(scene, "kitchen", np.array([now]))
    usual = averages(members["hazard"], occupied=bool(samples.occupied[0]))

    def median(changed: Samples) -> float:
        reference = REFERENCE.hazards(members["kernel"], changed)
        whole = replace(changed, reference=reference)
        cdf = Hazard().predict(members["hazard"], whole, CONFIG)
        return float(quantile(cdf, 0.5)[0])

    checked = 0
    for each in explained("kitchen", now).inputs:
        values = samples.features.copy()
        # Of another room everything is asked about at once.
        pair = each.name.removeprefix(ROOM_INPUT) if "@" in each.name else None
        for column, name in enumerate(samples.names):
            if name == each.name:
                assert each.value == values[0, column]
                assert each.average == usual[name]
            if name == each.name or (pair and name.endswith(f"@{pair}")):
                values[0, column] = usual[name]
        if each.value is not None and each.name not in samples.names:
            continue  # how long it has been like this
        if each.name == "clock":
            continue
        checked += 1
        shift = median(samples) - median(replace(samples, features=values))
        assert each.shift == pytest.approx(shift, abs=1e-6), each.name
    assert checked >= 3


def test_rooms_and_time_are_inputs_too() -> None:
    """All there is to ask about, over a day and the rooms."""
    asked = {
        each.name
        for hour in (3.0, 7.2, 12.3, 18.1, 21.0)
        for room in home()[0].rooms
        for each in explained(room.room_id, at(hour)).inputs
    }
    assert {"clock", "elapsed"} <= asked
    assert any(name.startswith("room@") for name in asked)
    assert not any(name.startswith("hour_") for name in asked)


def test_explaining_is_pure() -> None:
    """The same question twice has the same answer."""
    assert explained("hall", at(18.1)) == explained("hall", at(18.1))


# --- with little to explain -----------------------------------------------------------


def test_without_a_model_that_is_said() -> None:
    """The prior alone has a say; no input and no day is invented."""
    now = at(18.1)
    spec, line = home()[0], timeline(now)
    why = explain(None, spec, line, CONFIG, now=now, room_id="kitchen")
    said = predict(None, spec, line, CONFIG, now=now).rooms["kitchen"]
    assert [(each.name, each.weight) for each in why.members] == [("prior", 1.0)]
    assert not why.inputs
    assert not why.similar_days
    for name in ("occupied", "transition", "predicted_time", "lower", "upper"):
        assert getattr(why, name) == getattr(said, name), name
    assert why.sentences[1].startswith("Little is known of kitchen yet:")
    known = explained("kitchen", now).sentences
    assert not any(each.startswith("Little is known") for each in known)


def test_without_sensors_that_can_tell() -> None:
    """Of a room of unknown state it is said that nothing can be said."""
    start = home()[2]
    early = build_timeline(home()[0], home()[1].before(start), CONFIG, start)
    why = explain(
        trained(), home()[0], early, CONFIG, now=start, room_id="kitchen", names=NAMES
    )
    assert why.occupied is None
    assert why.sentences == (
        "No sensor of the kitchen can tell whether it is occupied.",
    )


@pytest.mark.parametrize("missing", ["hazard", "kernel", "analogue"])
def test_a_view_is_missing_with_its_member(missing: str) -> None:
    """Without the member there are no inputs, or no days, and the rest is told."""
    model = trained().rooms["kitchen"]
    members = {name: each for name, each in model.members.items() if name != missing}
    state = replace(trained(), rooms={"kitchen": replace(model, members=members)})
    why = explained("kitchen", at(18.1), state)
    assert (why.inputs == ()) == (missing in ("hazard", "kernel"))
    assert (why.similar_days == ()) == (missing == "analogue")
    assert missing not in {member.name for member in why.members}
    assert why.members


def test_without_evidence_time_has_no_average() -> None:
    """What is usual of late is not known; the features are told all the same."""
    model = trained().rooms["kitchen"]
    nothing = model.evidence.take(np.zeros(0, np.int64))
    state = replace(trained(), rooms={"kitchen": replace(model, evidence=nothing)})
    names = {each.name for each in explained("kitchen", at(18.1), state).inputs}
    assert names
    assert not names & {"elapsed", "since_on"}


# --- in words -------------------------------------------------------------------------

NOW = 1_788_789_600.0  # Monday 2026-09-07, 14:00 UTC
KNOWN = Explanation(
    "kitchen",
    NOW,
    occupied=False,
    transition=Transition.OCCUPIED,
    predicted_time=NOW + 3 * 3600,
    lower=NOW + 600,
    upper=NOW + DAY / 2,
    members=(
        MemberView("hazard", 0.45, NOW + 3600),
        MemberView("hidden_markov", 0.3, None),
        MemberView("kernel", 0.2, NOW + 7200),
        MemberView("duration", 0.05, NOW + 60),
    ),
    inputs=(
        Influence("quiet_elsewhere", np.log(5.0), np.log(61.0), -200.0, 0.5),
        Influence("room@hall", None, None, 45.0, -0.4),
        Influence("rooms_occupied", 0.25, 0.5, 0.4, 0.3),
        Influence("sun_height", 12.345, 3.0, 0.3, -0.2),
        Influence("weekday", 0.0, 3.0, 0.0, 0.0),
    ),
    similar_days=tuple(
        SimilarDay(date(2026, 8, day), 0.25) for day in (31, 24, 26, 27)
    ),
)


TOLD = """\
Kitchen will become occupied at about 17:00; four times out of five between 14:10 \
and Tuesday 02:00.
Of the members with most weight, hazard (45%) says 15:00, hidden markov (30%) says \
more than a day from now and kernel (20%) says 16:00.
How long it has been quiet elsewhere (4 min, on average 60 min) makes it about 3 h \
sooner.
What is going on in Hall makes it about 45 min later.
How many of the other rooms are occupied (25%, on average 50%) makes it likelier \
within the hour.
So far the day is most like Monday 2026-08-31, Monday 2026-08-24 and Wednesday \
2026-08-26."""


def said(explanation: Explanation) -> tuple[str, ...]:
    """Say it to somebody in UTC."""
    return sentences(explanation, {"kitchen": "Kitchen", "hall": "Hall"}, "UTC")


def test_sentences_by_hand() -> None:
    """What people read, no more than three of a kind."""
    assert "\n".join(said(KNOWN)) == TOLD


def test_an_input_nobody_has_words_for() -> None:
    """A new feature goes by its name until it gets a phrase."""
    told = said(replace(KNOWN, inputs=KNOWN.inputs[3:], members=(), similar_days=()))
    assert told[1:] == (
        "Sun height (12.3, on average 3) makes it less likely within the hour.",
    )


def test_a_transition_beyond_a_day() -> None:
    """No minute is named, in whatever zone."""
    late = replace(KNOWN, predicted_time=None, upper=None, occupied=True)
    late = replace(late, transition=Transition.VACANT, earliest=NOW + 240)
    assert said(late)[:2] == (
        "Kitchen will become vacant more likely than not only after more than a day.",
        "Its vacancy delay is not over before 14:04.",
    )
    open_end = said(replace(KNOWN, upper=None))[0]
    assert open_end.endswith("between 14:10 and more than a day from now.")
    here = sentences(KNOWN, {}, "Europe/Berlin")[0]
    assert here.startswith("kitchen will become occupied at about 19:00;")
