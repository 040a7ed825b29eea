"""Tests of the learning process, each with a real one."""

import asyncio
from dataclasses import replace
import json
import os
import signal
import subprocess
import sys
import time

from homeassistant.core import HomeAssistant
import numpy as np
import pytest

from custom_components.occupancy_prediction import worker as module
from custom_components.occupancy_prediction.engine import (
    EngineConfig,
    Progress,
    Trained,
    TrainingJob,
)
from custom_components.occupancy_prediction.worker import Worker, WorkerError

from .engine.family import DAY, QUICK, home
from .processes import is_alive, learning_processes, wait_for_end, wait_for_learning

pytestmark = pytest.mark.usefixtures("processes")


def job(config: EngineConfig = QUICK) -> TrainingJob:
    """Return a training of a moment."""
    spec, table, _, end = home()
    rooms = replace(spec, rooms=spec.rooms[:1])
    return TrainingJob(rooms, table, config, end - 4 * DAY, "v-1")


def long_job() -> TrainingJob:
    """Return a training that takes longer than any test."""
    return job(replace(QUICK, holdout_folds=10_000))


async def started(
    hass: HomeAssistant, what: TrainingJob
) -> tuple[asyncio.Task[Trained], int]:
    """Begin a training; return its task and its process."""
    progress = asyncio.Event()
    task = hass.async_create_background_task(
        Worker(hass, lambda _: progress.set()).async_train(what), "training"
    )
    process = await hass.async_add_executor_job(wait_for_learning, os.getpid())
    async with asyncio.timeout(60):
        await progress.wait()
    return task, process


async def test_process_learns_the_same(hass: HomeAssistant) -> None:
    """The model is that of this process, and the way there is shown."""
    heard: list[Progress] = []
    trained = await Worker(hass, heard.append).async_train(job())
    wanted = job().run(lambda _: None)
    # With another number of threads, products are summed in another order.
    assert trained.report.figures == pytest.approx(wanted.report.figures, rel=1e-4)
    assert trained.report.weights == pytest.approx(wanted.report.weights, abs=1e-3)
    assert trained.report.trial == wanted.report.trial
    assert trained.report.adaptation == wanted.report.adaptation
    model, expected = trained.model, wanted.model
    assert model.version == "v-1"
    (room,) = expected.rooms
    assert model.rooms[room].spells == expected.rooms[room].spells
    np.testing.assert_allclose(
        model.rooms[room].weights, expected.rooms[room].weights, atol=1e-4
    )
    shares = [progress.share for progress in heard]
    assert shares
    assert shares == sorted(shares)
    assert all(type(progress.room) is str for progress in heard)


async def test_process_gives_way_to_all_others(hass: HomeAssistant) -> None:
    """It has the lowest priority, is the first to go, and has one thread to compute."""
    task, process = await started(hass, long_job())
    assert os.getpriority(os.PRIO_PROCESS, process) == 19
    assert os.sched_getscheduler(process) == os.SCHED_IDLE
    with open(f"/proc/{process}/oom_score_adj", encoding="ascii") as file:  # noqa: ASYNC230, PTH123 - a number of the kernel
        assert int(file.read()) == 1000
    with open(f"/proc/{process}/environ", encoding="utf-8") as file:  # noqa: ASYNC230, PTH123 - as above
        assert "OPENBLAS_NUM_THREADS=1" in file.read().split("\0")
    # The second one waits for the end of Home Assistant.
    assert len(os.listdir(f"/proc/{process}/task")) == 2  # noqa: PTH208 - as above
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("stopped", [False, True])
async def test_cancelled_process_ends_at_once(
    hass: HomeAssistant, stopped: bool
) -> None:
    """Within a second it is gone, even if it can hear nothing."""
    task, process = await started(hass, long_job())
    if stopped:
        os.kill(process, signal.SIGSTOP)
    begun = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begun < 1
    assert wait_for_end(process, 1)


async def test_killed_process_is_told(hass: HomeAssistant) -> None:
    """What the kernel does where memory runs out has a name."""
    task, process = await started(hass, long_job())
    os.kill(process, signal.SIGKILL)
    with pytest.raises(WorkerError, match=r"killed by SIGKILL.*want of memory"):
        await task


async def test_process_that_fails_says_why(hass: HomeAssistant) -> None:
    """The error comes with the place where it happened."""
    broken = job(replace(QUICK, sample_step=0.0))
    with pytest.raises(WorkerError) as caught:
        await Worker(hass, lambda _: None).async_train(broken)
    assert "Error: " in str(caught.value)
    assert "engine/training.py" in "".join(caught.value.__notes__)
    assert learning_processes(os.getpid()) == []


@pytest.mark.parametrize("python", ["", "/nowhere/python", "/bin/false", __file__])
async def test_thread_stands_in(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    python: str,
) -> None:
    """Where there can be no process a thread learns; that is said once."""
    monkeypatch.setattr(module, "PYTHON", python)
    heard: list[Progress] = []
    worker = Worker(hass, heard.append)
    for _ in range(2):
        assert (await worker.async_train(job())).model.version == "v-1"
    assert [progress.share for progress in heard if progress.share == 0] == [0, 0]
    assert caplog.text.count("Learning goes on in a thread") == 1


async def test_process_that_hangs_is_ended(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for ever."""
    monkeypatch.setattr(module, "PATIENCE", 1.0)
    with pytest.raises(WorkerError, match="hangs"):
        await Worker(hass, lambda _: None).async_train(long_job())
    assert learning_processes(os.getpid()) == []


# Begins a training, tells its process, and is then killed.
_PARENT = """
import asyncio, os, sys
from homeassistant.core import HomeAssistant
from custom_components.occupancy_prediction.worker import Worker
from tests.processes import wait_for_learning
from tests.test_worker import long_job
async def main():
    hass = HomeAssistant(sys.argv[1])
    progress = asyncio.Event()
    task = asyncio.create_task(Worker(hass, lambda _: progress.set()).async_train(long_job()))
    print(await asyncio.to_thread(wait_for_learning, os.getpid()), flush=True)
    await progress.wait()
    print("learning", flush=True)
    await task
asyncio.run(main())
"""


async def test_process_ends_with_home_assistant(
    hass: HomeAssistant, hass_config_dir: str
) -> None:
    """Also if that was killed, nobody is left behind."""
    with subprocess.Popen(  # noqa: ASYNC220 - it is not this loop that is tested
        [sys.executable, "-c", _PARENT, hass_config_dir],
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        process = int(parent.stdout.readline())
        assert parent.stdout.readline() == "learning\n"
        assert is_alive(process)
        parent.kill()
    assert wait_for_end(process, 2)


def test_process_knows_nothing_of_home_assistant() -> None:
    """It is small and starts fast: the engine, NumPy, and what these need."""
    program = module.PROGRAM.replace(
        "\nmain()", "\nimport json; print(json.dumps([*sys.modules]))"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, module.FOLDER, *sys.path],
        check=True,
        capture_output=True,
        text=True,
    )
    modules = json.loads(result.stdout)
    assert "occupancy_prediction.engine.training" in modules
    packages = {name.partition(".")[0] for name in modules}
    assert packages.isdisjoint({"homeassistant", "custom_components", "sqlalchemy"})
