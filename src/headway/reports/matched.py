"""Which KPI a figure in prose is about: by the words around it, held against the titles of the KPIs.

A count must stand beside its noun ("72 communities", "communities: 72"), and every word in between must be one of the
title: "12 new communities" are not the communities served. What somebody plans, adds or compares is about none. Words
are compared by their stems, which snowballstemmer knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer  # type: ignore[import-untyped]  # it has no types

from headway.reports.prose import GONE
from headway.reports.typed import Sort, Typed

_STEMMER = snowballstemmer.stemmer("english")
_WORD = re.compile(r"[^\W_]+(?:'[^\W\d_]+)?")
#: Words of titles that say nothing by themselves, and words that end a noun phrase.
_SMALL_WORDS = """
    a an the of to in on at by for from as or and with our we us it its they them their that which who whose this
    these those there then than is are was were be been being has have had do did does not no into over under per
    within across since until while when where so also only just still about around all both some any total number
    count overall altogether whole different distinct unique now today use uses used using run runs rely depend came
    comes come reached reach stood stands totalled totaled amounted serve serves i you he she worldwide
"""
_SMALL = frozenset(_SMALL_WORDS.split())
#: Words that make of a figure something else than what is: plans, additions, comparisons, examples, parts.
_APART = """
    target goal aim plan promise propose proposal expect forecast budget hope will would could should may might if
    per each every another additional further next increase decrease rise fall drop growth grow gain lose loss more
    fewer less higher lower average mean median peak maximum minimum estimate project example capacity up down
    threshold limit previous earlier initial original
"""
#: What heads of tables say of any number.
_HEADS = "value number figure amount kpi year month quarter week day period total actual"
#: What stands between a subject and its number.
_LINK = re.compile(
    r"(?:\b(?:is|are|was|were|be|been|of|to|at|reached|reaches|totall?ed|has|had|have|served|serve|counted|came to"
    r"|amounted to|stood at)\s*|[:=(|]\s*)$",
    re.IGNORECASE,
)
#: What says by how much a number moved.
_CHANGED = re.compile(
    r"\b(?:by|up|down|plus|minus|rose|fell|grew|increased|decreased|declined|dropped|gained|lost|added|improved"
    r"|(?:increase|decrease|growth|rise|fall|drop|change|gain|loss|difference) of)\s*$",
    re.IGNORECASE,
)
_HARD_LEFT = re.compile(rf"[;\u2014{GONE}]|\s\u2013\s|\b(?:and|but|while|whereas|although)\b", re.IGNORECASE)
_HARD_RIGHT = re.compile(rf"[,;:)\u2014{GONE}]|\s\u2013\s|\b(?:and|but|while|whereas|although)\b", re.IGNORECASE)
#: What says that a part is meant, unless a time, a cell or a word of the title follows; after some words always.
_NARROWS = re.compile(
    r"^\s*(?:(?P<always>who|that|whose|which|where|using)|of|in|at|from|for|within|with|without|among|outside|by|on)\s+"
    r"(?:(?:all|the|our|its|their)\s+)*(?P<word>[^\W_]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A KPI as prose may name it. `narrow` are words of its title that few others have."""

    kpi: str
    title: str
    unit: str
    words: frozenset[str]
    narrow: frozenset[str] = frozenset()
    #: Its name, where that is an abbreviation: MAU.
    short: str = ""

    @property
    def names(self) -> frozenset[str]:
        """Every stem that may name it."""
        return self.words | {self.short} if self.short else self.words


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a KPI fits the words around a figure.

    `whole` is its title word by word, of more than one word; `headed` says that its title heads the row or column.
    """

    subject: Subject
    covers: float
    whole: bool
    headed: bool
    #: True if words beside the figure say that only a part is meant.
    narrowed: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """The words that belong to one figure, with spaces where its times stood, and from where to where they reach."""

    start: int
    end: int
    left: str
    right: str
    #: Heads of a table's column and row, which belong to its figures.
    heads: tuple[str, ...] = ()


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of a word."""
    return str(_STEMMER.stemWord(word.lower()))


def stems(text: str) -> list[str]:
    """The stems of a text's words, in order."""
    return [stem(word) for word in _WORD.findall(text)]


_SMALL_STEMS = frozenset(map(stem, _SMALL)) | _SMALL
_HEADS_STEMS = frozenset(map(stem, _HEADS.split()))
_APART_STEMS = frozenset(map(stem, _APART.split()))


def subjects(kpis: Iterable[tuple[str, str, str]]) -> list[Subject]:
    """What prose may be about, from name, title and unit of each KPI."""
    some = [(kpi, title, unit, _words(title)) for kpi, title, unit in kpis]
    often: dict[str, int] = {}
    for _, _, _, words in some:
        for word in words:
            often[word] = often.get(word, 0) + 1
    return [
        Subject(
            kpi,
            title,
            unit,
            words,
            frozenset(word for word in words if word not in _VAGUE and often[word] < _OFTEN),
            _short(kpi, often),
        )
        for kpi, title, unit, words in some
        if words
    ]


def _short(kpi: str, often: Mapping[str, int]) -> str:
    """The stem of a name that is no word of any title, and short."""
    return stem(kpi) if len(kpi) <= _ABBREVIATED and kpi.isalpha() and stem(kpi) not in often else ""


#: So many letters an abbreviation has.
_ABBREVIATED = 5
#: Words that name no KPI by themselves.
_VAGUE = frozenset(map(stem, ("people", "person", "user", "time", "day", "hour", "month", "share", "rate", "cost")))
#: Nor does one of so many titles.
_OFTEN = 4


