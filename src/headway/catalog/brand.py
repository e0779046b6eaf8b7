"""Resolves `brand`: the organisation's name, its logo, and an accent that can be read on every ground of a page."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from headway.catalog import spec as specs
from headway.catalog.checking import check
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document
from headway.model import Brand

#: What links stand on, in light and in dark: page, panel and sunken ground of the design's tokens.
LIGHT = ("#FBFBFC", "#FFFFFF", "#F4F5F7")
DARK = ("#0E1013", "#15181C", "#1C2025")
#: The least contrast of text (WCAG 2, level AA).
LEAST = 4.5
LOGOS = (".svg", ".png")


def resolve(written: object, title: str, document: Document, root: Path, complaints: Complaints) -> Brand:
    """The brand of a project that is called `title`. Tells of colours that cannot be read and logos that are not there.

    An accent for dark pages that is not given is made from the other one, with as much white as it needs.
    """
    if written is None or written == "none":
        return Brand(title)
    spec = check(specs.BrandSpec, document, ("brand",), written, complaints)
    if spec is None:
        return Brand(title)
    for key, colour, grounds, remedy in (
        ("accent", spec.accent, LIGHT, "a darker"),
        ("accent_dark", spec.accent_dark, DARK, "a lighter"),
    ):
        if colour and (found := least_contrast(colour, grounds)) < LEAST:
            complaints.say(
                document.place(("brand", key)),
                f"{colour} cannot be read on {'light' if grounds is LIGHT else 'dark'} pages: "
                f"its contrast is {found:.1f}, and {LEAST} is the least",
                "bad-value",
                f"Choose {remedy} colour.",
            )
    if spec.logo:
        _check_logo(spec.logo, document, root, complaints)
    return Brand(
        spec.name or title, spec.logo, spec.accent, spec.accent_dark or (spec.accent and _lighter(spec.accent))
    )


def least_contrast(colour: str, grounds: tuple[str, ...]) -> float:
    """The contrast of text of that colour on the worst of the grounds: 1 is none, 21 is black on white."""
    return min((max(a, b) + 0.05) / (min(a, b) + 0.05) for a, b in ((_light(colour), _light(g)) for g in grounds))


def _light(colour: str) -> float:
    """The relative luminance of `#rrggbb`, from 0 to 1."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _lighter(colour: str) -> str:
    """The colour with as little white as makes it readable on dark pages."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    for white in range(101):
        mixed = "#" + "".join(f"{round(part + (255 - part) * white / 100):02x}" for part in parts)
        if least_contrast(mixed, DARK) >= LEAST:
            return mixed
    raise AssertionError("white is readable on dark pages")


def _check_logo(logo: str, document: Document, root: Path, complaints: Complaints) -> None:
    place = document.place(("brand", "logo"))
    path = PurePosixPath(logo)
    if path.is_absolute() or ".." in path.parts or path.suffix.lower() not in LOGOS or ":" in logo:
        complaints.say(
            place,
            f"a logo is an SVG or PNG file in the project, not '{logo}'",
            "bad-value",
            "Write for example logo.svg.",
        )
    elif not (root / path).is_file():
        complaints.say(place, f"there is no file {logo}", "missing-file")
