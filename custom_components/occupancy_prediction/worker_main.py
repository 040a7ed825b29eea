"""The learning process: reads a job, learns, writes the model, and ends.

It is started by ``worker`` and knows nothing of Home Assistant. It has the lowest
priority there is, uses one processor, and the memory it took is given back when it
ends: with its work, with Home Assistant, or because it was told to.
"""

from contextlib import suppress
from dataclasses import asdict
import json
import os
from pathlib import Path
import sys
import threading
import time
import traceback
from typing import BinaryIO, Final

from .engine.job import Progress, TrainingJob
from .worker_frames import HEAD_SIZE, FrameError, FrameKind, frame_head, read_head

# Progress is told at most this often (s): each time entities may write a state.
PROGRESS_INTERVAL: Final = 0.5
_LOWEST_PRIORITY: Final = 19
# Where memory runs out, the kernel should take this process and not Home Assistant
# (-1000 never .. 1000 first).
_FIRST_TO_GO: Final = "1000"


def main() -> None:
    """Learn one job."""
    _be_modest()
    source, sink = sys.stdin.buffer, _private_output()
    _write(sink, FrameKind.READY)
    job = _read_job(source)
    threading.Thread(
        target=_end_with_parent, args=(source.fileno(),), daemon=True
    ).start()
    try:
        trained = TrainingJob.from_bytes(job).run(_Reporter(sink))
        report, model = trained.report.to_bytes(), trained.model.to_bytes()
    except Exception as error:  # noqa: BLE001 - the boundary of the process
        line = "".join(traceback.format_exception_only(error)).strip()
        failure = {"error": line, "traceback": traceback.format_exc()}
        _write(sink, FrameKind.FAILURE, json.dumps(failure).encode())
    else:
        _write(sink, FrameKind.REPORT, report)
        _write(sink, FrameKind.MODEL, model)


class _Reporter:
    """Tells how far the training is, not too often."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._told_at = -PROGRESS_INTERVAL

    def __call__(self, progress: Progress) -> None:
        moment = time.monotonic()
        if moment - self._told_at >= PROGRESS_INTERVAL:
            self._told_at = moment
            content = json.dumps(asdict(progress)).encode()
            _write(self._sink, FrameKind.PROGRESS, content)


def _be_modest() -> None:
    """Take only what nobody else wants; what the system does not know is left out."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _LOWEST_PRIORITY)
    with suppress(OSError, AttributeError):
        # Gives way at once to anything that wakes up, which a low priority does not.
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")


def _private_output() -> BinaryIO:
    """Return what was the standard output; what libraries print goes to the log."""
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "wb")


def _read_job(source: BinaryIO) -> bytes:
    head = read_head(source.read(HEAD_SIZE))
    content = source.read(head.size)
    if head.kind is not FrameKind.JOB or len(content) != head.size:
        raise FrameError("no whole job came")
    return content


def _end_with_parent(source: int) -> None:
    """End at once when nobody is there any more to take the model."""
    while os.read(source, 1):
        pass
    os._exit(1)


def _write(sink: BinaryIO, kind: FrameKind, content: bytes = b"") -> None:
    sink.write(frame_head(kind, content))
    sink.write(content)
    sink.flush()