def _words(title: str) -> frozenset[str]:
    return frozenset(stem(word) for word in _WORD.findall(title) if word.lower() not in _SMALL)


def mentioned(text: str, some: Iterable[Subject]) -> list[Subject]:
    """Those that a text may speak of at all."""
    had = set(stems(text))
    return [one for one in some if _covers(one, had)]


def _covers(one: Subject, had: set[str]) -> float:
    """How much of a title a text has, or 0 if that could be anything."""
    if one.short and one.short in had:
        return 1.0
    found = one.words & had
    share = len(found) / len(one.words)
    return share if share == 1 or (share >= 0.5 and (found & one.narrow or len(found) > 1)) else 0.0


def clause(sentence: str, figure: Typed, others: Sequence[Typed], heads: tuple[str, ...] = ()) -> Clause:
    """The part of a sentence that belongs to a figure: no other one lies within, nor a conjunction."""
    before = [one.end for one in others if one.end <= figure.start]
    after = [one.start for one in others if one.start >= figure.end]
    start = max(before, default=0)
    if start and (comma := sentence.find(",", start, figure.start)) >= 0:
        start = comma + 1
    for found in _HARD_LEFT.finditer(sentence, start, figure.start):
        start = found.end()
    end = min(after, default=len(sentence))
    if (stop := _HARD_RIGHT.search(sentence, figure.end, end)) is not None:
        end = stop.start()
    return Clause(start, end, sentence[start : figure.start], sentence[figure.end : end], heads)


def fits(of: Clause, figure: Typed, some: Iterable[Subject], cells: Mapping[str, set[str]]) -> list[Fit]:
    """The KPIs that a figure may be about, the best first. `cells` are words that name cells of each."""
    if _CHANGED.search(of.left):
        return []
    left, right, heads = stems(of.left), stems(of.right), stems(" ".join(of.heads))
    had = {*left, *right, *heads}
    found = []
    for one in some:
        if not figure.speaks_of(one.unit) or (had & _APART_STEMS) - set(stems(one.title)):
            continue
        covers = _covers(one, had)
        known = one.names | _SMALL_STEMS | cells.get(one.kpi, set()) | set(stems(one.unit))
        if not covers or not _beside(of, figure, one, known, bool(set(heads) & one.names)):
            continue
        whole = covers == 1 and (len(one.words) > 1 or one.short in had)
        headed = any(set(stems(head)) - _SMALL_STEMS in (one.words, {one.short}) for head in of.heads)
        narrowed = _narrowed(of, one, known) or not set(heads) <= known | _HEADS_STEMS
        found.append(Fit(one, covers, whole, headed, narrowed))
    found = [fit for fit in found if not _within(fit, found, of.left)]
    return sorted(found, key=lambda fit: (fit.covers, len(fit.subject.words)), reverse=True)


def _within(fit: Fit, others: Iterable[Fit], left: str) -> bool:
    """True for the customers in "the NPS of customers": another KPI is what is told of them."""
    at = _first(fit.subject, left)
    before = [first for other in others if (first := _first(other.subject, left)) is not None]
    return at is not None and any(
        re.search(r"\b(?:of|for|per|among)\b", left[first:at]) for first in before if first < at
    )


def _first(one: Subject, left: str) -> int | None:
    """Where a text first has a word of a title."""
    return next((match.start() for match in _WORD.finditer(left) if stem(match[0]) in one.names), None)


def _beside(of: Clause, figure: Typed, one: Subject, known: frozenset[str] | set[str], in_table: bool) -> bool:
    """True if the noun of the figure is that of the KPI, with no word that makes it another."""
    noun = _noun(of.right)
    if any(word not in known for word in noun):
        return False
    if set(noun) & one.names or in_table:
        return True
    loose = figure.sort in (Sort.PERCENT, Sort.MONEY, Sort.SIZE)
    if loose and not noun and (told := _NARROWS.match(of.right)) is not None and stem(told["word"]) in one.names:
        return True  # 51 % of communities, 5.5 million USD in funding
    left = _WORD.findall(of.left)
    at = [n for n, word in enumerate(left) if stem(word) in one.names]
    if not at or (at[0] and stem(left[at[0] - 1]) not in known):
        return False
    return loose or bool(_LINK.search(of.left)) or not of.left[_end_of(of.left, at[-1]) :].strip(" (|")


def _end_of(text: str, n: int) -> int:
    """Where the n-th word of a text ends."""
    return list(_WORD.finditer(text))[n].end()


def _noun(right: str) -> list[str]:
    """The stems of the words that follow a figure, up to one that ends its noun phrase."""
    found = []
    for match in _WORD.finditer(right):
        if match[0].lower() in _SMALL:
            break
        found.append(stem(match[0]))
    return found


def _narrowed(of: Clause, one: Subject, known: frozenset[str] | set[str]) -> bool:
    """True for "70 communities in Africa", or "funding for the hubs was": a part, of which no cell has the name."""
    rest = of.right
    for match in _WORD.finditer(of.right):
        if match[0].lower() in _SMALL:
            rest = of.right[match.start() :]
            break
    else:
        rest = ""
    if _is_part(rest, known):
        return True
    at = [match.end() for match in _WORD.finditer(of.left) if stem(match[0]) in one.names]
    return bool(at) and _is_part(of.left[at[-1] :], known)


def _is_part(text: str, known: frozenset[str] | set[str]) -> bool:
    told = _NARROWS.match(text)
    return told is not None and (told["always"] is not None or stem(told["word"]) not in known)
