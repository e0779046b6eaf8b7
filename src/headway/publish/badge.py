"""A KPI as a badge for other sites: title, value, status and period in one line of SVG, for light and dark pages."""

from __future__ import annotations

from html import escape

from headway.publish import tokens
from headway.publish.pages import Tile

_HEIGHT, _AIR, _SIZE, _ICON = 28, 10, 12, 14
#: How wide a character is, in parts of its size, in the widest of the usual fonts: text never leaves its box.
_WIDE = {
    **dict.fromkeys("ijlI|.,:;'!\u2019 \u00a0\u202f", 0.33),
    **dict.fromkeys("frt()[]-/", 0.43),
    **dict.fromkeys("mwMW%", 0.95),
}
_USUAL, _CAPITAL = 0.62, 0.72
_NAMES = ("surface", "sunken", "rim", "ink", "ink-2", "on", "near", "off", "over", "quiet")
_FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif'


def badge(tile: Tile, symbol: str) -> str:
    """The badge of a card; `symbol` is the drawing of its status."""
    value = tile.shown.text if tile.has_value else ""
    said = " · ".join(word for word in (tile.verdict.word, tile.period_label) if word)
    left, right, more = (_width(text, bold=bold) for text, bold in ((tile.title, False), (value, True), (said, False)))
    first = left + 2 * _AIR
    second = (right + _AIR if value else 0) + _ICON + 6 + more + 2 * _AIR
    parts = [_text(first + _AIR, value, right, "v")] if value else []
    at = first + _AIR + (right + _AIR if value else 0)
    parts.append(
        f'<svg class="s {tile.verdict.slug}" x="{at:.0f}" y="{(_HEIGHT - _ICON) / 2:.0f}" width="{_ICON}" '
        f'height="{_ICON}" viewBox="0 0 16 16">{symbol}</svg>'
    )
    parts.append(_text(at + _ICON + 6, said, more, "t"))
    whole = first + second
    label = escape(f"{tile.title}: {' · '.join(word for word in (value, said) if word)}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole:.0f}" height="{_HEIGHT}" '
        f'viewBox="0 0 {whole:.0f} {_HEIGHT}" role="img" aria-label="{label}"><title>{label}</title>'
        f"<style>{_style()}</style>"
        f'<rect class="g" x=".5" y=".5" width="{whole - 1:.0f}" height="{_HEIGHT - 1}" rx="6"/>'
        f'<path class="b" d="M{first:.0f} 1H6.5A5.5 5.5 0 0 0 1 6.5v{_HEIGHT - 13}A5.5 5.5 0 0 0 6.5 {_HEIGHT - 1}'
        f'H{first:.0f}Z"/>{_text(_AIR, tile.title, left, "t")}{"".join(parts)}</svg>\n'
    )


def _style() -> str:
    """Both modes: whoever shows a badge has no stylesheet of ours."""

    def colours(found: dict[str, str]) -> str:
        return "".join(f"--{name}:{found[name]};" for name in _NAMES)

    light, dark = dict(tokens.light()), dict(tokens.dark())
    return (
        f":root{{{colours(light)}}}@media(prefers-color-scheme:dark){{:root{{{colours(dark)}}}}}"
        f"text{{font:{_SIZE}px {_FONT};font-variant-numeric:tabular-nums}}"
        ".g{fill:var(--surface);stroke:var(--rim)}.b{fill:var(--sunken)}.t{fill:var(--ink-2)}"
        ".v{fill:var(--ink);font-weight:600}.s{color:var(--quiet)}.s.on{color:var(--on)}.s.near{color:var(--near)}"
        ".s.off{color:var(--off)}.s.over{color:var(--over)}.s.withheld{color:var(--ink)}"
    )


def _text(at: float, text: str, width: float, kind: str) -> str:
    """Text that is as wide as its box whatever the font."""
    words = escape(text, quote=False)
    return f'<text class="{kind}" x="{at:.0f}" y="{_HEIGHT / 2 + 4:.0f}" textLength="{width:.0f}">{words}</text>'


def _width(text: str, *, bold: bool) -> float:
    """Pixels that a text takes."""
    ems = sum(_WIDE.get(one, _CAPITAL if one.isupper() else _USUAL) for one in text)
    return round(ems * _SIZE * (1.12 if bold else 1.0) * 0.94)
