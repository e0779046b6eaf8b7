"""`sphinx-build -b typst`: one `.typ` and one PDF of a report, without a network.

The same tree gives the same bytes: letters come from packages, and the date is that of the report, not of the build.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from docutils import nodes
from sphinx.builders import Builder
from sphinx.errors import SphinxError
from sphinx.util import logging
from sphinx.util.docutils import SphinxTranslator
from sphinx.util.nodes import inline_all_toctrees

from headway.publish import tokens
from headway.sphinx.typst import markup
from headway.sphinx.typst.writer import Writer, placed

logger = logging.getLogger(__name__)

#: A report can be read by everyone and be kept: accessible PDF, and archived PDF, which wants a date.
ACCESSIBLE: Final = "ua-1"
ARCHIVED: Final = "a-2a"
#: The folder of what says how it looks.
LOOK = "look"
#: The cuts of the family that `report.typ` names.
_CUTS = ("Regular", "It", "Semibold", "SemiboldIt", "Bold", "BoldIt")
_UNREADABLE = re.compile(r'the text `"(.*?)"` could not be displayed', re.DOTALL)
_UNICODE = re.compile(r"\\u\{([0-9a-f]+)\}")


class TypstBuilder(Builder):
    """Writes documents as Typst and compiles them."""

    name = "typst"
    format = "typst"
    epilog = "The PDF is in %(outdir)s."
    supported_image_types = ["image/svg+xml", "image/png", "image/jpeg", "image/webp", "image/gif"]  # noqa: RUF012  # as in Sphinx
    default_translator_class = SphinxTranslator  # asked what it supports, never used

    def get_outdated_docs(self) -> str:
        """A report is one file: it is written whole."""
        return "all documents"

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """Places of a report are named by their document: no address begins like this."""
        return f"%{docname}"

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:
        """The same from everywhere."""
        return self.get_target_uri(to, typ)

    def write_documents(self, _docnames: Set[str]) -> None:
        """Writes and compiles the document that the report begins with, and all that its contents name."""
        tree = self._assembled(self.config.root_doc)
        self.post_process_images(tree)
        self._write(tree, self.config.root_doc.replace("/", "-"))

    def _assembled(self, docname: str) -> nodes.document:
        tree = inline_all_toctrees(self, set(), docname, self.env.get_doctree(docname), str, [docname])
        tree["docname"] = docname
        self.env.resolve_references(tree, docname, self)
        return tree

    def _write(self, tree: nodes.document, target: str) -> None:
        folder = Path(self.outdir)
        pictures = self._copied_images(folder)
        writer = Writer(self.env, self.config, pictures, tree)
        source = folder / f"{target}.typ"
        for name, text in (("report.typ", _template()), ("brand.typ", _brand(self.config.typst_accent))):
            (folder / LOOK).mkdir(exist_ok=True)  # apart from the report, which may be called as it likes
            (folder / LOOK / name).write_text(text, encoding="utf-8")
        source.write_text(self._opening(writer, folder) + writer.body(), encoding="utf-8")
        for name, drawn in writer.drawn.items():
            (folder / "images").mkdir(exist_ok=True)
            (folder / "images" / name).write_text(drawn, encoding="utf-8")
        self._compile(tree, source)

    def _opening(self, writer: Writer, folder: Path) -> str:
        config = self.config
        title = writer.title()
        own = self.env.metadata.get(config.root_doc, {})  # what the front matter says goes before the settings
        said = {
            name: own.get(name) or config[f"typst_{name}"] for name in ("subtitle", "organisation", "date", "edition")
        }
        language, _, region = (config.language or "en").replace("-", "_").partition("_")
        options = {
            "title": f"[{writer.inside(title)}]" if title is not None else markup.string(config.project),
            "plain_title": markup.string(title.astext() if title is not None else config.project),
            **{name: _text(text) for name, text in said.items()},
            "logo": self._logo(folder),
            "lang": markup.string(language),
            "region": markup.string(region) if len(region) == 2 else None,
            "paper": markup.string(config.typst_paper),
            **{name: str(bool(config[f"typst_{name}"])).lower() for name in ("cover", "contents", "numbered")},
            "created": _date(self._created()),
        }
        given = "".join(f"  {key.replace('_', '-')}: {value},\n" for key, value in options.items() if value)
        return f'#import "/{LOOK}/report.typ": *\n#show: report.with(\n{given})\n\n'

    def _created(self) -> datetime | None:
        """When the report was made: as configured, else as the environment says. Never by the clock."""
        if written := self.config.typst_created:
            try:
                moment = datetime.fromisoformat(written)
            except ValueError:
                raise SphinxError(
                    f"typst_created is a time such as 2026-10-14T08:00:00+00:00, not '{written}'"
                ) from None
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = os.environ.get("SOURCE_DATE_EPOCH")
        return datetime.fromtimestamp(int(seconds), UTC) if seconds else None

    def _logo(self, folder: Path) -> str | None:
        if not self.config.typst_logo:
            return None
        source = Path(self.confdir) / self.config.typst_logo
        if not source.is_file():
            raise SphinxError(f"There is no logo at {source}.")
        copied = folder / "images" / f"logo{source.suffix}"
        copied.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, copied)
        says = markup.string(self.config.typst_organisation or "Logo")
        return f"image({markup.string(f'/images/{copied.name}')}, height: 14mm, alt: {says})"

    def _copied_images(self, folder: Path) -> dict[str, str]:
        copied = {}
        for uri, name in self.images.items():
            target = folder / "images" / name
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(Path(self.srcdir) / uri, target)
            copied[uri] = f"/images/{name}"
        return copied

    def _compile(self, tree: nodes.document, source: Path) -> None:
        try:  # an optional dependency: the extra "reports"
            import typst
        except ImportError as error:
            raise SphinxError("A PDF needs typst: install headway[reports].") from error
        created = self._created()
        with _fonts(self.confdir, self.config.typst_fonts) as folders:
            for system in (False, True):
                letters = typst.Fonts(include_system_fonts=system, font_paths=folders)
                compiler = typst.Compiler(str(source), root=str(self.outdir), font_paths=letters)
                try:
                    made, warnings = compiler.compile_with_warnings(
                        pdf_standards=[ACCESSIBLE, ARCHIVED] if created else [ACCESSIBLE], timestamp=created or 0
                    )
                except typst.TypstError as error:
                    missing = [
                        _UNICODE.sub(lambda one: chr(int(one[1], 16)), text)
                        for text in _UNREADABLE.findall(f"{error.message}{error.diagnostic}")
                    ]
                    if missing and not system:
                        logger.info("the fonts of the packages lack %s: those of the system are asked", missing[0])
                        continue
                    if missing:
                        self._tell_unreadable(tree, missing)
                        return
                    raise SphinxError(f"Typst refused {source.name}: {error.diagnostic or error.message}") from error
                for warning in warnings:
                    logger.warning("typst: %s", warning.message)
                assert isinstance(made, bytes)
                source.with_suffix(".pdf").write_bytes(made)
                return

    def _tell_unreadable(self, tree: nodes.document, missing: Iterable[str]) -> None:
        """Says where in the documents the letters stand that no font has."""
        for letters in dict.fromkeys(missing):
            place = next((placed(one.parent) for one in tree.findall(nodes.Text) if letters in one), None)
            logger.warning(
                "no font has '%s' (%s): name a folder of fonts in typst_fonts",
                letters,
                " ".join(f"U+{ord(one):04X}" for one in letters),
                location=place,
            )


@contextmanager
def _fonts(confdir: Path, more: Iterable[str]) -> Iterator[list[str]]:
    """Folders of letters. The package holds each cut twice, and which one is found is chance: so one of each."""
    with TemporaryDirectory(prefix="headway-fonts-") as folder:
        files = resources.files("font_source_sans_pro") / "files"
        for cut in _CUTS:
            name = f"SourceSansPro-{cut}.ttf"
            Path(folder, name).write_bytes((files / name).read_bytes())
        yield [folder, *(str(Path(confdir, one)) for one in more)]


def _template() -> str:
    return (resources.files("headway.sphinx.typst") / "report.typ").read_text(encoding="utf-8")


def _brand(accent: str | None) -> str:
    """The colours of light pages, whose accent is the organisation's."""
    light = tokens.light()
    named = {"ink": "ink", "soft": "ink-2", "quiet": "ink-3", "line": "rim", "sunken": "sunken", "accent": "accent"}
    colours = {name: light[token] for name, token in named.items()} | ({"accent": accent} if accent else {})
    return "".join(f'#let {name} = rgb("{colour}")\n' for name, colour in colours.items())


def _text(written: str | None) -> str | None:
    return markup.string(written) if written else None


def _date(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    parts = ("year", "month", "day", "hour", "minute", "second")
    return f"datetime({', '.join(f'{part}: {getattr(moment, part)}' for part in parts)})"
