"""The part of the archive that remembers what was forecast, and how that fared.

A forecast is kept with all it said until it is known what came; then its scores
take its place, at a tenth of the space. Everything here blocks: call it in an
executor, from any thread.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from sqlalchemy import Column, Connection, delete, insert, select, union_all

from .archive_file import FORECASTS, ROOMS, SCORES, VERSIONS
from .engine import GRID, Issued, Scores

# One forecast at most of a room is kept of so many seconds: closer ones say the same
# once more.
SLOT_SECONDS: Final = 300.0
_DAY: Final = 86400.0

_BINS: Final = len(GRID) - 1
# The bytes of a row; single precision is more than any forecast has. To change one of
# them is to change the schema of the file.
_SAID: Final = np.dtype(
    [
        ("issued_at", "<f8"),
        ("occupied", "?"),
        ("reliable", "?"),
        ("confidence", "<f4"),
        ("predicted", "<f4"),
        ("lower", "<f4"),
        ("upper", "<f4"),
        ("cdf", "<f4", (_BINS,)),
        ("baseline", "<f4", (_BINS,)),
    ]
)
_FARED: Final = np.dtype(
    [
        ("issued_at", "<f8"),
        ("occupied", "?"),
        ("reliable", "?"),
        ("confidence", "<f4"),
        ("remaining", "<f4"),
        ("observed", "?"),
        ("error", "<f4"),
        ("crps", "<f4"),
        ("baseline_crps", "<f4"),
        ("log_score", "<f4"),
        ("pit", "<f4"),
        ("covered", "?"),
    ]
)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What is to be remembered: new forecasts by room, and how earlier ones fared.

    ``set_back_to`` is what the clock was set back to (UTC s) before that: nobody will
    know what came after forecasts of a later time, which never was.
    """

    issued: Mapping[str, Issued] = field(default_factory=dict)
    scores: Mapping[str, Scores] = field(default_factory=dict)
    set_back_to: float | None = None


