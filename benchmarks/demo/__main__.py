"""Run a demo home in a real Home Assistant and print what it forecasts."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
import shutil
import signal
import sys
import time

from benchmarks.events import EventsFileError

from .client import ApiError
from .forecasts import table
from .home import DemoHome, family_home, recorded_home
from .server import CONSOLE, ServerError, port_is_free
from .session import USER, Demo, running_demo

DEFAULT_PORT = 8123  # where everybody looks for Home Assistant
FOLDER = Path(__file__).parents[2] / ".cache" / "demo"
# Training takes a minute of a processor that has nothing else to do; after this (s)
# something is wrong.
FORECAST_SECONDS = 300.0
FAILURE = 1  # exit status
WRONG_USE = 2  # exit status


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument(
        "--home",
        type=Path,
        metavar="FILE.csv.gz",
        help="events of a real home instead of the simulated family",
    )
    parser.add_argument(
        "--once", action="store_true", help="print the forecasts and stop"
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the command line asks for and return the exit status."""
    arguments = _arguments(argv)
    if not port_is_free(arguments.port):
        return _complain(
            f"Port {arguments.port} is in use. Stop what uses it, or choose another"
            " one with --port."
        )
    try:
        home = _home(arguments.home)
    except EventsFileError as error:
        return _complain(f"{arguments.home} cannot be used: {error}")
    except OSError as error:
        return _complain(f"{arguments.home} cannot be used: {error.strerror}")
    for note in home.notes:
        print(note)
    try:
        return asyncio.run(_run(home, arguments.port, once=arguments.once))
    except (ApiError, ServerError, TimeoutError) as error:
        return _complain(
            "\n".join(
                (f"The demo failed: {error!r}", *getattr(error, "__notes__", ()))
            ),
            FAILURE,
        )
    except KeyboardInterrupt, asyncio.CancelledError:
        print("Stopped.")
        return FAILURE if arguments.once else 0


def _home(path: Path | None) -> DemoHome:
    now = time.time()
    return family_home(now) if path is None else recorded_home(path, now)


def _complain(message: str, status: int = WRONG_USE) -> int:
    print(message, file=sys.stderr)
    return status


async def _run(home: DemoHome, port: int, *, once: bool) -> int:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    print("Starting Home Assistant ...", flush=True)
    folder = FOLDER / str(port)
    async with running_demo(home, folder, port) as demo:
        print("Waiting for the forecasts ...\n", flush=True)
        rooms = await demo.forecasts(FORECAST_SECONDS)
        print(table(rooms), flush=True)
        if not once:
            await _stay(demo)
    if missing := [room.room for room in rooms if not room.is_forecast]:
        return _complain(
            f"No forecast of {', '.join(missing)}; see {folder / CONSOLE}", FAILURE
        )
    if not rooms:
        return _complain("No area has sensors that tell of people.", FAILURE)
    await asyncio.to_thread(shutil.rmtree, folder)
    return 0


async def _stay(demo: Demo) -> None:
    print(
        f"\n{demo.dashboard}\nuser: {USER.username}  password: {USER.password}\n"
        "The home goes on as you watch. Ctrl-C stops it.",
        flush=True,
    )
    ended = asyncio.create_task(demo.server.ended())
    try:
        await asyncio.wait({ended, demo.life}, return_when=asyncio.FIRST_COMPLETED)
        if demo.life.done():
            await demo.life
            print("The recording ends here; nothing more will happen.", flush=True)
        await ended
    finally:
        ended.cancel()


if __name__ == "__main__":
    sys.exit(main())
