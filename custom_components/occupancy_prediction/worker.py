"""Learning in a process of its own, so that Home Assistant does not feel it.

Threads share the interpreter lock with the event loop, and memory that a thread took
is seldom given back. A process has neither fault. Where none can be had, a thread
does the work.
"""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
import ctypes
import json
import os
from pathlib import Path
import signal
import sys
from threading import Event
from typing import Final, NamedTuple

from homeassistant.core import HomeAssistant, callback

from .const import LOGGER
from .engine import (
    ModelState,
    Progress,
    Trained,
    TrainingCancelled,
    TrainingJob,
    TrainingReport,
)
from .worker_frames import HEAD_SIZE, FrameError, FrameKind, frame_head, read_head

# Empty where Python is part of another program: then there is nothing to start.
PYTHON: str = sys.executable
FOLDER: Final = str(Path(__file__).parent)
# The package of the component imports Home Assistant: an empty one stands in for it.
# Its folder must not get on the path, where its modules would hide those of Python.
PROGRAM: Final = """
import sys, types
folder, sys.path[:] = sys.argv[1], sys.argv[2:]
package = types.ModuleType("occupancy_prediction")
package.__path__ = [folder]
sys.modules[package.__name__] = package
from occupancy_prediction.worker_main import main
main()
"""
# Each library that computes has its own idea of how many processors it may take.
_ONE_THREAD: Final = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)
# Bytes that are handed over before the event loop does something else.
_CHUNK: Final = 64 * 1024
# What a process last said (bytes) is enough to see why it ended.
_LAST_WORDS: Final = 4096
# Longer (s) takes no training; the process hangs, or gets no processor at all.
PATIENCE: Final = 4 * 3600.0
# A process that is to end gets this long (s), and that long once it is killed: both
# within the second that a stopping Home Assistant has for it.
_GRACE, _LAST_GRACE = 0.4, 0.4
# Progress is told in so many steps: with each one entities write a state.
_STEPS: Final = 10


class WorkerError(Exception):
    """The learning process did not give a model."""


class WorkerUnavailableError(WorkerError):
    """There can be no process here."""


class _Frame(NamedTuple):
    kind: FrameKind
    chunks: Sequence[bytes]


class Worker:
    """Trains, one job at a time. ``on_progress`` is called on the event loop."""

    def __init__(
        self, hass: HomeAssistant, on_progress: Callable[[Progress], None]
    ) -> None:
        """Remember whom to tell how far a training is."""
        self._hass = hass
        self._on_progress = on_progress
        self._is_thread_told = False
        self._step = -1

    async def async_train(self, job: TrainingJob) -> Trained:
        """Return what a job gives; ends what it started when it is cancelled.

        Raises:
            WorkerError: the process failed, was killed or hangs.
        """
        self._step = -1
        try:
            return await self._async_in_process(job)
        except WorkerUnavailableError as error:
            if not self._is_thread_told:
                LOGGER.info("Learning goes on in a thread: %s", error)
            self._is_thread_told = True
        return await self._async_in_thread(job)

    async def _async_in_process(self, job: TrainingJob) -> Trained:
        process = await _async_start()
        try:
            async with asyncio.timeout(PATIENCE):
                report, model = await self._async_talk(process, job)
        except TimeoutError as error:
            raise WorkerError("the learning process hangs") from error
        finally:
            # To the end, whatever else is cancelled meanwhile.
            await asyncio.shield(_async_end(process))
        return await self._hass.async_add_executor_job(_trained, report, model)

    async def _async_talk(
        self, process: Process, job: TrainingJob
    ) -> tuple[Sequence[bytes], Sequence[bytes]]:
        """Give the job and return the report and the model."""
        last_words = asyncio.ensure_future(_last_words(process))
        try:
            is_ready = False
            report: Sequence[bytes] = ()
            while (frame := await _read_frame(process)) is not None:
                if frame.kind is FrameKind.READY:
                    is_ready = True
                    await self._async_give(process, job)
                elif frame.kind is FrameKind.PROGRESS:
                    self._tell(Progress(**json.loads(b"".join(frame.chunks))))
                elif frame.kind is FrameKind.REPORT:
                    report = frame.chunks
                elif frame.kind is FrameKind.MODEL:
                    return report, frame.chunks
                else:
                    raise _failure(b"".join(frame.chunks))
            code = await process.wait()
            ending = f"{_ending(code)}: {(await last_words).strip() or 'no word'}"
        finally:
            last_words.cancel()
        if not is_ready:
            raise WorkerUnavailableError(ending)
        raise WorkerError(ending)

    async def _async_give(self, process: Process, job: TrainingJob) -> None:
        content = await self._hass.async_add_executor_job(job.to_bytes)
        assert process.stdin is not None
        # Where it ended early, what it wrote tells why.
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(frame_head(FrameKind.JOB, content))
            for start in range(0, len(content), _CHUNK):
                process.stdin.write(content[start : start + _CHUNK])
                await process.stdin.drain()

    async def _async_in_thread(self, job: TrainingJob) -> Trained:
        cancelled = Event()
        step = -1

        def report(progress: Progress) -> None:
            nonlocal step
            if cancelled.is_set():
                raise TrainingCancelled("the integration is being stopped")
            if step != (step := _step_of(progress)):
                self._hass.loop.call_soon_threadsafe(hear, progress)

        @callback
        def hear(progress: Progress) -> None:
            if not cancelled.is_set():
                self._tell(progress)

        try:
            return await self._hass.async_add_executor_job(job.run, report)
        finally:
            # The thread does not hear of it otherwise.
            cancelled.set()

    @callback
    def _tell(self, progress: Progress) -> None:
        if self._step != (step := _step_of(progress)):
            self._step = step
            self._on_progress(progress)


