"""Every tuning number of the engine, with its unit and its reason."""

from dataclasses import dataclass
from typing import Literal

# Whether members that need an optional library may learn.
type Tier = Literal["base", "full"]


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Tuning numbers. The defaults are what the benchmarks were run with."""

    # "full" lets every member learn whose library can be imported, "base" only
    # those that need nothing but NumPy. What was learned is arrays in either, so a
    # model forecasts the same wherever it is read.
    tier: Tier = "full"

    # A motion sensor that says no OFF counts as off that long after its last
    # ON message (s): PIRs repeat themselves or fall silent within minutes, so
    # hours of ON mean a lost message.
    motion_limit: float = 4 * 3600.0
    # The same for presence, bed and seat sensors (s): a night's sleep is one
    # ON message, a whole day is not.
    presence_limit: float = 16 * 3600.0

    # A room of unknown state for less than this (s), with the same state before and
    # after, is held to have been in it all the time: a restart of Home Assistant
    # takes a minute or two, and must not make a long stay look fresh.
    bridge: float = 15 * 60.0

    # A clock that is set back by more than this (s) makes the tracker forget
    # the future it had seen; less is jitter between sensors.
    clock_tolerance: float = 60.0
    # What the tracker remembers for the inputs of a forecast (s).
    look_back: float = 24 * 3600.0
    # The same for what sensors of a room measure (s): a change over an hour is the
    # longest that is told, and there may be a value for every minute.
    measured_look_back: float = 2 * 3600.0
    # The same for changes of the confirmed state (s), of which there are few: a
    # week and a day, for what happened at this time a week ago.
    habit_look_back: float = 8 * 24 * 3600.0

    # What is learned from goes back that far (d): the archive forgets what is older, a
    # year shows every season once, and a message of an older time, from a clock that
    # was wrong, would cost the sampling of all the days since.
    record_days: float = 400.0
    # No sensor of the home says anything for longer than that (d): nothing was watching.
    # Most holidays are shorter, and what is longer is no habit.
    record_gap: float = 14.0

    # Training moments are this far apart (s): closer ones are the same
    # observation once more and only cost time.
    sample_step: float = 300.0
    # Moments within that time of a transition (min) form an issue class of
    # their own: there the question is "a moment or a stay?".
    fresh_minutes: float = 10.0

    # Width of the kernel over the time of day (min), and the weight of days of
    # the other type (work day or weekend).
    clock_width: float = 45.0
    other_day_weight: float = 0.3
    # Pseudo-observations with which a narrow estimate is pulled to the wider
    # one behind it: few, since each is a whole spell.
    shrinkage: float = 3.0

    # Share of the days held out, at the end, to learn pool weights and
    # calibration, with bounds in days: fewer than 2 days see each hour once.
    holdout_share: float = 0.25
    holdout_days_minimum: float = 2.0
    holdout_days_maximum: float = 21.0
    # Parts into which they are cut, each forecast from all days before it
    # (count): production retrains nightly, so the last part must not be
    # forecast by a model much older than in use.
    holdout_folds: int = 3
    # Pseudo-forecasts by which pool weights are pulled to default shares; rows
    # 5 min apart are far from independent, hence hundreds.
    pool_shrinkage: float = 500.0
    # Power of the default shares before they are made to add up to 1: less gives the
    # minor members more of a say, as homes with failing sensors need.
    pool_contrast: float = 1.0

    # Moments whose forecasts are kept to be compared with what came are this far
    # apart (s), and kept that long (d): weights and calibration should follow
    # a life that changes with the seasons.
    evidence_step: float = 900.0
    evidence_days: float = 28.0
    # Evidence older than that (d) is made anew by looking ahead from past days.
    evidence_gap: float = 3.0
    # Samples with features are thinned to this many per room (count): closer ones
    # repeat each other, and training time grows with them.
    learned_samples: int = 7000

    # What rooms of a kind commonly do has half of the say until that much of the
    # room's own past is known: completed spells of the state (count), and days. On
    # recorded homes any numbers from half to twice these are as good.
    prior_spells: float = 2.0
    prior_days: float = 0.1
    # Days of observation at which the stages begin (d).
    stage_days: tuple[float, float, float] = (3.0, 14.0, 28.0)

    # Days of forecasts from which the shape of the distributions is corrected (d):
    # fewer made them worse.
    pit_map_days: float = 21.0
    # What "reliable" promises: share within 20 min and mean error (min). The
    # threshold is learned at a stricter share, so many standard errors below what
    # was seen, so that the promise holds on days it was not learned on.
    reliable_tolerance: float = 20.0
    reliable_target: float = 0.905
    reliable_margin: float = 0.1
    reliable_mean_error: float = 15.0
    # Where vacant and occupied rooms keep the promise only together, each has to
    # keep this much of it.
    reliable_state_target: float = 0.75
    # Held-out forecasts that must stand behind such a threshold (count), a day or
    # two of the rooms of a home: a lucky handful proves nothing.
    reliable_minimum: int = 300

    # No probability is pinned at 0 or 1: this much is left to the unheard-of.
    floor: float = 1e-4

    # A new model is compared with the one in use on so many last days (d): fewer
    # are one kind of day, and of more the twin that does not know them is outdated.
    trial_days: float = 2.0
    # The twin must know that much (d): it lacks the last days, which in a young
    # record are much of what there is.
    trial_record: float = 21.0
    # Moments that must be there to compare (count): half a day of a room or two.
    trial_minimum: int = 100
    # It loses if its score is worse by more than this share, by more than so many
    # standard errors, and by more than that (min): the one in use learned every hour
    # of these days, which is worth that much, and less nobody would notice.
    trial_tolerance: float = 0.03
    trial_errors: float = 2.0
    trial_slack: float = 1.0

    # Another tuning number is tried on so many last days at most (d), with as many kept
    # before them as that: weights of fewer are hardly learned.
    search_days: float = 14.0
    search_record: float = 7.0
    # It is adopted if it is better by so many standard errors: at one try a night, two
    # would be exceeded by luck once in six weeks; and by that share: less is not worth
    # being unlike other homes.
    search_errors: float = 3.0
    search_gain: float = 0.005

    # Detectors look at forecasts that are not older than that (d): what came before
    # has been learned, or forgotten.
    drift_days: float = 90.0
    # An alarm leads to trials for so long (d): then enough is known of the new life.
    alarm_days: float = 28.0
    # Nobody at home for longer than this (s) is not another way to live: a holiday.
    away: float = 24 * 3600.0
    # ADWIN on the daily skill: the chance of a false cut, the shortest part of a
    # window and the days it takes before one is looked for.
    skill_confidence: float = 0.05
    skill_shortest: int = 3
    skill_minimum: int = 14
    # Page-Hinkley on the PIT of spells of a room: the shift of the mean that is none,
    # the sum beyond it that is one, and the spells it takes to know a mean (count).
    bias_slack: float = 0.1
    bias_threshold: float = 5.0
    bias_minimum: int = 40
    # The same for how unlike the days before it a day of a room was, in standard
    # deviations and days: on simulated homes a change is seen after three days mostly,
    # six at most, and nothing in fifteen months without one.
    habit_slack: float = 0.5
    habit_threshold: float = 4.0
    habit_minimum: int = 14
    # Days before a change of life (share) that may be learned from: all of them, some,
    # none.
    memory_shares: tuple[float, float] = (0.2, 0.0)
    # What a memory is tried on (d) is half of the time since the change, within bounds:
    # days it could not know, of the new life.
    memory_trial_shortest: float = 1.5
    memory_trial_longest: float = 7.0
    # It must come closer by this share, and by so many standard errors.
    memory_gain: float = 0.02
    memory_errors: float = 1.0

    # Weekly habits are looked for in that much of the past (d), and compared are its
    # last days with those before them: two weeks for habits of work days, six for
    # those of a single day of the week.
    pattern_days: float = 120.0
    pattern_recent_days: tuple[int, int] = (14, 42)
    # At most this share of what is told may be false.
    pattern_false_share: float = 0.05
