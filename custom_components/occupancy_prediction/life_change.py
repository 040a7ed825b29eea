"""A change of life in the words of the home: rooms by their titles, days by their names.

What is logged is English, as all of the log; what an entity shows is values that a
dashboard can put into any language.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from .const import LOGGER
from .engine import Adaptation, Decision, Pattern, PatternKind

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMES: Final = (
    "Mondays",
    "Tuesdays",
    "Wednesdays",
    "Thursdays",
    "Fridays",
    "Saturdays",
    "Sundays",
)
_GROUPS: Final[Mapping[tuple[int, ...], str]] = {
    (0, 1, 2, 3, 4): "workdays",
    (5, 6): "weekends",
    (0, 1, 2, 3, 4, 5, 6): "all days",
}
_DECISIONS: Final = {
    Decision.RETRAINED: "everything was learned anew from the whole past",
    Decision.REWEIGHTED: "days before that count less from now on",
    Decision.SHORTENED: "days before that are not learned from for now",
}


def shown(adaptation: Adaptation, rooms: Mapping[str, str]) -> dict[str, Any]:
    """Return what an entity shows; ``rooms`` are titles by id."""
    since = adaptation.since
    return {
        "since": None if since is None else _moment(since, ZoneInfo("UTC")).isoformat(),
        "rooms": _titles(adaptation, rooms),
        "decision": adaptation.decision.value,
        "patterns": [
            {
                "room": rooms[pattern.room_id],
                "change": pattern.kind.value,
                "days": [_DAYS[day] for day in pattern.weekdays],
                "start": f"{pattern.start:02}:00",
                "end": f"{pattern.end:02}:00",
                "since": pattern.since,
            }
            for pattern in adaptation.patterns
            if pattern.room_id in rooms
        ],
    }


def log_news(
    adaptation: Adaptation, before: Adaptation, rooms: Mapping[str, str], time_zone: str
) -> None:
    """Log what is to be said that was not so ``before``."""
    for words in sentences(adaptation, before, rooms, time_zone):
        LOGGER.info("%s", words)


def sentences(
    adaptation: Adaptation, before: Adaptation, rooms: Mapping[str, str], time_zone: str
) -> list[str]:
    """Return what is to be said that was not so ``before``."""
    found = []
    since = adaptation.since
    known = {alarm.since for alarm in before.alarms}
    new = [alarm for alarm in adaptation.alarms if alarm.since not in known]
    decided = adaptation.decision is not before.decision
    if since is not None and (new or decided):
        why = ", ".join(sorted({alarm.signal.value for alarm in adaptation.alarms}))
        where = ", ".join(_titles(adaptation, rooms)) or "the home"
        found.append(
            f"Life has changed in {where} since "
            f"{_day(_moment(since, ZoneInfo(time_zone)).date())}"
            f"{f' (seen by: {why})' if why else ''}; {_DECISIONS[adaptation.decision]}"
        )
    elif before.memory.rooms and not adaptation.memory.rooms:
        found.append("The whole past is learned from again: it forecasts as well")
    told = {_key(pattern) for pattern in before.patterns}
    found += [
        _pattern(pattern, rooms[pattern.room_id])
        for pattern in adaptation.patterns
        if pattern.room_id in rooms and _key(pattern) not in told
    ]
    return found


def _titles(adaptation: Adaptation, rooms: Mapping[str, str]) -> list[str]:
    return [rooms[key] for key in adaptation.room_ids if key in rooms]


def _pattern(pattern: Pattern, title: str) -> str:
    """Say it: "Office is occupied on Saturdays from 8 to 12 since 3 May"."""
    days = _GROUPS.get(
        pattern.weekdays, " and ".join(_NAMES[day] for day in pattern.weekdays)
    )
    is_so = "is" if pattern.kind is PatternKind.NEW else "is no longer"
    return (
        f"{title} {is_so} occupied on {days} from {pattern.start} to {pattern.end} "
        f"since {_day(date.fromisoformat(pattern.since))}"
    )


def _key(pattern: Pattern) -> tuple[str, PatternKind, tuple[int, ...]]:
    """Return what makes a pattern the same one: its hours may move a little."""
    return pattern.room_id, pattern.kind, pattern.weekdays


def _moment(timestamp: float, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(round(timestamp / 60) * 60, zone)


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"
