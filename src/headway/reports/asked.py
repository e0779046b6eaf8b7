"""What a document asks of the numbers: one grammar of roles and directives, read alike by every host.

    {kpi}`mau 2026-01 hub=berlin format=exact or="not published"`

names a KPI or a part of it (`mrr.new`), then a period, a length of period (`month`: the newest that is over) or
nothing, then a cell, then options. A directive's argument is the same without options, which stand on lines of their
own; several KPIs follow one another. Standard library only.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from headway.errors import Mistake, Place, UsageError

#: Every role and the options that it takes.
ROLES: Mapping[str, tuple[str, ...]] = {
    "kpi": ("format", "or"),
    "kpi-change": ("compare", "or"),
    "kpi-status": ("or",),
    "kpi-period": ("or",),
    "kpi-target": ("or",),
    "kpi-sentence": ("compare", "or"),
    "kpi-trend": ("or",),
    "kpi-so-far": ("format", "or"),
}
#: Every directive and the options that it takes.
DIRECTIVES: Mapping[str, tuple[str, ...]] = {
    "kpi-card": ("compare", "format"),
    "kpi-cards": ("compare", "format", "columns"),
    "kpi-chart": ("name", "by", "as", "scale", "grain", "from", "through", "periods", "compare"),
    "kpi-table": ("name", "by", "grain", "from", "through", "periods", "format", "compare", "transpose", "total"),
    "kpi-definition": (),
    "kpi-why": ("title",),
    "kpi-list": (),
    "kpi-appendix": ("name",),
}
#: What a few options may be; the others are free, or names that the catalogue knows.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "format": ("short", "exact", "unit"),
    "as": (
        *("line", "area", "stacked area", "bar", "stacked bar"),
        *("waterfall", "heat map", "histogram", "survival curve"),
    ),
    "scale": ("linear", "log"),
    "grain": ("hour", "day", "week", "month", "quarter", "year"),
    "columns": ("1", "2", "3", "4"),
    "total": ("no", "yes"),
}
GRAINS = CHOICES["grain"]
_NUMBERS = ("periods",)
_FLAGS = ("transpose",)
_PERIOD = re.compile(r"(?:FY)?\d{4}(?:-(?:Q[1-4]|W\d\d|\d\d(?:-\d\d(?:T\d\db?)?)?))?")
_LENGTH = re.compile(r"([1-9]\d{0,5}) (hour|day|week|month|quarter|year)s?")
_NAME = re.compile(r"([a-z][a-z0-9_]*)(?:\.(.+))?")
#: So many KPIs a directive names; the others name one.
_SEVERAL = ("kpi-chart", "kpi-table", "kpi-cards")


@dataclass(frozen=True, slots=True)
class Address:
    """One number, or a line of numbers: a KPI, a part of it, a period or a length of period, a cell."""

    kpi: str
    part: str = ""
    #: The name of a period, or ''.
    period: str = ""
    #: The length of periods where one is asked for and no single period is.
    grain: str = ""
    cell: tuple[tuple[str, str], ...] = ()
    #: Of one card among several: with what it is compared.
    compare: str = field(default="", compare=False)

    def __str__(self) -> str:
        name = f"{self.kpi}.{self.part}" if self.part else self.kpi
        return " ".join(filter(None, [name, self.period, self.grain, *(f"{key}={value}" for key, value in self.cell)]))


@dataclass(frozen=True, slots=True)
class Request:
    """A role or directive, read. `place` is where it stands, for mistakes that only show when it is answered."""

    name: str
    of: tuple[Address, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    #: The name of an area, of a list of KPIs.
    area: str = ""
    place: Place | None = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """The same for everybody who asks for the same: a drawing is kept by it."""
        told = (f"{key}={value}" for key, value in sorted(self.options.items()) if key not in ("name", "title", "or"))
        return " ".join(filter(None, [self.name, self.area, *map(str, self.of), *told]))

    @property
    def by(self) -> tuple[str, ...]:
        """The columns of the cells that are shown side by side."""
        return tuple(column.strip() for column in self.options.get("by", "").split(",") if column.strip())


def role(name: str, text: str, place: Place | None = None) -> Request:
    """What a role asks for; UsageError `report-syntax` with everything that is wrong."""
    words = _words(text, name, place)
    options = {key: value for key, equals, value in words if equals and _is_option(key)}
    of = _addresses([word for word in words if not (word[1] and _is_option(word[0]))], name, place)
    return _checked(Request(name, of, options, place=place), ROLES[name])


def directive(
    name: str, argument: str, options: Mapping[str, str], body: Sequence[str] = (), place: Place | None = None
) -> Request:
    """What a directive asks for, the same way. Of cards, the lines of the body are what is asked for."""
    options = {key: " ".join((value or "").split()) for key, value in options.items()}
    if name == "kpi-list":
        if not re.fullmatch(r"[a-z][a-z0-9_]*", argument.strip()):
            raise UsageError(_mistake("{kpi-list} names an area", place, "As in :::{kpi-list} money"))
        return _checked(Request(name, (), options, argument.strip(), place), DIRECTIVES[name])
    if name == "kpi-appendix":
        if argument.strip():
            raise UsageError(_mistake("{kpi-appendix} lists all numbers, and names none", place, "Leave it alone."))
        return _checked(Request(name, (), options, place=place), DIRECTIVES[name])
    lines = [argument, *body] if name == "kpi-cards" else [argument]
    of = tuple(one for line in lines if line.strip() for one in _addresses(_words(line, name, place), name, place))
    return _checked(Request(name, of, options, place=place), DIRECTIVES[name])


def _words(text: str, name: str, place: Place | None) -> list[tuple[str, str, str]]:
    """The words of a text, each as what stands before and after its equals sign; quotes hold several together."""
    reader = shlex.shlex(" ".join(text.split()), posix=True, punctuation_chars=False)
    reader.whitespace_split, reader.commenters, reader.escape = True, "", ""
    reader.quotes = '"'
    try:
        return [word.partition("=") for word in reader]
    except ValueError:
        raise UsageError(_mistake(f"a quote is not closed in {{{name}}} {text}", place, 'Write "', None)) from None


def _addresses(words: Iterable[tuple[str, str, str]], name: str, place: Place | None) -> tuple[Address, ...]:
    found: list[dict[str, str]] = []
    cells: list[dict[str, str]] = []
    for left, equals, right in words:
        if equals and found and left == "compare" and right and name == "kpi-cards":
            found[-1]["compare"] = right
        elif equals and found and left and right:
            cells[-1][left] = right
        elif not equals and found and (_PERIOD.fullmatch(left) or left in GRAINS):
            found[-1]["grain" if left in GRAINS else "period"] = left
        elif not equals and (match := _NAME.fullmatch(left)):
            found.append({"kpi": match[1], "part": match[2] or ""})
            cells.append({})
        else:
            remedy = "Write a KPI, then a period such as 2026-01 or 2026-Q1, then a cell such as hub=berlin."
            word = f"{left}{equals}{right}"
            raise UsageError(_mistake(f"{{{name}}} cannot read '{word}'", place, remedy))
    return tuple(Address(**one, cell=tuple(sorted(cell.items()))) for one, cell in zip(found, cells, strict=True))


def _is_option(key: str) -> bool:
    return any(key in options for options in ROLES.values())


def _checked(request: Request, allowed: Sequence[str]) -> Request:
    """The request, if it can be meant."""
    wrong = list(_wrong(request, allowed))
    if wrong:
        raise UsageError([_mistake(message, request.place, remedy) for message, remedy in wrong])
    return request


def _wrong(request: Request, allowed: Sequence[str]) -> Iterator[tuple[str, str]]:
    shown = f"{{{request.name}}}"
    if not request.of and not request.area and request.name != "kpi-appendix":
        yield f"{shown} names no KPI", f"As in {shown} mau"
    if len(request.of) > 1 and request.name not in _SEVERAL:
        yield f"{shown} names {len(request.of)} KPIs, and shows one", f"Leave {request.of[1].kpi} out."
    if request.name in ("kpi-chart", "kpi-table"):
        for one in request.of:
            if one.period:
                yield f"{shown} shows several periods, not {one.period} alone", "Write :from: and :through:."
    if request.name == "kpi-chart" and "compare" in request.options:
        if len(request.of) > 1 or request.by or any(one.part for one in request.of):
            yield f"{shown} compares the line of one KPI with itself", "Name one KPI, and leave parts and :by: out."
        if request.options.keys() & {"as", "scale"}:
            yield f"{shown} that compares is a line", "Leave :as: and :scale: out."
    own = (("compare", of.compare) for of in request.of if of.compare)
    for key, value in (*request.options.items(), *own):
        yield from _wrong_option(shown, key, value, allowed)


def _wrong_option(shown: str, key: str, value: str, allowed: Sequence[str]) -> Iterator[tuple[str, str]]:
    if key not in allowed:
        close = next(iter(difflib.get_close_matches(key, allowed, 1)), "")
        known = f"It takes {', '.join(allowed)}." if allowed else "It takes none."
        yield f"{shown} has no option '{key}'", f"Did you mean '{close}'?" if close else known
    elif key in CHOICES and value not in CHOICES[key]:
        yield f"{key} must be one of {', '.join(CHOICES[key])}, not '{value}'", f"It is an option of {shown}."
    elif key == "compare" and not _LENGTH.fullmatch(value):
        yield f"compare is a length of time, not '{value}'", 'As in compare="1 year".'
    elif key in ("from", "through") and not _PERIOD.fullmatch(value):
        yield f"{key} is a day or a period, not '{value}'", "As in 2026-01-31, 2026-01, 2026-Q1 or 2026."
    elif key in _NUMBERS and not re.fullmatch(r"[1-9]\d{0,4}", value):
        yield f"{key} is how many, not '{value}'", "As in 12."
    elif not value and key not in _FLAGS:
        yield f"the option '{key}' of {shown} is empty", "Write something, or leave it out."


def _mistake(message: str, place: Place | None, remedy: str, slug: str | None = None) -> Mistake:
    return Mistake(message, slug or "report-syntax", place, remedy)


# -- where they stand in a document --------------------------------------------------------------------------------

_FENCE = re.compile(r"\s*(?P<mark>`{3,}|:{3,}|~{3,})\s*(?:\{(?P<name>[\w:-]+)\})?(?P<rest>.*)")
_OPTION = re.compile(r"\s*:([\w-]+):(.*)|([\w-]+):(?: (.*))?")
#: A role or a stretch of code; what stands first and is longest is what Markdown sees too.
_INLINE = re.compile(r"(?:\{(?P<name>[\w:-]+)\})?(?P<ticks>`+)(?P<text>.+?)(?<!`)(?P=ticks)(?!`)", re.DOTALL)
#: A name in braces after which nothing came that Markdown reads: it takes both for text.
_BARE = re.compile(r"(?<!\\)\{(?P<name>kpi[\w-]*)\}")
#: Directives whose text is shown as it is.
_LITERAL = frozenset(("code", "code-block", "code-cell", "sourcecode", "math", "raw", "literalinclude", "eval-rst"))


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str


def scan(text: str, path: str) -> tuple[list[Request], list[Mistake]]:
    """Everything that a Markdown document asks for, in order, and what of it is written wrongly."""
    found: list[Request] = []
    wrong: list[Mistake] = []
    written = text.splitlines()
    lines = [_Line(number, line) for number, line in enumerate(written, 1)]
    if lines and lines[0].text.strip() == "---":  # the front matter is no prose
        end = next((n for n, line in enumerate(lines[1:], 1) if line.text.strip() == "---"), 0)
        lines = lines[end + 1 :]
    for name, line, column, argument, options, body in _meant(lines):
        place = Place(path, line, column, len(name) + 2, written[line - 1])
        if name not in ROLES and name not in DIRECTIVES:
            close = difflib.get_close_matches(name, [*ROLES, *DIRECTIVES], 1, 0.5)
            remedy = f"Did you mean {{{close[0]}}}?" if close else f"There is {', '.join([*ROLES, *DIRECTIVES])}."
            wrong.append(_mistake(f"there is no {{{name}}}", place, remedy))
            continue
        if argument is None:
            shown = f"{{{name}}}`mau`, without a space" if name in ROLES else f":::{{{name}}}, on a line of its own"
            remedy = f"Write it as in {shown}; between backticks if readers are to see it."
            wrong.append(_mistake(f"{{{name}}} would be printed as it stands", place, remedy))
            continue
        try:
            one = role(name, argument, place) if name in ROLES else directive(name, argument, options, body, place)
            found.append(one)
        except UsageError as error:
            wrong += error.mistakes
    return found, wrong


#: Without an argument, what is a role or a directive by its name alone.
_Meant = tuple[str, int, int, str | None, dict[str, str], list[str]]


def _meant(lines: Sequence[_Line]) -> Iterator[_Meant]:
    """Roles and directives of ours, and what was meant to be one: name, line, column, argument, options, body."""
    prose: list[_Line] = []
    at = 0
    while at < len(lines):
        fence = _FENCE.fullmatch(lines[at].text)
        name = fence["name"] if fence else None
        if fence and name is not None and name.startswith("kpi") and name not in DIRECTIVES:
            yield name, lines[at].number, fence.start("name"), "", {}, []
        if fence is None or (name is None and fence["mark"].startswith(":")) or _goes_on(fence):
            if fence is None and lines[at].text.strip():
                prose.append(lines[at])
            else:
                yield from _roles(prose)
                prose = []
            at += 1
            continue
        yield from _roles(prose)
        prose = []
        end = _end(lines, at, fence["mark"])
        if name is not None and name in DIRECTIVES:
            options, body = _options(lines[at + 1 : end])
            rest = fence["rest"].strip()
            yield name, lines[at].number, fence.start("name"), rest, options, [line.text for line in body]
            if name != "kpi-cards":
                yield from _meant(body)
        at = end + 1
    yield from _roles(prose)


def _goes_on(fence: re.Match[str]) -> bool:
    """True for somebody else's directive, whose text is read on as prose."""
    name = fence["name"]
    return name is not None and name not in DIRECTIVES and name not in _LITERAL


