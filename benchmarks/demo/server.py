"""Start and stop a real Home Assistant of its own."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
import signal
import socket
import sys
from types import TracebackType
from typing import Self

import aiohttp

HOST = "127.0.0.1"
START_SECONDS = 120.0  # a cold start compiles bytecode and creates a database
STOP_SECONDS = 30.0  # Home Assistant gives its own shutdown stages about as long
POLL_SECONDS = 0.2
CONSOLE = "console.log"
LOG_LINES = 60


class ServerError(Exception):
    """Home Assistant did not start, or ended by itself."""


def port_is_free(port: int) -> bool:
    """Tell whether a server can be bound to a port of this machine."""
    with socket.socket() as probe:
        # As servers do, so that connections that have just ended do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


class Server:
    """A Home Assistant process with a configuration folder; a context manager."""

    def __init__(self, folder: Path, port: int) -> None:
        """Take the folder of the configuration and the port it is set to."""
        self.folder = folder
        self.url = f"http://{HOST}:{port}"
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        """Start it and wait until it answers."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it."""
        await self.stop()

    async def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / CONSOLE).open("ab") as console:
            # A session of its own: Ctrl-C is for whoever started us, and we stop
            # it in good order. What it needs is installed with the tests.
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "homeassistant", "--skip-pip"),
                *("--log-no-color", "--config", str(self.folder)),
                # The component must be the one of this configuration.
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._until_it_answers(self._process)
        except TimeoutError as error:
            await self.stop()
            raise ServerError(
                f"Home Assistant did not answer within {START_SECONDS:.0f} s"
            ) from error
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ask it to stop and wait; end it if it does not."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except BaseException as error:
            process.kill()
            await process.wait()
            if not isinstance(error, TimeoutError):
                raise

    async def ended(self) -> None:
        """Wait until it ends by itself, and raise ``ServerError`` then."""
        if self._process is not None:
            code = await self._process.wait()
            raise ServerError(f"Home Assistant ended with code {code}")

    def log(self, lines: int = LOG_LINES) -> str:
        """Return the end of what it said."""
        with (self.folder / CONSOLE).open(encoding="utf-8", errors="replace") as text:
            return "".join(deque(text, lines))

    async def _until_it_answers(self, process: asyncio.subprocess.Process) -> None:
        async with aiohttp.ClientSession() as session:
            while not await _answers(session, f"{self.url}/manifest.json"):
                if process.returncode is not None:
                    raise ServerError(
                        f"Home Assistant ended with code {process.returncode}"
                    )
                await asyncio.sleep(POLL_SECONDS)


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.ok
    except aiohttp.ClientError:
        return False


@asynccontextmanager
async def running(folder: Path, port: int) -> AsyncIterator[Server]:
    """Run a Home Assistant; what goes wrong carries the end of its log."""
    server = Server(folder, port)
    try:
        async with server:
            yield server
    except Exception as error:
        error.add_note(f"The end of {folder / CONSOLE}:\n{server.log()}")
        raise
