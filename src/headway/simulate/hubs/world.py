"""Who exists in the example organisation: communities, their hubs and the clusters these run on, over the years.

The numbers of communities follow facts that such an organisation published: 26, 40 and 72 active within six months
at the ends of 2021-08, 2022-09 and 2023-12, of them 12, 19 and 40 historically marginalised. Names are invented.

Each wave draws from its own random stream, so that a later `today` adds to the world and never changes its past.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

#: The first day with data.
BEGINNING = date(2020, 9, 1)

#: What a community's name begins with, and what kind of place it is: two words make it unique (61 x 8 names).
_NAMES = (
    "Alder Amber Aspen Avocet Basalt Bayberry Beacon Birch Bluestem Bramble Briar Cedar Chestnut Cinder Clover Condor "
    "Coral Cordgrass Cottonwood Crane Cypress Dogwood Dune Egret Elder Elm Ember Fern Fir Flint Gannet Garnet Hawthorn "
    "Hazel Heather Heron Hickory Ibis Juniper Kestrel Larch Laurel Linden Lupine Magnolia Maple Marsh Mesquite Myrtle "
    "Oak Osprey Palmetto Plover Poplar Quartz Redwood Rowan Sage Sequoia Tamarack Willow"
)
WORDS = tuple(_NAMES.split())
PLACES = (
    ("University", "education"),
    ("Climate Institute", "research"),
    ("College", "education"),
    ("Data Commons", "research"),
    ("Community College", "education"),
    ("Ocean Laboratory", "research"),
    ("Polytechnic", "education"),
    ("Genome Centre", "research"),
)
PROVIDERS = ("aws", "gcp", "azure", "jetstream")
#: Clusters that several communities share.
SHARED = ("commons-aws", "commons-gcp", "pilots", "teaching")


@dataclass(frozen=True, slots=True)
class Wave:
    """Communities that joined, and that left, within spans of days; how many of each are marginalised."""

    join: tuple[date, date]
    joining: int
    marginalised: int
    leave: tuple[date, date]
    leaving: int
    marginalised_leaving: int


#: Nobody joins or leaves in the weeks before a published count, so that each count holds exactly.
PUBLISHED = (
    Wave((date(2020, 9, 1), date(2021, 7, 31)), 26, 12, (date(2021, 1, 1), date(2021, 1, 1)), 0, 0),
    Wave((date(2021, 9, 1), date(2022, 8, 15)), 16, 8, (date(2021, 9, 15), date(2022, 2, 28)), 2, 1),
    Wave((date(2022, 10, 1), date(2023, 11, 30)), 35, 22, (date(2022, 10, 15), date(2023, 5, 31)), 3, 1),
)


def _wave_of(year: int) -> Wave:
    """A year after the published ones: thirteen come, four go."""
    return Wave((date(year, 1, 10), date(year, 12, 1)), 13, 7 + year % 2, (date(year, 5, 1), date(year, 12, 20)), 4, 2)


@dataclass(frozen=True, slots=True)
class Community:
    """A group of people that the organisation serves; `left` is the day its hubs were shut down."""

    slug: str
    name: str
    kind: str
    marginalised: bool
    joined: date
    left: date | None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A group of machines at one cloud provider."""

    name: str
    provider: str
    created: date
    retired: date | None


@dataclass(frozen=True, slots=True)
class Hub:
    """One JupyterHub. `size` is its weight among the others.

    `rank` is its place among the hubs of its cluster, and `kin` that of its community's first hub there, with which
    it shares some of its people.
    """

    name: str
    cluster: str
    community: str
    kind: str
    created: date
    retired: date | None
    size: float
    staging: bool = False
    rank: int = 0
    kin: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """All that exists until the end of the year after `today`; what lies ahead is cut when files are written."""

    communities: tuple[Community, ...]
    clusters: tuple[Cluster, ...]
    hubs: tuple[Hub, ...]


def build(seed: int, through: int) -> World:
    """The world through the year `through`."""
    waves = [*PUBLISHED, *(_wave_of(year) for year in range(2024, through + 1))]
    communities: list[Community] = []
    clusters: dict[str, Cluster] = {}
    hubs: list[Hub] = []
    for number, wave in enumerate(waves):
        rng = np.random.default_rng([seed, 1, number])
        communities = _depart(rng, wave, communities)
        for community in _arrive(rng, wave, len(communities)):
            communities.append(community)
            cluster = _house(rng, community, clusters)
            hubs.extend(_hubs_of(rng, community, cluster))
    # The hub whose log once held the users of other hubs: see `usage.log_bug`.
    hubs.append(Hub("highmem", "commons-aws", communities[0].slug, "research", date(2024, 6, 3), None, 0.5))
    hubs.extend(_staging(cluster, hubs) for cluster in clusters.values())

    left = {community.slug: community.left for community in communities}
    # A cluster of one community goes when the community does; a shared one has no community's name and stays.
    closed = [replace(cluster, retired=left.get(cluster.name)) for cluster in clusters.values()]
    return World(tuple(communities), tuple(closed), tuple(_settle(hubs, left)))