def _end(lines: Sequence[_Line], at: int, mark: str) -> int:
    """The line that closes a fence, or the end."""
    closing = re.compile(rf"\s*{re.escape(mark[0])}{{{len(mark)},}}\s*")
    return next((n for n in range(at + 1, len(lines)) if closing.fullmatch(lines[n].text)), len(lines))


def _options(lines: Sequence[_Line]) -> tuple[dict[str, str], Sequence[_Line]]:
    """The options of a directive, as colons or between dashes, and what follows them."""
    options: dict[str, str] = {}
    dashed = bool(lines) and lines[0].text.strip() == "---"
    at = int(dashed)
    while at < len(lines) and (match := _OPTION.fullmatch(lines[at].text)) and (dashed or match[1]):
        options[match[1] or match[3]] = (match[2] or match[4] or "").strip().strip("\"'")
        at += 1
    return options, lines[at + int(dashed) :]


def _roles(prose: Sequence[_Line]) -> Iterator[_Meant]:
    """The roles of a paragraph, whose lines may break within one."""
    text = "\n".join(line.text for line in prose)
    before = 0
    for match in (*_INLINE.finditer(text), None):
        end = match.start() if match else len(text)
        for bare in _BARE.finditer(text, before, end):
            line, column = _at(prose, text, bare.start())
            if bare["name"] in (*ROLES, *DIRECTIVES) and not _is_comment(prose, line):
                yield bare["name"], line, column, None, {}, []
        if match and (match["name"] or "").startswith("kpi"):
            yield match["name"], *_at(prose, text, match.start()), match["text"], {}, []
        before = match.end() if match else end


def _is_comment(prose: Sequence[_Line], number: int) -> bool:
    return any(line.number == number and line.text.lstrip().startswith("%") for line in prose)


def _at(prose: Sequence[_Line], text: str, position: int) -> tuple[int, int]:
    """The line and the column of a position in a paragraph."""
    return prose[text.count("\n", 0, position)].number, position - text.rfind("\n", 0, position)
