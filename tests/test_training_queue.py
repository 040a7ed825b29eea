"""Tests of the order of trainings, by hand."""

import pytest

from custom_components.occupancy_prediction.training_queue import (
    RETRY_FIRST,
    RETRY_LONGEST,
    TrainingQueue,
    TrainingReason,
    keeps_evidence,
)

REQUEST = TrainingReason.REQUEST
CONFIGURATION = TrainingReason.CONFIGURATION
HISTORY = TrainingReason.HISTORY
FIRST_DATA = TrainingReason.FIRST_DATA
DRIFT = TrainingReason.DRIFT
ACCURACY = TrainingReason.ACCURACY
SCHEDULE = TrainingReason.SCHEDULE


@pytest.fixture
def queue() -> TrainingQueue:
    """Return an empty queue."""
    return TrainingQueue()


def test_nothing_waits(queue: TrainingQueue) -> None:
    """Without a reason nothing is learned."""
    assert queue.take(0.0) == ()
    assert not queue.is_running


def test_one_training_serves_all_the_most_urgent_first(queue: TrainingQueue) -> None:
    """However often and in whatever order they came."""
    for reason in (SCHEDULE, DRIFT, REQUEST, SCHEDULE, ACCURACY, HISTORY):
        queue.want(reason)
    for reason in (FIRST_DATA, CONFIGURATION, DRIFT):
        queue.want(reason)
    assert queue.take(0.0) == (
        REQUEST,
        CONFIGURATION,
        HISTORY,
        FIRST_DATA,
        DRIFT,
        ACCURACY,
        SCHEDULE,
    )
    queue.finish()
    assert queue.take(0.0) == ()


def test_one_at_a_time(queue: TrainingQueue) -> None:
    """What comes during a training waits for its end, and is done once."""
    queue.want(SCHEDULE)
    assert queue.take(0.0) == (SCHEDULE,)
    for _ in range(2):
        queue.want(DRIFT)
        queue.want(SCHEDULE)
        assert queue.take(0.0) == ()
    assert queue.unfinished == (DRIFT, SCHEDULE)
    queue.finish()
    assert queue.take(0.0) == (DRIFT, SCHEDULE)


def test_failures_are_further_and_further_apart(queue: TrainingQueue) -> None:
    """Ten minutes, twenty, and so on, up to six hours."""
    queue.want(SCHEDULE)
    now, pauses = 1000.0, []
    for _ in range(8):
        assert queue.take(now) == (SCHEDULE,)
        queue.fail(now)
        pause = 0.0
        while queue.is_paused(now + pause):
            assert queue.take(now + pause) == ()
            pause += 60.0
        pauses.append(pause)
        now += pause
    assert pauses[:4] == [600.0, 1200.0, 2400.0, 4800.0]
    assert pauses[-1] == RETRY_LONGEST
    queue.take(now)
    queue.finish()
    queue.want(SCHEDULE)
    queue.take(now)
    queue.fail(now)
    assert queue.is_paused(now + RETRY_FIRST - 1)
    assert not queue.is_paused(now + RETRY_FIRST)


@pytest.mark.parametrize("reason", [REQUEST, CONFIGURATION, HISTORY])
def test_who_waits_for_it_need_not_wait_for_the_pause(
    queue: TrainingQueue, reason: TrainingReason
) -> None:
    """What failed before is done with it."""
    queue.want(SCHEDULE)
    queue.take(0.0)
    queue.fail(0.0)
    queue.want(reason)
    assert queue.take(1.0) == (reason, SCHEDULE)


@pytest.mark.parametrize("reason", [FIRST_DATA, DRIFT, ACCURACY, SCHEDULE])
def test_others_wait(queue: TrainingQueue, reason: TrainingReason) -> None:
    """They are asked for by no one who looks on."""
    queue.want(SCHEDULE)
    queue.take(0.0)
    queue.fail(0.0)
    queue.want(reason)
    assert queue.take(1.0) == ()


def test_clock_set_back_does_not_make_the_pause_longer(queue: TrainingQueue) -> None:
    """By a year, say."""
    queue.want(SCHEDULE)
    queue.take(4e8)
    queue.fail(4e8)
    assert queue.take(3.7e8) == (SCHEDULE,)


def test_what_was_cut_off_is_done_after_a_restart(queue: TrainingQueue) -> None:
    """What waited, what ran, and nothing that this version does not know."""
    queue.want(DRIFT)
    queue.want(FIRST_DATA)
    queue.take(0.0)
    queue.want(SCHEDULE)
    stored = [*map(str, queue.unfinished), "moonshine"]
    again = TrainingQueue()
    again.restore(stored)
    assert again.take(0.0) == (DRIFT, SCHEDULE)


def test_training_that_was_cut_off_waits_again(queue: TrainingQueue) -> None:
    """Without a pause: it did not fail."""
    queue.want(ACCURACY)
    queue.take(0.0)
    queue.put_back()
    assert queue.take(0.0) == (ACCURACY,)


@pytest.mark.parametrize("other", [CONFIGURATION, HISTORY, FIRST_DATA])
def test_evidence_is_of_the_same_home(other: TrainingReason) -> None:
    """With other rooms or another past it is found out anew."""
    assert keeps_evidence((REQUEST, DRIFT, ACCURACY, SCHEDULE))
    assert not keeps_evidence((REQUEST, other))
