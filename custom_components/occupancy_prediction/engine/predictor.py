"""From what was learned and what is known now to the forecast of every room."""

from dataclasses import replace

import numpy as np

from .config import EngineConfig
from .distribution import modes
from .ensemble import member_forecasts, pool_shares, pooled_forecast
from .features import FeatureStore, HomeScene
from .models import MEMBERS, REFERENCE
from .models.climatology import Climatology, time_of_week
from .models.duration import Duration
from .models.prior import Prior
from .newcomer import known_or_newcomer
from .occupancy_curve import occupancy_curve
from .samples import Samples, entry_samples
from .shown import Shown
from .state import ModelState, RoomModel
from .timeline import HomeTimeline
from .types import (
    Alternative,
    FloatArray,
    Forecast,
    HomeForecast,
    HomeSpec,
    RoomSpec,
    Transition,
)

# Those that forecast a stay by when it begins.
_BY_CLOCK = {Climatology.name, Duration.name, Prior.name, REFERENCE.name}


def predict(
    state: ModelState | None,
    spec: HomeSpec,
    timeline: HomeTimeline,
    config: EngineConfig,
    *,
    now: float,
    store: FeatureStore | None = None,
) -> HomeForecast:
    """Forecast every room of a home at ``now`` (UTC s).

    ``timeline`` is what is known up to ``now``, of the look-back at least. A room
    the state does not know is forecast as rooms of its kind commonly go; of one of
    which no sensor can tell, the forecast says only that. A ``store`` keeps the
    features for what else is asked of the same moment.
    """
    store = FeatureStore() if store is None else store
    home = HomeScene(timeline, spec.time_zone)
    rooms = {}
    for room in spec.rooms:
        samples = store.rows(home, room.room_id, np.array([now]))
        model = known_or_newcomer(state, room)
        forecast = Forecast(room.room_id, now, None, stage=model.stage)
        if len(samples):
            if state is not None and room.room_id in state.rooms:
                forecast = replace(forecast, model_version=state.version)
            forecast = _forecast(forecast, room, samples, model, config, spec.time_zone)
        rooms[room.room_id] = forecast
    return HomeForecast(now, rooms)


def _forecast(
    forecast: Forecast,
    room: RoomSpec,
    samples: Samples,
    model: RoomModel,
    config: EngineConfig,
    time_zone: str,
) -> Forecast:
    now = forecast.issued_at
    weights = model.weights_now(config)
    forecasts = member_forecasts(model.members, samples, config)
    cdf = model.calibration.distributions(
        pooled_forecast(forecasts, weights, samples, config), samples
    )
    shares = pool_shares(forecasts, weights, samples, config)[0]
    occupied = bool(samples.occupied[0])
    shown = Shown.of(cdf, samples, float(model.calibration.outside[int(occupied)]))
    predicted = shown.predicted
    following = None
    if predicted is not None:
        entry = entry_samples(
            np.array([predicted]),
            occupied=not occupied,
            vacancy_delay=room.vacancy_delay,
            time_zone=time_zone,
        )
        following = Shown.of(_of_entry(entry, model, config), entry).predicted
    confidence = model.calibration.confidence(cdf, samples, config.reliable_tolerance)
    curve = occupancy_curve(
        model.profile, cdf, occupied=occupied, now=now, time_zone=time_zone
    )
    return replace(
        forecast,
        occupied=occupied,
        since=now - float(samples.elapsed[0]) * 60,
        transition=Transition.VACANT if occupied else Transition.OCCUPIED,
        predicted_time=predicted,
        lower=shown.lower,
        upper=shown.upper,
        confidence=None if predicted is None else float(confidence[0]),
        reliable=predicted is not None
        and bool(model.calibration.reliable(confidence, samples)[0]),
        alternatives=tuple(
            Alternative(now + minutes * 60, probability)
            for minutes, probability in modes(cdf[0])
        ),
        cdf=tuple(cdf[0].tolist()),
        baseline=_baseline(samples, model, config),
        curve=tuple(curve.tolist()),
        next_occupied=following if occupied else predicted,
        next_vacant=predicted if occupied else following,
        member_weights=tuple(
            (member.name, float(share))
            for member, share in zip(MEMBERS, shares, strict=True)
            if share > 0
        ),
    )


def _baseline(
    samples: Samples, model: RoomModel, config: EngineConfig
) -> tuple[float, ...]:
    """Return what the forecast is measured against, nothing if that is unknown."""
    counts = model.members.get(Climatology.name)
    if counts is None:
        return ()
    return tuple(time_of_week(counts, samples, config)[0].tolist())


def _of_entry(samples: Samples, model: RoomModel, config: EngineConfig) -> FloatArray:
    """Return the distribution of a stay that is yet to begin, (1, BINS).

    Nothing is known of that moment but the clock, so only those are asked to whom
    that is enough.
    """
    members = {name: model.members[name] for name in _BY_CLOCK & set(model.members)}
    forecasts = member_forecasts(members, samples, config)
    pooled = pooled_forecast(forecasts, model.weights_now(config), samples, config)
    return model.calibration.distributions(pooled, samples)
