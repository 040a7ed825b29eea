"""From the archive to what is learned. Everything here blocks."""

from collections.abc import Callable
import hashlib
from typing import Final

from .archive import Archive
from .engine import (
    OCCUPANCY_KINDS,
    EngineConfig,
    HomeSpec,
    ModelState,
    Track,
    TrainingJob,
    has_alarm_since,
    track_of,
    update,
    update_start,
)

# Seconds of record a first training needs: with less, hardly a stay is complete.
FIRST_DATA_SPAN: Final = 3600.0
_DAY: Final = 86400.0
# The archive forgets what is older (s): a year shows every season once, and life
# changes faster.
RETENTION: Final = 400 * _DAY


class Learner:
    """What there is to learn of one home, read from its archive."""

    def __init__(self, spec: HomeSpec, config: EngineConfig, archive: Archive) -> None:
        """Remember the home; nothing is read yet."""
        self._spec = spec
        self._config = config
        self._archive = archive
        self._sensors = spec.sensor_ids
        self._telling = [
            sensor.sensor_id
            for room in spec.rooms
            for sensor in room.sensors
            if sensor.kind in OCCUPANCY_KINDS
        ]
        # Tells a home from the same home configured otherwise.
        self._fingerprint = hashlib.sha256(repr(spec).encode()).hexdigest()[:8]

    def fits(self, model: ModelState) -> bool:
        """Return whether a model is of the home as it is configured now."""
        # Files are named after versions: nothing else may be in one.
        moment, _, fingerprint = model.version.partition("-")
        return moment.isdecimal() and fingerprint == self._fingerprint

    def has_first_data(self, now: float) -> bool:
        """Return whether there is something to learn."""
        spans = self._archive.spans(self._telling)
        return any(now - first >= FIRST_DATA_SPAN for first, _ in spans.values())

    def forget_old(self, now: float) -> None:
        """Let the archive forget what is too old to learn from."""
        self._archive.remove_before(now - RETENTION)

    def job(
        self, now: float, previous: ModelState | None, *, search: bool = False
    ) -> TrainingJob:
        """Return all that a training needs, as of ``now``.

        How ``previous`` has fared is not forgotten. With ``search`` another tuning
        number is tried afterwards.
        """
        return TrainingJob(
            self._spec,
            self._archive.load(self._sensors, end=now),
            self._config,
            now,
            f"{int(now)}-{self._fingerprint}",
            previous,
            search=search,
            track=self._track(now),
        )

    def has_drifted(self, since: float, now: float) -> bool:
        """Return whether forecasts have shown a change of life since a moment."""
        return has_alarm_since(self._track(now), since, self._config)

    def updated(
        self, model: ModelState, now: float, checkpoint: Callable[[float], None]
    ) -> ModelState:
        """Return a model with what has come since its data ended."""
        start = update_start(model, self._config)
        recent = self._archive.recent(self._sensors, start).before(now)
        return update(
            model,
            self._spec,
            recent,
            self._config,
            now=now,
            checkpoint=checkpoint,
        )

    def _track(self, now: float) -> Track:
        """Return how forecasts have fared lately."""
        start = now - self._config.drift_days * _DAY
        scores = self._archive.forecasts.scores(start)
        rooms = {room.room_id for room in self._spec.rooms}
        return track_of(
            {room_id: each for room_id, each in scores.items() if room_id in rooms},
            self._spec.time_zone,
        )