def _between(rng: np.random.Generator, span: tuple[date, date], count: int) -> list[date]:
    """That many days of a span, evenly spread with some noise, in order."""
    days = (span[1] - span[0]).days
    steps = (np.arange(count) + rng.random(count)) / max(1, count) * days
    return [span[0] + timedelta(days=int(step)) for step in steps]


def _depart(rng: np.random.Generator, wave: Wave, communities: list[Community]) -> list[Community]:
    """The same communities, some with the day they left. The very first, which also runs `highmem`, stays."""
    leaving: dict[str, date] = {}
    days = _between(rng, wave.leave, wave.leaving)
    for index, day in enumerate(days):
        candidates = [
            c.slug
            for c in communities[1:]
            if c.left is None and c.slug not in leaving and c.marginalised == (index < wave.marginalised_leaving)
        ]
        leaving[candidates[int(rng.integers(len(candidates)))]] = day
    return [replace(c, left=leaving.get(c.slug, c.left)) for c in communities]


def _arrive(rng: np.random.Generator, wave: Wave, before: int) -> list[Community]:
    marginalised = rng.permutation(np.arange(wave.joining) < wave.marginalised)
    found = []
    for index, day in enumerate(_between(rng, wave.join, wave.joining)):
        number = before + index
        # 37 shares no factor with 61, so that neighbours in time are not neighbours in the alphabet.
        word = WORDS[number * 37 % len(WORDS)]
        place, kind = PLACES[(number * 37 % len(WORDS) * 5 + number // len(WORDS)) % len(PLACES)]
        name = f"{word} {place}"
        found.append(Community(_slug(name), name, kind, bool(marginalised[index]), day, None))
    return found


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _house(rng: np.random.Generator, community: Community, clusters: dict[str, Cluster]) -> str:
    """The cluster that a community's hubs run on: one of its own for every third, else one that is shared."""
    own = rng.random() < 0.34
    name = community.slug if own else SHARED[int(rng.choice(4, p=[0.35, 0.3, 0.15, 0.2]))]
    provider = str(rng.choice(PROVIDERS, p=[0.5, 0.34, 0.1, 0.06]))
    if name.startswith("commons-"):
        provider = name.removeprefix("commons-")
    if name not in clusters:
        clusters[name] = Cluster(name, provider, community.joined, None)
    return name


def _hubs_of(rng: np.random.Generator, community: Community, cluster: str) -> list[Hub]:
    """The community's hub; for some a second one of the other kind, and a short one for an event."""
    slug, joined = community.slug, community.joined
    size = float((1.6 if community.kind == "education" else 1.0) * np.exp(rng.normal(0, 0.95)))
    hubs = [Hub(slug, cluster, slug, community.kind, joined, None, size)]
    if rng.random() < 0.22:
        kind, suffix = ("research", "lab") if community.kind == "education" else ("education", "courses")
        opened = joined + timedelta(days=int(rng.integers(60, 500)))
        hubs.append(Hub(f"{slug}-{suffix}", cluster, slug, kind, opened, None, size * 0.35))
    if rng.random() < 0.18:
        opened = joined + timedelta(days=int(rng.integers(30, 900)))
        shut = opened + timedelta(days=int(rng.integers(10, 60)))
        hubs.append(Hub(f"{slug}-workshop", cluster, slug, "event", opened, shut, 0.4))
    return hubs


def _staging(cluster: Cluster, hubs: list[Hub]) -> Hub:
    """Where the team tries changes to a cluster before its users get them."""
    first = next(hub for hub in hubs if hub.cluster == cluster.name)
    return Hub(
        f"staging-{cluster.name}", cluster.name, first.community, first.kind, cluster.created, None, 0.02, staging=True
    )


def _settle(hubs: list[Hub], left: dict[str, date | None]) -> Iterator[Hub]:
    """Hubs with their place in the cluster, and with the day on which they or their community ended."""
    ranks: Counter[str] = Counter()
    first: dict[tuple[str, str], int] = {}
    for hub in hubs:
        gone = left.get(hub.cluster) if hub.staging else left[hub.community]
        retired = min((day for day in (hub.retired, gone) if day is not None), default=None)
        if retired is not None and retired <= hub.created:
            continue  # the community left before it needed this one
        rank = ranks[hub.cluster]
        ranks[hub.cluster] += 1
        kin = first.setdefault((hub.cluster, hub.community), rank)
        yield replace(hub, retired=retired, rank=rank, kin=kin)
