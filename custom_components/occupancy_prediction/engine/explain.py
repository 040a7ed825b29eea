"""Why a forecast says what it says.

Three views: what each member expects and how much it counts; which inputs move the
logistic hazard most, told by putting each of them to its average; and which past days
went most like this one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from .config import EngineConfig
from .distribution import condition_on_later, probability_within, quantile
from .ensemble import member_forecasts, pool_shares, pooled_forecast
from .explanation import (
    CLOCK_SUBJECT,
    INPUTS,
    ROOM_INPUT,
    SUBJECTS,
    Explanation,
    Influence,
    MemberView,
    SimilarDay,
    sentences,
)
from .features import NEEDS, SEPARATOR, FeatureStore, HomeScene, subject_of
from .local_time import DAY_MINUTES
from .models import MEMBERS, REFERENCE
from .models.analogue import Analogue, similar_days
from .models.hazard import Hazard, averages, varied
from .newcomer import known_or_newcomer
from .samples import Samples
from .shown import Shown
from .state import ModelState, RoomModel
from .timeline import HomeTimeline
from .types import FloatArray, HomeSpec, Transition

# Inputs that are given, the most telling first: a handful.
_INPUTS = 8
# The time (min) in which an input makes the transition likelier or less likely.
_SOON = 60.0
# The clock has no average: it is compared with every hour of the day.
_HOURS = 24
# Beyond a week (min) "long ago" is long ago.
_LONG_AGO = 7 * 1440.0
# The hazard of what is nearly ruled out.
_SMALLEST = 1e-6


def explain(
    state: ModelState | None,
    spec: HomeSpec,
    timeline: HomeTimeline,
    config: EngineConfig,
    *,
    now: float,
    room_id: str,
    names: Mapping[str, str] | None = None,
    store: FeatureStore | None = None,
) -> Explanation:
    """Explain the forecast of a room that ``predict`` makes of the same arguments.

    ``names`` are what people call the rooms, for the sentences.
    """
    store = FeatureStore() if store is None else store
    home = HomeScene(timeline, spec.time_zone)
    samples = store.rows(home, room_id, np.array([now]))
    explanation = Explanation(room_id, now)
    if len(samples):
        model = known_or_newcomer(state, spec.room(room_id))
        explanation = _explained(explanation, model, samples, config)
    told = sentences(explanation, {} if names is None else names, spec.time_zone)
    return replace(explanation, sentences=told)


def inputs_of(model: RoomModel) -> tuple[str, ...]:
    """Return what the forecasts of a room are made of, in words.

    What the home does not have, and what never changed, is not among it.
    """
    arrays = model.members.get(Hazard.name)
    names = set() if arrays is None else varied(arrays)
    needed = {NEEDS[name] for name in names if name in NEEDS}
    subjects = {subject_of(name) for name in names if name not in NEEDS}
    return (
        CLOCK_SUBJECT,
        *(words for subject, words in SUBJECTS.items() if subject in subjects),
        *(words for need, words in INPUTS.items() if need in needed),
    )


def _explained(
    explanation: Explanation, model: RoomModel, samples: Samples, config: EngineConfig
) -> Explanation:
    now = explanation.issued_at
    weights = model.weights_now(config)
    forecasts = member_forecasts(model.members, samples, config)
    shares = pool_shares(forecasts, weights, samples, config)[0]
    cdf = model.calibration.distributions(
        pooled_forecast(forecasts, weights, samples, config), samples
    )
    outside = float(model.calibration.outside[int(samples.occupied[0])])
    shown = Shown.of(cdf, samples, outside)
    views = [
        MemberView(
            member.name,
            float(share),
            Shown.of(condition_on_later(forecast, samples.earliest), samples).predicted,
        )
        for member, forecast, share in zip(MEMBERS, forecasts, shares, strict=True)
        if share > 0
    ]
    return replace(
        explanation,
        occupied=bool(samples.occupied[0]),
        transition=Transition.VACANT if samples.occupied[0] else Transition.OCCUPIED,
        predicted_time=shown.predicted,
        lower=shown.lower,
        upper=shown.upper,
        earliest=now + float(samples.earliest[0]) * 60 if samples.occupied[0] else None,
        members=tuple(sorted(views, key=lambda view: -view.weight)),
        inputs=_influences(model, samples, config),
        learned_from=inputs_of(model),
        similar_days=tuple(
            SimilarDay(date.fromordinal(day), weight)
            for day, weight in similar_days(model.members[Analogue.name], samples)
        )
        if Analogue.name in model.members
        else (),
    )


@dataclass(frozen=True, slots=True)
class _Question:
    """What an input is, and the samples among which it is average."""

    name: str
    value: float | None
    average: float | None
    samples: Samples


def _influences(
    model: RoomModel, samples: Samples, config: EngineConfig
) -> tuple[Influence, ...]:
    """Return the most telling inputs of the logistic hazard."""
    if not {Hazard.name, REFERENCE.name} <= set(model.members):
        return ()
    questions = list(_questions(model, samples))
    # All at once: the members answer many questions nearly as fast as one.
    asked = Samples.joined([samples, *(question.samples for question in questions)])
    reference = REFERENCE.hazards(model.members[REFERENCE.name], asked)
    cdf = Hazard().predict(
        model.members[Hazard.name], replace(asked, reference=reference), config
    )
    median, hazard = _told(cdf[:1])
    influences = []
    first = 1
    for question in questions:
        last = first + len(question.samples)
        usual_median, usual_hazard = _told(cdf[first:last].mean(0, keepdims=True))
        influences.append(
            Influence(
                question.name,
                question.value,
                question.average,
                median - usual_median,
                hazard - usual_hazard,
            )
        )
        first = last
    influences.sort(key=lambda each: (-abs(each.shift), -abs(each.log_hazard)))
    return tuple(influences[:_INPUTS])


def _told(cdf: FloatArray) -> tuple[float, float]:
    """Return the median (min) of one row, and the log of its hazard within the hour."""
    within = float(probability_within(cdf, np.array([_SOON]))[0])
    hazard = -np.log(max(1.0 - within, _SMALLEST))
    return float(quantile(cdf, 0.5)[0]), float(np.log(max(hazard, _SMALLEST)))


def _questions(model: RoomModel, samples: Samples) -> Iterator[_Question]:
    """Ask what the forecast would be if each input were average."""
    occupied = bool(samples.occupied[0])
    usual = averages(model.members[Hazard.name], occupied=occupied)
    rooms: dict[str, list[str]] = {}
    for name, average in usual.items():
        column = samples.feature(name)
        if column is None:
            continue
        _, mark, other = name.partition(SEPARATOR)
        if mark:
            rooms.setdefault(other, []).append(name)
        else:
            put = _put(samples, {name: average})
            yield _Question(name, float(column[0]), average, put)
    for other, columns in rooms.items():
        put = _put(samples, {name: usual[name] for name in columns})
        yield _Question(ROOM_INPUT + other, None, None, put)
    hours: FloatArray = np.linspace(0.0, DAY_MINUTES, _HOURS, endpoint=False)
    every = samples.take(np.zeros(_HOURS, np.int64))
    clock = (samples.clock + hours) % DAY_MINUTES
    yield _Question("clock", None, None, replace(every, clock=clock))
    yield from _questions_of_time(model, samples)


def _questions_of_time(model: RoomModel, samples: Samples) -> Iterator[_Question]:
    """Ask the same of how long it has been like this, by what it was of late."""
    past = model.evidence.samples
    past = past.take(past.occupied == samples.occupied[0])
    if not len(past):
        return
    elapsed, since_on, quiet = (
        _typical(column) for column in (past.elapsed, past.since_on, past.quiet)
    )
    changed = replace(samples, elapsed=elapsed)
    if not samples.occupied[0]:
        # A vacant room has been quiet for as long as it has been vacant.
        changed = replace(changed, since_on=since_on, quiet=quiet)
    yield _Question("elapsed", float(samples.elapsed[0]), float(elapsed[0]), changed)
    if samples.occupied[0]:
        moved = min(float(samples.since_on[0]), _LONG_AGO)
        put = replace(samples, since_on=since_on)
        yield _Question("since_on", moved, float(since_on[0]), put)


def _typical(minutes: FloatArray) -> FloatArray:
    """Return the average of durations as people feel them, (1,)."""
    logs = np.log1p(np.minimum(minutes, _LONG_AGO))
    return np.array([float(np.expm1(logs.mean()))])


def _put(samples: Samples, values: Mapping[str, float]) -> Samples:
    """Return the samples with some features replaced."""
    features = samples.features.copy()
    for name, value in values.items():
        features[:, samples.names.index(name)] = value
    return replace(samples, features=features)