def give_memory_back() -> None:
    """Let the allocator return what learning has left behind (executor).

    Each thread has its own heap, from which little is ever returned by itself.
    """
    with suppress(AttributeError, OSError, TypeError):
        # Of the C library of most systems; others do well without.
        ctypes.CDLL(None).malloc_trim(0)


def _step_of(progress: Progress) -> int:
    return int(progress.share * _STEPS)


async def _async_start() -> Process:
    if not PYTHON:
        raise WorkerUnavailableError("there is no Python to start")
    try:
        return await asyncio.create_subprocess_exec(
            PYTHON,
            # What the environment says of Python is in the path already.
            "-I",
            "-S",
            "-c",
            PROGRAM,
            FOLDER,
            *sys.path,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env={**os.environ, **_ONE_THREAD},
            # An interrupt from the keyboard is for Home Assistant, which ends it.
            start_new_session=True,
        )
    except (OSError, NotImplementedError) as error:
        raise WorkerUnavailableError(f"no process can be started: {error}") from error


async def _async_end(process: Process) -> None:
    """End a process that may have ended, politely first."""
    assert process.stdin is not None
    process.stdin.close()
    for send, grace in ((process.terminate, _GRACE), (process.kill, _LAST_GRACE)):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            send()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), grace)


async def _read_frame(process: Process) -> _Frame | None:
    """Return what the process says next, None if it ends without."""
    stream = process.stdout
    assert stream is not None
    try:
        head = read_head(await stream.readexactly(HEAD_SIZE))
        chunks, missing = [], head.size
        while missing:
            # In pieces: together they would hold up the event loop.
            chunk = await stream.readexactly(min(missing, _CHUNK))
            chunks.append(chunk)
            missing -= len(chunk)
    except asyncio.IncompleteReadError, ConnectionResetError:
        return None
    except FrameError as error:
        raise WorkerError(str(error)) from error
    return _Frame(head.kind, chunks)


async def _last_words(process: Process) -> str:
    """Return the end of what a process wrote for people."""
    words = b""
    assert process.stderr is not None
    while chunk := await process.stderr.read(_LAST_WORDS):
        words = (words + chunk)[-_LAST_WORDS:]
    return words.decode(errors="replace")


def _ending(code: int) -> str:
    """Say how a process ended; the kernel kills where memory runs out."""
    if code >= 0:
        return f"the learning process ended with code {code}"
    why = ", probably for want of memory" if code == -signal.SIGKILL else ""
    return f"the learning process was killed by {signal.Signals(-code).name}{why}"


def _failure(content: bytes) -> WorkerError:
    told = json.loads(content)
    error = WorkerError(told["error"])
    error.add_note(told["traceback"])
    return error


def _trained(report: Sequence[bytes], model: Sequence[bytes]) -> Trained:
    return Trained(
        ModelState.from_bytes(b"".join(model)),
        TrainingReport.from_bytes(b"".join(report)),
    )
