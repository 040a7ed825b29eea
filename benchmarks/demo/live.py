"""Let the home go on: what its sensors say reaches Home Assistant as it happens."""

import asyncio
from collections.abc import Iterable
import time

from custom_components.occupancy_prediction.engine import Observation

from .client import Client
from .configuration import EVENT_TYPE
from .home import DemoHome

LONGEST_SLEEP = 60.0  # s; a clock that is set or a machine that slept is noticed


class LiveHome:
    """A home in real time."""

    def __init__(self, client: Client, home: DemoHome) -> None:
        """Take where to report what happens in which home."""
        self._client = client
        self._events = home.events
        self._sensors = {sensor.entity_id: sensor for sensor in home.sensors}

    async def tell(self, observations: Iterable[Observation]) -> None:
        """Report observations now, in their order."""
        for observation in observations:
            entity_id = observation.sensor_id
            await self._client.post(
                f"/api/events/{EVENT_TYPE}",
                {
                    "entity_id": entity_id,
                    "state": self._sensors[entity_id].state(observation.value),
                },
            )

    async def go_on(self) -> None:
        """Report everything as it happens, until nothing more happens."""
        while (due := self._events.next_time) is not None:
            now = time.time()
            if due > now:
                await asyncio.sleep(min(due - now, LONGEST_SLEEP))
            await self.tell(self._events.until(time.time()))
