"""The pictures of docs/accuracy.md."""

from collections.abc import Sequence

from .baselines import BASELINES
from .evaluation import BASE_TIER, POOL, SIMILAR_DAYS
from .plans import headline
from .results import REFERENCE, Result
from .svg import COLORS, Axis, Bar, Chart, bars, side_by_side

_MEMBER, _OWN, _BASELINE = COLORS[0], COLORS[2], "#999999"
# What is drawn of skills below this would make the others too small to see.
_LOWEST_SKILL, _HIGHEST_SKILL = -0.3, 0.4
_LONGEST_ERROR = 120.0  # min
# A point of a reliability curve made of fewer forecasts is noise.
_FEWEST = 30


def pictures(results: Sequence[Result]) -> dict[str, str]:
    """Return drawings by file name."""
    chosen = headline(results)
    drawn = {
        "accuracy_reliability.svg": _reliability(chosen),
        "accuracy_risk.svg": _risk(chosen),
        "accuracy_learning.svg": _learning(results),
    }
    for result in chosen:
        drawn[members_picture(result)] = _members(result)
    return drawn


def members_picture(result: Result) -> str:
    """Return the name of the picture of a replay's members."""
    plan = result.plan
    return f"accuracy_members_{result.home}_{plan.start_day}_{plan.train_days}.svg"


def _members(result: Result) -> str:
    skills = {name: figures["skill"] for name, figures in result.summaries.items()}
    names = [POOL, *([BASE_TIER] if BASE_TIER in skills else [])]
    names += sorted(result.members, key=lambda name: -skills[name])
    names += [n for n in (SIMILAR_DAYS, *BASELINES) if n != REFERENCE]
    rows = []
    for name in names:
        low, high = result.skills[name]
        color = _MEMBER if name in result.members else _BASELINE
        color = _OWN if name in (POOL, BASE_TIER) else color
        rows.append(Bar(name.replace("_", " "), skills[name], low, high, color))
    ticks = [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4]
    axis = Axis(
        "CRPS skill against time of week (95 % interval)",
        _LOWEST_SKILL,
        _HIGHEST_SKILL,
        ticks,
    )
    return bars(result.name, axis, rows)


def _reliability(results: Sequence[Result]) -> str:
    tenths = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    said = Axis("said", 0.0, 1.0, tenths, percent=True)
    came = Axis("came true", 0.0, 1.0, tenths, percent=True)
    questions = {
        "vacant within 60": "Somebody comes within 60 min",
        "occupied within 60": "Empty within 60 min",
        "confidence": "Within 20 min of the time said",
    }
    charts = []
    for question, title in questions.items():
        chart = Chart(title, said, came, 340.0)
        chart.curve([(0.0, 0.0), (1.0, 1.0)], "#999999", dashed=True)
        for color, result in zip(COLORS, results, strict=False):
            points = [
                (x, y)
                for x, y, count in result.reliability[question]
                if count >= _FEWEST
            ]
            chart.curve(points, color, dots=True)
        charts.append(chart)
    return side_by_side(charts, _legend(results))


def _legend(results: Sequence[Result]) -> list[tuple[str, str]]:
    names = (result.name for result in results)
    return list(zip(names, COLORS, strict=False))


def _risk(results: Sequence[Result]) -> str:
    shares = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    kept = Axis("share of forecasts kept, the surest first", 0.0, 1.0, shares, True)
    hit = Axis("within 20 min", 0.0, 1.0, shares, True)
    error = Axis("mean error (min)", 0.0, _LONGEST_ERROR, [0, 15, 30, 60, 90, 120])
    charts = [
        Chart("How often it is right", kept, hit, 420.0),
        Chart("How far it is off", kept, error, 420.0),
    ]
    for color, result in zip(COLORS, results, strict=False):
        right = [(share, within) for share, within, _ in result.risk]
        far = [(share, min(mean, _LONGEST_ERROR)) for share, _, mean in result.risk]
        charts[0].curve(right, color)
        charts[1].curve(far, color)
    charts[0].curve([(0.0, 0.9), (1.0, 0.9)], "#999999", dashed=True)
    charts[1].curve([(0.0, 15.0), (1.0, 15.0)], "#999999", dashed=True)
    return side_by_side(charts, _legend(results))


def _learning(results: Sequence[Result]) -> str:
    days = Axis("days learned from", 0.0, 60.0, [7, 14, 28, 56])
    up = Axis("CRPS skill", -0.1, _HIGHEST_SKILL, [-0.1, 0.0, 0.1, 0.2, 0.3, 0.4])
    chart = Chart("More days, same days forecast", days, up, 560.0)
    homes = list(dict.fromkeys(result.home for result in results))
    for color, home in zip(COLORS, homes, strict=False):
        curve = same_days(results, home)
        for result in curve:
            low, high = (min(max(x, -0.1), 0.4) for x in result.skills[POOL])
            chart.whisker(result.plan.train_days, low, high, color)
        points = [
            (float(r.plan.train_days), min(max(r.pool["skill"], -0.1), 0.4))
            for r in curve
        ]
        chart.curve(points, color, dots=True)
    return side_by_side([chart], list(zip(homes, COLORS, strict=False)))


def same_days(results: Sequence[Result], home: str) -> list[Result]:
    """Return the replays of a home that forecast the same days, shortest first."""
    by_days: dict[tuple[int, int], list[Result]] = {}
    for result in results:
        if result.home == home:
            plan = result.plan
            key = (plan.start_day + plan.train_days, plan.test_days)
            by_days.setdefault(key, []).append(result)
    most = max(by_days.values(), key=len)
    return sorted(most, key=lambda result: result.plan.train_days)
