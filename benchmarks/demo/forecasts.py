"""Read the forecasts back from Home Assistant and lay them out as a table."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from zoneinfo import ZoneInfo

from .client import Client

NOTHING = frozenset({"unknown", "unavailable"})
POLL_SECONDS = 0.5
# The forecasts of a new model follow within that time (s).
FORECAST_SECONDS = 2.0
NONE = "-"


@dataclass(frozen=True, slots=True)
class RoomForecast:
    """What Home Assistant says of a room, as text; ``NONE`` where it says nothing."""

    room: str
    state: str
    becomes: str
    at: str
    interval: str
    confidence: str
    reliable: str

    @property
    def is_forecast(self) -> bool:
        """Tell whether it says what will happen, and when or between when."""
        return self.becomes != NONE and NONE not in (self.interval, self.confidence)


async def read_forecast(
    client: Client, name: str, entities: Mapping[str, str], zone: ZoneInfo
) -> RoomForecast:
    """Return the forecast of a room; ``entities`` are its entity ids by key."""
    states = {
        key: await client.get(f"/api/states/{entity_id}")
        for key, entity_id in entities.items()
        if key in ("occupancy", "next_transition", "confidence")
    }
    values = {
        key: state["state"]
        for key, state in states.items()
        if state is not None and state["state"] not in NOTHING
    }
    attributes = (states.get("next_transition") or {}).get("attributes", {})
    bounds = [attributes.get(f"interval_{side}") for side in ("lower", "upper")]
    becomes = attributes.get("type")
    return RoomForecast(
        room=name,
        state={"on": "occupied", "off": "vacant"}.get(
            values.get("occupancy", ""), NONE
        ),
        becomes=becomes or NONE,
        at=_clock(values.get("next_transition"), zone),
        # A bound that is missing lies beyond what is forecast at all.
        interval=f"{_clock(bounds[0], zone)} to {_clock(bounds[1], zone, 'later')}"
        if bounds[0]
        else NONE,
        confidence=f"{values['confidence']} %" if "confidence" in values else NONE,
        reliable={True: "yes", False: "no"}[bool(attributes.get("reliable"))]
        if becomes
        else NONE,
    )


async def wait_for_forecasts(
    client: Client,
    names: Mapping[str, str],
    entities: Mapping[str, Mapping[str, str]],
    last_trained: str,
    zone: ZoneInfo,
    seconds: float,
) -> list[RoomForecast]:
    """Return what was learned of all rooms, at the latest after some seconds.

    Before that there are forecasts as well, of what such rooms commonly do;
    ``last_trained`` is the entity that tells.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        learned = await client.get(f"/api/states/{last_trained}")
        if learned is not None and learned["state"] not in NOTHING:
            await asyncio.sleep(FORECAST_SECONDS)
            break
        await asyncio.sleep(POLL_SECONDS)
    while True:
        rooms = [
            await read_forecast(client, name, entities[subentry_id], zone)
            for subentry_id, name in names.items()
        ]
        if all(room.is_forecast for room in rooms) or loop.time() > end:
            return rooms
        await asyncio.sleep(POLL_SECONDS)


def table(rooms: Sequence[RoomForecast]) -> str:
    """Return the forecasts as text, a line for each room."""
    rows = [
        tuple(field.name for field in fields(RoomForecast)),
        *(astuple(room) for room in rooms),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(map(str.ljust, row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join((lines[0], "  ".join("-" * width for width in widths), *lines[1:]))


def _clock(moment: str | None, zone: ZoneInfo, otherwise: str = NONE) -> str:
    """Return a local time of day, with the weekday where it is not today's."""
    if moment is None:
        return otherwise
    local = datetime.fromisoformat(moment).astimezone(zone)
    today = local.date() == datetime.now(zone).date()
    return local.strftime("%H:%M" if today else "%a %H:%M")
