"""A report on accuracy as plain values: for actions, and for whoever computes on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from homeassistant.util.json import JsonObjectType

from ..engine import Accuracy, AccuracyReport, ConfidenceClass, Miss, Part

_PERCENT: Final = 100.0


def document_of(
    report: AccuracyReport, names: Mapping[str, str], *, whole: bool = True
) -> JsonObjectType:
    """Return a report as values that JSON knows.

    ``names`` are those of rooms by id. Without ``whole`` it has the figures alone,
    neither calibration nor misses.
    """
    document: JsonObjectType = {
        "start": _moment(report.start),
        "end": _moment(report.end),
        "accepted_error": report.threshold,
        "home": _part(report.home, whole),
        "rooms": [
            {"room": name, "room_id": room_id, **_part(report.rooms[room_id], whole)}
            for room_id, name in in_order(report, names)
        ],
    }
    if whole:
        document["worst_misses"] = [_miss(miss, names) for miss in report.misses]
    return document


def in_order(report: AccuracyReport, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return id and name of the rooms that are told of, by name."""
    rooms = [(room_id, names.get(room_id, room_id)) for room_id in report.rooms]
    return sorted(rooms, key=lambda room: (room[1].casefold(), room[0]))


def _part(part: Part, whole: bool) -> JsonObjectType:
    document: JsonObjectType = {
        "both" if transition is None else f"until_{transition.value}": _figures(figures)
        for transition, figures in part.accuracy.items()
    }
    if whole:
        both = part.accuracy.get(None, Accuracy())
        document["calibration"] = [_class(each) for each in part.calibration]
        document["pit"] = [_percent(share) for share in both.pit]
    return document


def _figures(accuracy: Accuracy) -> JsonObjectType:
    """Return figures in minutes and percent, as the sensors show them."""
    if not accuracy.count:
        return {"count": 0}
    figures: JsonObjectType = {
        "count": accuracy.count,
        "mean_absolute_error": _rounded(accuracy.mean_absolute_error),
        "late_share": _percent(accuracy.late_share),
        "within_accepted_error": _percent(accuracy.within_threshold),
        "within_20": _percent(accuracy.within_20),
        "crps": _rounded(accuracy.crps),
        "skill": _percent(accuracy.skill),
        "coverage": _percent(accuracy.coverage),
        "reliable_share": _percent(accuracy.reliable_share),
    }
    if (reliable := accuracy.reliable) is not None:
        figures["within_20_if_reliable"] = _percent(reliable.within_20)
        figures["error_if_reliable"] = _rounded(reliable.mean_absolute_error)
    return figures


def _class(each: ConfidenceClass) -> JsonObjectType:
    return {
        "stated": _percent(each.stated),
        "came_true": _percent(each.came_true),
        "count": each.count,
    }


def _miss(miss: Miss, names: Mapping[str, str]) -> JsonObjectType:
    return {
        "room": names.get(miss.room_id, miss.room_id),
        "room_id": miss.room_id,
        "issued_at": _moment(miss.issued_at),
        "type": miss.transition.value,
        "reliable": miss.reliable,
        "confidence": _percent(miss.confidence),
        "predicted_time": _moment(miss.predicted_at),
        "actual_time": _moment(miss.came_at),
        "error": _rounded(miss.error),
    }


def _moment(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * _PERCENT, 1)


def _rounded(minutes: float | None) -> float | None:
    return None if minutes is None else round(minutes, 1)