class ForecastLog:
    """All forecasts of a home."""

    def __init__(
        self, transaction: Callable[[], AbstractContextManager[Connection]]
    ) -> None:
        """Use the file of the archive, in transactions of the archive."""
        self._transaction = transaction

    def write(self, entries: Iterable[LogEntry]) -> None:
        """Remember entries in their order; what is known already is left alone."""
        with self._transaction() as connection:
            for entry in entries:
                if entry.set_back_to is not None:
                    later = FORECASTS.c.slot > slot_of(entry.set_back_to)
                    connection.execute(delete(FORECASTS).where(later))
                for room_id, issued in entry.issued.items():
                    _add(connection, room_id, issued)
                for room_id, scores in entry.scores.items():
                    _settle(connection, room_id, scores)

    def unscored(self, start: float) -> dict[str, Issued]:
        """Return what was forecast since a moment and is not scored, by room."""
        query = (
            select(ROOMS.c.room_id, VERSIONS.c.version, FORECASTS.c.said)
            .join(ROOMS, FORECASTS.c.room == ROOMS.c.id)
            .join(VERSIONS, FORECASTS.c.version == VERSIONS.c.id)
            .where(FORECASTS.c.slot >= slot_of(start))
            .order_by(FORECASTS.c.slot)
        )
        found: dict[str, list[tuple[str, bytes]]] = {}
        with self._transaction() as connection:
            for room_id, version, said in connection.execute(query):
                found.setdefault(room_id, []).append((version, said))
        return {
            room_id: _issued(
                np.array([version for version, _ in rows], np.str_),
                np.frombuffer(b"".join(said for _, said in rows), _SAID),
            )
            for room_id, rows in found.items()
        }

    def scores(self, start: float, *, version: str | None = None) -> dict[str, Scores]:
        """Return how forecasts since a moment fared, by room, of one model or all."""
        query = (
            select(ROOMS.c.room_id, SCORES.c.scores)
            .join(ROOMS, SCORES.c.room == ROOMS.c.id)
            .join(VERSIONS, SCORES.c.version == VERSIONS.c.id)
            .where(SCORES.c.day >= int(start // _DAY))
            .order_by(SCORES.c.day)
        )
        if version is not None:
            query = query.where(VERSIONS.c.version == version)
        found: dict[str, list[bytes]] = {}
        with self._transaction() as connection:
            for room_id, scores in connection.execute(query):
                found.setdefault(room_id, []).append(scores)
        return {
            room_id: scores
            for room_id, days in found.items()
            if len(scores := _scores(np.frombuffer(b"".join(days), _FARED), start))
        }

    def remove_before(self, moment: float, *, unscored: float) -> None:
        """Forget the days before a moment, and what is unscored since another."""
        with self._transaction() as connection:
            connection.execute(delete(SCORES).where(SCORES.c.day < int(moment // _DAY)))
            connection.execute(
                delete(FORECASTS).where(FORECASTS.c.slot < slot_of(unscored))
            )
            used = union_all(select(FORECASTS.c.version), select(SCORES.c.version))
            connection.execute(delete(VERSIONS).where(VERSIONS.c.id.not_in(used)))

    def keep_rooms(self, room_ids: Collection[str]) -> None:
        """Forget everything of all other rooms."""
        with self._transaction() as connection:
            gone = list(
                connection.execute(
                    select(ROOMS.c.id).where(ROOMS.c.room_id.not_in(room_ids))
                ).scalars()
            )
            if gone:
                for table in (FORECASTS, SCORES):
                    connection.execute(delete(table).where(table.c.room.in_(gone)))
                connection.execute(delete(ROOMS).where(ROOMS.c.id.in_(gone)))


def slot_of(moment: float) -> int:
    """Return the slot of time in which a moment (UTC s) lies."""
    return int(moment // SLOT_SECONDS)


def _add(connection: Connection, room_id: str, issued: Issued) -> None:
    room = _key(connection, ROOMS.c.room_id, room_id)
    versions = {
        version: _key(connection, VERSIONS.c.version, version)
        for version in set(issued.version.tolist())
    }
    said = _packed(issued, _SAID)
    rows = [
        {
            "slot": slot_of(moment),
            "room": room,
            "version": versions[version],
            "said": said[number].tobytes(),
        }
        for number, (moment, version) in enumerate(
            zip(issued.issued_at.tolist(), issued.version.tolist(), strict=True)
        )
    ]
    if rows:
        connection.execute(insert(FORECASTS).prefix_with("OR IGNORE"), rows)


def _settle(connection: Connection, room_id: str, scores: Scores) -> None:
    """Let scores take the place of those forecasts that have none yet."""
    room = _key(connection, ROOMS.c.room_id, room_id)
    place = {slot_of(when): n for n, when in enumerate(scores.issued_at.tolist())}
    waiting = (FORECASTS.c.room == room) & FORECASTS.c.slot.in_(list(place))
    pages: dict[tuple[int, int], list[int]] = {}
    for slot, version in connection.execute(
        select(FORECASTS.c.slot, FORECASTS.c.version).where(waiting)
    ):
        day = int(slot * SLOT_SECONDS // _DAY)
        pages.setdefault((day, version), []).append(place[slot])
    fared = _packed(scores, _FARED)
    for (day, version), numbers in pages.items():
        page = {"day": day, "room": room, "version": version}
        before = connection.execute(
            select(SCORES.c.scores).filter_by(**page)
        ).scalar_one_or_none()
        known = np.frombuffer(before or b"", _FARED)
        # A write that failed halfway is tried again from its beginning.
        new = fared[numbers][~np.isin(fared["issued_at"][numbers], known["issued_at"])]
        page_scores = known.tobytes() + new.tobytes()
        connection.execute(
            insert(SCORES).prefix_with("OR REPLACE"), {**page, "scores": page_scores}
        )
    connection.execute(delete(FORECASTS).where(waiting))


def _key(connection: Connection, name: Column[str], value: str) -> int:
    """Return the key of a room or version, a new one included."""
    table = name.table
    connection.execute(insert(table).prefix_with("OR IGNORE"), {name.name: value})
    key: int = connection.execute(select(table.c.id).where(name == value)).scalar_one()
    return key


def _packed(rows: Issued | Scores, layout: np.dtype[np.void]) -> np.ndarray:
    packed = np.zeros(len(rows), layout)
    for name in layout.names or ():
        packed[name] = getattr(rows, name)
    return packed


def _issued(version: np.ndarray, said: np.ndarray) -> Issued:
    return Issued(version=version, **_columns(said))


def _scores(fared: np.ndarray, start: float) -> Scores:
    return Scores(**_columns(fared[fared["issued_at"] >= start]))


def _columns(rows: np.ndarray) -> dict[str, np.ndarray]:
    return {
        name: rows[name].astype(
            np.bool_ if rows[name].dtype == np.bool_ else np.float64
        )
        for name in rows.dtype.names or ()
    }
