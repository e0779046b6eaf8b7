"""Makes one document into pages: Sphinx with all that a report needs said, and no file of settings."""

from __future__ import annotations

import base64
import io
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import myst_parser  # noqa: F401  # Sphinx loads it by its name: who lacks it is told at once
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import docutils_namespace, patch_docutils

from headway.errors import PublishError
from headway.reports import documents, placed
from headway.reports.snapshot import Snapshot
from headway.sphinx import messages

#: What MyST understands besides CommonMark.
_SYNTAX = ("colon_fence", "deflist", "attrs_inline", "smartquotes")
#: What builders write beside a report.
_BESIDE = (".buildinfo*", "objects.inv", "*.typ", "images", "look", ".doctrees")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def build(
    document: Path, snapshot: Path, out: Path, builder: str, edition: str = "", text: str | None = None, name: str = ""
) -> None:
    """Write what a builder of Sphinx makes of a document, all or nothing; PublishError `report-failed`, `not-writable`.

    `singlehtml` makes a page, `typst` a PDF. Of a template, `text` is what it made; `name` is what the file is called.

    A warning of Sphinx is an error: what a reader would stumble over.
    """
    about = Snapshot.read(snapshot).about
    document = document.absolute()
    with tempfile.TemporaryDirectory() as made:
        fresh = Path(made) / "out"
        settings = _settings(document, snapshot, about, edition, text) | _logo(about, Path(made))
        _run(document, fresh, Path(made) / "doctrees", builder, settings, text)
        for file in fresh.glob(f"{documents.stem(document)}.*") if name else ():
            file.rename(file.with_name(f"{name}{file.suffix}"))
        placed.place(fresh, out, *_BESIDE)


def _settings(
    document: Path, snapshot: Path, about: Mapping[str, Any], edition: str, text: str | None
) -> dict[str, Any]:
    """What would stand in conf.py."""
    filed = f" Edition {edition}." if edition else ""
    own = documents.front_matter(document, text)
    said = f"{about['title']}. Numbers as published on {about['computed']}, for {about['audience']} readers.{filed}"
    return {
        "extensions": ["myst_parser", "sphinx_design", "headway.sphinx"],
        "headway_snapshot": str(snapshot.absolute()),
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_theme": "headway",
        "html_theme_options": {"project_about": said},
        "include_patterns": [document.name],
        "language": "en",
        "myst_enable_extensions": list(_SYNTAX),
        "myst_heading_anchors": 3,
        "numfig": True,
        "project": about["title"],
        "root_doc": documents.stem(document),
        "source_suffix": dict.fromkeys((".md", documents.TEMPLATE), "markdown"),
        "typst_accent": about["accent"],
        "typst_created": about["as_of"],
        "typst_date": about["day"],
        "typst_edition": f"{f'Edition {edition}, as' if edition else 'As'} published on {about['computed']}",
        "typst_organisation": about["title"],
        **{f"typst_{key}": own[key] == "true" for key in documents.SWITCHES if key in own},
    }


def _logo(about: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """The organisation's logo as a file, where it has one."""
    if (logo := about["logo"]) is None:
        return {}
    file = folder / logo["name"]
    file.write_bytes(base64.b64decode(logo["data"]))
    return {"typst_logo": str(file)}


def _run(document: Path, out: Path, doctrees: Path, builder: str, settings: dict[str, Any], text: str | None) -> None:
    said = io.StringIO()
    stopped = ""
    with patch_docutils(), docutils_namespace():
        try:
            app = Sphinx(
                document.parent, None, out, doctrees, builder, settings, None, said, freshenv=True, warningiserror=True
            )
            if text is not None:  # images and includes stand beside the template all the same
                app.connect("source-read", lambda app, name, source: source.__setitem__(0, text))
            app.build(force_all=True)
            if not app.env.titles[app.config.root_doc].astext().strip("<>").removeprefix("no title"):
                stopped = f"{document.name}: it has no title; begin it with a line as '# The week'"
        except SphinxError as error:
            stopped = str(error)
    told = [_COLOUR.sub("", line).removeprefix("WARNING: ") for line in said.getvalue().splitlines() if line.strip()]
    if stopped and not told:
        told = [stopped]
    if told:
        lines = [
            line.replace(str(document), document.name).replace("WARNING: ", "").replace("ERROR: ", "") for line in told
        ]
        raise PublishError(list(messages.mistakes(lines, (text or documents.written(document)).splitlines())))
