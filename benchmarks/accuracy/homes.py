"""What is known of the recorded homes, by the name of their events file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A recording: what it is in a few words, and whose it is."""

    words: str
    story: str


_NEARS = (
    "from [sylvainhalle/beepbeep-sensor-events]"
    "(https://github.com/sylvainhalle/beepbeep-sensor-events) (LGPL-3.0)"
)
SOURCES = {
    "nears_0102": Source(
        "five rooms, motion sensors",
        "A Z-Wave home of five rooms with motion sensors and contacts, four months of "
        f"2023, {_NEARS}. From the middle of August on one of two sensors in the "
        "bedroom is often silent.",
    ),
    "nears_0102_faulty": Source(
        "the same with broken sensors",
        f"The same home in the spring, {_NEARS}: the kitchen's motion sensor is dead "
        "from the start, others die on the way, and the hub fails for days.",
    ),
    "aras_b": Source(
        "two people, no motion sensors",
        "House B of ARAS: two people, contacts, pressure mats and distance sensors, 30 "
        "days, often nobody at home; the dates are made up, so nobody knows which days "
        "were weekends. H. Alemdar, H. Ertan, O. D. Incel, C. Ersoy: ARAS human activity "
        "datasets in multiple homes with multiple residents, PervasiveHealth 2013.",
    ),
    "kasteren_b": Source(
        "one person, stuck sensors",
        "House B of van Kasteren: one person, doors, pressure mats and three motion "
        "sensors, 28 days; two sensors are stuck for days, and the person is away for "
        "82 hours. T. L. M. van Kasteren, G. Englebienne, B. J. A. Kröse: Activity "
        "recognition using semi-Markov models on real world smart home datasets, "
        "Journal of Ambient Intelligence and Smart Environments 2, 2010.",
    ),
}


def described(home: str) -> str:
    """Return the name of a home with what it is in a few words."""
    source = SOURCES.get(home)
    return f"`{home}`" if source is None else f"`{home}`: {source.words}"
