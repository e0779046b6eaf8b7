"""From Sphinx's tree of a document to Typst: every node becomes text that calls what `report.typ` offers.

A node that is not known here is told with its place, and what it holds is written all the same: nothing is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from docutils import nodes
from sphinx import addnodes
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.locale import admonitionlabels
from sphinx.util import logging

from headway.sphinx.typst import markup, pictures
from headway.sphinx.typst.tables import LYING, SIZES, UPRIGHT, Table, listed

logger = logging.getLogger(__name__)

#: What every builder writes as a call around what it holds: in a sentence, and between paragraphs.
_INLINE = {
    "citation_reference": "",
    "download_reference": "",
    "emphasis": "emph",
    "generated": "",
    "literal_emphasis": "emph",
    "literal_strong": "strong",
    "PassthroughTextElement": "",
    "problematic": "",
    "sd_badge": "badge",
    "strong": "strong",
    "subscript": "sub",
    "superscript": "super",
    "title_reference": "emph",
}
_HOLDS = (
    "compact_paragraph",
    "compound",
    "container",
    "definition",
    "description",
    "glossary",
    "only",
    "versionmodified",
)
#: Nothing of theirs is to be read.
_UNSEEN = (
    "colspec", "comment", "footnote", "highlightlang", "index", "meta", "pending", "substitution_definition",
    "tabular_col_spec", "target",
)  # fmt: skip
#: Lines of a card that have a look of their own.
_LOOKS = ("kpi-judged", "kpi-title", "kpi-unit", "kpi-value", "kpi-when")
_NUMBERING = {"arabic": "1", "loweralpha": "a", "upperalpha": "A", "lowerroman": "i", "upperroman": "I"}
_BREAK = re.compile(r"\s*<br\s*/?>\s*")
_BOX = "task-list-item-checkbox"
#: What is left of HTML when comments and tags are taken out is text that a reader would miss.
_TAGS = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)
#: A box of fewer letters stands on one page.
_SHORT = 1200
_COLUMNS = re.compile(r"sd-row-cols-md-(\d+)")
_SPAN = re.compile(r"sd-col-(?:md-)?(\d+)")


class Writer:
    """Writes one tree, in which the documents of its tables of contents stand already."""

    def __init__(self, env: BuildEnvironment, config: Config, images: Mapping[str, str], tree: nodes.document) -> None:
        self._env = env
        self._config = config
        self._images = images
        self._docname: str = tree["docname"]
        self._level = 0
        self._boxed = 0
        self._formless = False
        #: Icons that stand in the text: name of a file -> SVG.
        self.drawn: dict[str, str] = {}
        self._footnotes: dict[str, nodes.footnote] = {}
        self._told: set[str] = set()
        self._places: set[str] = set()
        self._wanted: set[str] = set()
        self._survey(tree, self._docname)
        self._tree = tree

    def title(self) -> nodes.Element | None:
        """The title of the whole: that of its one section, which then is none in the text."""
        sections = [child for child in self._tree.children if isinstance(child, nodes.section)]
        return sections[0][0] if len(sections) == 1 and isinstance(sections[0][0], nodes.title) else None

    def inside(self, node: nodes.Node) -> str:
        """What a node holds."""
        return "".join(map(self.write, node.children))

    def body(self) -> str:
        """All of the text but its title."""
        self._level = -1 if self.title() is not None else 0
        return self._place(self._docname) + self.inside(self._tree)

    def write(self, node: nodes.Node) -> str:
        """What stands for a node, at the place that links to it lead to."""
        if isinstance(node, nodes.Text):
            return markup.words(node.astext())
        return ("" if _is_place(node) else self._places_of(node)) + self._written(node)

    def _written(self, node: nodes.Node) -> str:
        """A kind of node that stands on another one is written as that."""
        for kind in type(node).__mro__:
            name = kind.__name__
            if name in _UNSEEN:
                return ""
            if (method := getattr(self, f"_write_{name}", None)) is not None:
                return str(method(node))
            if name in _INLINE:
                called = _INLINE[name]
                return markup.call(called, self.inside(node)) if called else self.inside(node)
            if name in _HOLDS:
                return self.inside(node)
            if name in admonitionlabels:
                return self._in_box("admonition", markup.words(str(admonitionlabels[name])), node.children)
        return self._plain(node)

    def _plain(self, node: nodes.Node) -> str:
        """What has no form: its text, and a warning, which the nodes that it is made of do not repeat."""
        kind = type(node).__name__
        if not self._formless:
            logger.warning("a PDF has no form for '%s': it is written as plain text", kind, location=placed(node))
        before, self._formless = self._formless, True
        written = self.inside(node) or markup.words(node.astext())
        self._formless = before
        return written

    # -- places and what leads to them -----------------------------------------------------------------------------

    def _survey(self, node: nodes.Node, docname: str) -> None:
        """Finds all places, those that something leads to, and the footnotes."""
        if isinstance(node, addnodes.start_of_file):
            docname = node["docname"]
            self._places.add(docname)
        if isinstance(node, nodes.document):
            self._places.add(docname)
        if isinstance(node, nodes.Element):
            self._places.update(f"{docname}#{one}" for one in listed(node, "ids"))
            if isinstance(node, nodes.footnote):
                self._footnotes.update((f"{docname}#{one}", node) for one in node["ids"])
            elif isinstance(node, nodes.reference) and (place := _leads(node, docname)):
                self._wanted.add(place)
        for child in node.children:
            self._survey(child, docname)

    def _place(self, name: str) -> str:
        return markup.anchor(name) if name in self._wanted else ""

    def _wanted_of(self, node: nodes.Element) -> list[str]:
        names = (f"{self._docname}#{one}" for one in listed(node, "ids"))
        return [name for name in names if name in self._wanted]

    def _places_of(self, node: nodes.Node) -> str:
        return "".join(map(markup.anchor, self._wanted_of(node))) if isinstance(node, nodes.Element) else ""

    def _labelled(self, written: str, node: nodes.Element) -> str:
        """What is a place itself: a heading, a figure. Further names of it stand behind it."""
        first, *others = [*self._wanted_of(node), ""]
        return written.rstrip() + (markup.label(first) if first else "") + "".join(
            map(markup.anchor, filter(None, others))
        )  # fmt: skip

    def _write_reference(self, node: nodes.reference) -> str:
        inside = self.inside(node)
        place = _leads(node, self._docname)
        if place:
            if place in self._places:
                return f"#at({markup.string(place)})[{inside}]"
            logger.warning("nothing in this report is called '%s'", place, location=placed(node))
            return inside
        address = str(node.get("refuri", ""))
        return (
            f"#to({markup.string(address)})[{inside}]" if "://" in address or address.startswith("mailto:") else inside
        )

    def _write_footnote_reference(self, node: nodes.footnote_reference) -> str:
        name = f"{self._docname}#{node['refid']}" if "refid" in node else ""
        note = self._footnotes.get(name)
        if note is None:
            logger.warning("there is no footnote '%s'", node.astext(), location=placed(node))
            return markup.call("super", markup.words(node.astext()))
        if name in self._told:
            return f"#footnote(label({markup.string(f'note {name}')}))"
        self._told.add(name)
        said = "".join(self.write(child) for child in note.children if not isinstance(child, nodes.label))
        written = markup.call("footnote", said.strip()) + markup.label(f"note {name}")
        # The contents repeat a heading, but not the note to it.
        return markup.call("noted", written) if isinstance(node.parent, nodes.title) else written

    def _write_citation(self, node: nodes.citation) -> str:
        name, *said = node.children
        body = "".join(map(self.write, said)).strip()
        return f"\n#strong[{markup.words(f'[{name.astext()}] ')}]{body}\n\n"

    # -- sections and paragraphs -----------------------------------------------------------------------------------

    def _write_start_of_file(self, node: nodes.Element) -> str:
        before, self._docname = self._docname, node["docname"]
        written = self._place(self._docname) + self.inside(node)
        self._docname = before
        return written

    def _write_section(self, node: nodes.section) -> str:
        self._level += 1
        before = self._places_of(node) if self._level == 0 else ""  # of the title, which stands on the cover
        written = before + self.inside(node)
        self._level -= 1
        return written

    def _write_title(self, node: nodes.title) -> str:
        if not isinstance(node.parent, nodes.section):
            return markup.block("rubric", self.inside(node))
        if self._level == 0:
            return ""
        heading = markup.call("heading", self.inside(node), level=str(self._level))
        return f"\n{self._labelled(heading, node.parent)}\n\n"

    def _write_subtitle(self, node: nodes.subtitle) -> str:
        return markup.block("rubric", self.inside(node))

    def _write_paragraph(self, node: nodes.paragraph) -> str:
        inside = self.inside(node)
        if look := next((one for one in listed(node, "classes") if one in _LOOKS), None):
            return markup.block(look, inside)
        return f"\n{inside}\n\n"

    def _write_abbreviation(self, node: nodes.abbreviation) -> str:
        """Nobody points at paper: what it stands for is written behind it."""
        meant = str(node.get("explanation", ""))
        return self.inside(node) + (markup.words(f" ({meant})") if meant else "")

    def _write_inline(self, node: nodes.inline) -> str:
        look = next((one for one in listed(node, "classes") if one in _LOOKS), None)
        inside = self.inside(node)
        return markup.call(look, inside) if look else inside

    def _write_rubric(self, node: nodes.rubric) -> str:
        return markup.block("rubric", self.inside(node))

    def _write_centered(self, node: nodes.Element) -> str:
        return markup.block("middle", self.inside(node))

    def _write_transition(self, node: nodes.transition) -> str:
        return "" if "footnotes" in node["classes"] else markup.block("rule")

    def _write_line_block(self, node: nodes.line_block) -> str:
        lines = ("#h(1.4em)" * _depth(line, node) + self.inside(line) for line in node.findall(nodes.line))
        return "" if isinstance(node.parent, nodes.line_block) else f"\n{'#linebreak()'.join(lines)}\n\n"

    def _write_block_quote(self, node: nodes.block_quote) -> str:
        by = [self.inside(child) for child in node.children if isinstance(child, nodes.attribution)]
        said = "".join(self.write(child) for child in node.children if not isinstance(child, nodes.attribution))
        return markup.block("quote", said.strip(), block="true", attribution=f"[{by[0]}]" if by else None)

    # -- lists -----------------------------------------------------------------------------------------------------

    def _items(self, node: nodes.Element) -> str:
        return "".join(f"[{self._places_of(item)}{self.inside(item).strip()}]" for item in node.children)

    def _write_bullet_list(self, node: nodes.bullet_list) -> str:
        if "contains-task-list" in listed(node, "classes"):
            return f"\n#list(marker: none, tight: {_tight(node)}){self._items(node)}\n\n"
        return f"\n#list(tight: {_tight(node)}){self._items(node)}\n\n"

    def _write_enumerated_list(self, node: nodes.enumerated_list) -> str:
        form = node.get("prefix", "") + _NUMBERING.get(node.get("enumtype", ""), "1") + (node.get("suffix") or ".")
        start = node.get("start", 1)
        return (
            f"\n#enum(start: {start}, numbering: {markup.string(form)}, tight: {_tight(node)}){self._items(node)}\n\n"
        )

    def _write_definition_list(self, node: nodes.definition_list) -> str:
        items = []
        for item in node.children:
            terms = [child for child in item.children if isinstance(child, nodes.term | nodes.classifier)]
            said = "".join(self.write(child) for child in item.children if child not in terms)
            named = "".join(self._places_of(term) for term in terms) + '#", "'.join(map(self.inside, terms))
            items.append(f"terms.item[{self._places_of(item)}{named}][{said.strip()}]")
        return f"\n#terms(tight: false, {', '.join(items)})\n\n"

    def _write_field_list(self, node: nodes.field_list) -> str:
        pairs = (field.children for field in node.children)
        items = (f"terms.item[{self.inside(name)}][{self.inside(body).strip()}]" for name, body in pairs)
        return f"\n#terms(tight: false, {', '.join(items)})\n\n"

    def _write_option_list(self, node: nodes.option_list) -> str:
        pairs = (item.children for item in node.children)
        items = (f"terms.item[#raw({markup.string(of.astext())})][{self.inside(body).strip()}]" for of, body in pairs)
        return f"\n#terms(tight: false, {', '.join(items)})\n\n"

    def _write_hlist(self, node: nodes.Element) -> str:
        columns = ", ".join(f"cell[{self.inside(column).strip()}]" for column in node.children)
        return f"\n#cards(columns: {len(node.children)}, {columns})\n"

    # -- code ------------------------------------------------------------------------------------------------------

    def _write_literal(self, node: nodes.literal) -> str:
        named = "kbd" if "kbd" in listed(node, "classes") else ""
        written = f"#raw({markup.string(node.astext())})"
        return markup.call(named, written) if named else written

    def _write_literal_block(self, node: nodes.literal_block) -> str:
        language = node.get("language", "")
        of = f"lang: {markup.string(language)}, " if language not in ("", "none", "text", "default") else ""
        return f"\n#raw(block: true, {of}{markup.string(node.astext())})\n\n"

    _write_doctest_block = _write_literal_block

    def _write_raw(self, node: nodes.raw) -> str:
        """HTML and LaTeX are for other builders, but for a line break and the box before a task."""
        formats = node.get("format", "").split()
        text = node.astext()
        if "typst" in formats:
            return str(text)
        if "html" not in formats:
            return ""
        if _BREAK.fullmatch(text):
            return "#linebreak()"
        if _BOX in text:
            return f"#tick({'true' if 'checked=' in text else 'false'})"
        if left := _TAGS.sub("", text).strip():
            logger.warning("HTML is no part of a PDF, and this says '%s'", left[:60], location=placed(node))
            return markup.words(left)
        return ""

    # -- notes, cards and what opens -------------------------------------------------------------------------------

    def _write_admonition(self, node: nodes.admonition) -> str:
        title, *said = node.children
        return self._in_box("admonition", self.inside(title), said)

    def _write_topic(self, node: nodes.topic) -> str:
        if "contents" in listed(node, "classes"):
            return ""  # the report has its own
        return self._titled(node)

    _write_sidebar = _write_topic

    def _titled(self, node: nodes.Element) -> str:
        """A box under its title, where it has one."""
        children = list(node.children)
        title = ""
        if children and isinstance(children[0], nodes.title | nodes.rubric):
            title = self.inside(children.pop(0))
        return self._in_box("opened", title, children)

    def _in_box(self, name: str, title: str, said: Iterable[nodes.Node]) -> str:
        self._boxed += 1
        said = list(said)
        written = "".join(map(self.write, said)).strip()
        self._boxed -= 1
        short = sum(len(node.astext()) for node in said) < _SHORT
        return markup.block(name, title, written, breakable="false" if short else None)

    def _write_container(self, node: nodes.container) -> str:
        match node.get("design_component"):
            case "grid-row":
                return self._row(node)
            case "card":
                return f"\n#card{self._card(node)}\n"
            case "dropdown":
                return self._titled(node)
            case _ if node.get("literal_block"):
                caption, code = node.children
                return self._captioned("code-block", node, self.inside(caption), self.write(code), "raw")
            case _:
                return self.inside(node)

    def _card(self, node: nodes.container) -> str:
        """The arguments of a card: head, title, foot, and what stands between. A title leads where its card does."""
        parts: dict[str, str] = {}
        body: list[str] = []
        leads = next((one for one in node.findall(nodes.reference) if "sd-stretched-link" in one["classes"]), None)
        self._boxed += 1
        for child in node.children:
            match child.get("design_component") if isinstance(child, nodes.container) else None:
                case "card-header" | "card-footer" as part:
                    parts[part.removeprefix("card-")] = f"[{self.inside(child).strip()}]"
                case "card-body":
                    for one in child.children:
                        if isinstance(one, nodes.container) and one.get("design_component") == "card-title":
                            title = self.inside(one)
                            parts["title"] = f"[{title if leads is None else self._led(leads, title)}]"
                        else:
                            body.append(self.write(one))
                case _ if leads is None or leads not in child.findall(nodes.reference):
                    body.append(self.write(child))
        self._boxed -= 1
        named = "".join(f"{key}: {value}, " for key, value in parts.items())
        return f"({named.removesuffix(', ')})[{''.join(body).strip()}]"

    def _led(self, reference: nodes.reference, title: str) -> str:
        bare = reference.copy()
        bare += nodes.inline()
        return self._write_reference(bare).removesuffix("[]") + f"[{title}]"

    def _row(self, node: nodes.container) -> str:
        """Columns of a row, by what the document asks of a screen of middle width, and never more than there are."""
        items = list(node.children)
        spans = [_first(_SPAN, listed(item, "classes")) for item in items]
        asked = 12 if any(spans) else _first(_COLUMNS, listed(node, "classes")) or len(items)
        columns = asked if any(spans) else min(asked, len(items))
        cells = []
        for item, span in zip(items, spans, strict=True):
            lone = item.children[0] if len(item.children) == 1 else None
            if isinstance(lone, nodes.container) and lone.get("design_component") == "card":
                framed, inside = "true", f"#card-inside{self._card(lone)}"
            else:
                framed, inside = "false", self.inside(item).strip()
            wide = f", span: {span or 12}" if any(spans) else ""
            cells.append(f"cell(framed: {framed}{wide})[{self._places_of(item)}{inside}]")
        return f"\n#cards(columns: {columns}, {', '.join(cells)})\n" if cells else ""

    # -- numbers of KPIs ------------------------------------------------------------------------------------------

    def _write_kpi_number(self, node: nodes.inline) -> str:
        """A number, which leads to its page, or the word of a status behind its icon."""
        inside = self.inside(node)
        if link := str(node.get("link", "")):
            inside = f"#link({markup.string(link)})[{inside}]"
        if node["told"].get("says") == "trend":
            return f"#trend[{inside}]"
        if not node.get("status"):
            return inside
        path = self._put(f"status-{node['status'].replace(' ', '-')}", pictures.status(node["status"]))
        return f"#status(image({markup.string(path)}))[{inside}]"

    def _put(self, name: str, svg: str) -> str:
        self.drawn[f"{name}.svg"] = svg
        return f"/images/{name}.svg"

    # -- figures and tables ----------------------------------------------------------------------------------------

    def _number(self, kind: str, node: nodes.Element) -> str | None:
        """The number that Sphinx gave it, in the words of its references."""
        numbers = self._env.toc_fignumbers.get(self._docname, {}).get(kind, {})
        number = next((numbers[one] for one in listed(node, "ids") if one in numbers), None)
        return None if number is None else self._config.numfig_format[kind] % ".".join(map(str, number))

    def _captioned(self, kind: str, node: nodes.Element, caption: str, body: str, drawn: str) -> str:
        number = self._number(kind, node)
        options = {"kind": drawn, "number": markup.string(number) if number else None}
        return f"\n{self._labelled(markup.call('captioned', caption, body.strip(), **options), node)}\n\n"

    def _write_figure(self, node: nodes.figure) -> str:
        caption = next((child for child in node.children if isinstance(child, nodes.caption)), None)
        legend = next((child for child in node.children if isinstance(child, nodes.legend)), None)
        drawn = "".join(self.write(child) for child in node.children if child not in (caption, legend)).strip()
        said = self.inside(caption) if caption is not None else ""
        if legend is not None:
            said += markup.call("legend", self.inside(legend).strip())
        return self._captioned("figure", node, said, drawn, "image")

    def _write_image(self, node: nodes.image) -> str:
        uri = str(node["uri"])
        path = self._images.get(uri)
        says = node.get("alt", "").strip()
        if path is None:
            logger.warning("there is no picture '%s' that a PDF can hold", uri, location=placed(node))
            return markup.words(says or uri)
        if not says:
            logger.warning(
                "a picture needs words for those who do not see it: give '%s' an alt text", uri, location=placed(node)
            )
            says = uri
        width = markup.length(node.get("width"))
        if width is None and "scale" in node:
            width = f"{node['scale']}%"
        picture = f"image({markup.string(path)}{f', width: {width}' if width else ''}, alt: {markup.string(says)})"
        inline = isinstance(node.parent, nodes.TextElement) and len(node.parent.children) > 1
        if isinstance(node.parent, nodes.figure | nodes.reference):
            return f"#{picture}"
        if inline:
            return f"#box({picture})"
        return f"\n#{'middle' if node.get('align') == 'center' else 'block'}({picture})\n"

    def _write_table(self, node: nodes.table) -> str:
        title = next((self.inside(child) for child in node.children if isinstance(child, nodes.title)), "")
        table = Table(next(iter(node.findall(nodes.tgroup))), "colwidths-given" in listed(node, "classes"))
        size, lies = table.fitting(UPRIGHT), False
        if size is None:
            size, lies = table.fitting(LYING) or SIZES[-1], not self._boxed
            if not lies or table.fitting(LYING) is None:
                remedy = (
                    "turn it round (:transpose:), or show fewer periods or cells" if lies else "move it out of its box"
                )
                logger.warning("this table is wider than a page: %s", remedy, location=placed(node))
        self._boxed += 1
        written = table.write(lambda cell: self.inside(cell).strip(), size)
        self._boxed -= 1
        if title or node.get("ids"):
            written = self._captioned("table", node, title, written, "table")
        return markup.block("lying", written.strip()) if lies else f"\n{written}\n\n"


def placed(node: nodes.Node) -> nodes.Node:
    """The node, or the one around it whose line in the source is known: for warnings."""
    while not node.line and node.parent is not None:
        node = node.parent
    return node


def _is_place(node: nodes.Node) -> bool:
    """Whether links lead to the node itself: a heading, a figure, a table, code with a caption."""
    captioned = isinstance(node, nodes.container) and bool(node.get("literal_block"))
    return captioned or isinstance(node, nodes.section | nodes.figure | nodes.table)


def _leads(node: nodes.reference, docname: str) -> str:
    """The place in the report that a reference leads to: a document, or an id in it. '' for what is outside."""
    if "refid" in node:
        return f"{docname}#{node['refid']}"
    address = str(node.get("refuri", ""))
    return address.removeprefix("%").removesuffix("#") if address.startswith("%") else ""


def _tight(node: nodes.Element) -> str:
    """Whether the items of a list are sentences rather than paragraphs."""
    plain = all(sum(isinstance(part, nodes.paragraph) for part in item.children) < 2 for item in node.children)
    return "true" if plain else "false"


def _depth(line: nodes.line, within: nodes.Element) -> int:
    """How far a line of a poem is set in."""
    depth, parent = 0, line.parent
    while parent is not within:
        depth, parent = depth + 1, parent.parent
    return depth


def _first(pattern: re.Pattern[str], classes: Iterable[str]) -> int:
    """The number in the first class of that form; 0 for none."""
    return next((int(found[1]) for one in classes if (found := pattern.fullmatch(one))), 0)
