"""The Sphinx extension of reports: roles and directives whose numbers are those of a snapshot, a theme, and PDF.

    extensions = ["myst_parser", "sphinx_design", "headway.sphinx"]
    headway_snapshot = "snapshot.json"      # written by `headway snapshot`

A number that is not there fails the build, whatever else Sphinx is told about warnings.
"""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from headway import __version__
from headway.reports.asked import DIRECTIVES, ROLES
from headway.sphinx import asking, drawing, mail, styles


def setup(app: Sphinx) -> ExtensionMetadata:
    """Tell Sphinx what there is."""
    app.add_config_value("headway_snapshot", "snapshot.json", "env", types=(str,))
    app.setup_extension("sphinx_design")
    app.setup_extension("headway.sphinx.typst")
    for name in ROLES:
        app.add_role(name, asking.Number())
    for name in DIRECTIVES:
        app.add_directive(name, asking.DIRECTIVES[name])
    app.add_node(drawing.kpi_number, html=(drawing.visit_number, drawing.depart_number))
    app.add_node(drawing.kpi_chart, html=(drawing.visit_chart, drawing.depart_chart))
    app.add_post_transform(drawing.Pictured)
    app.connect("env-purge-doc", asking.forget)
    app.connect("env-merge-info", asking.merge)
    app.connect("env-updated", asking.fail)
    app.connect("builder-inited", styles.write)
    app.connect("html-page-context", styles.contents)
    app.add_css_file(styles.FILE)
    app.add_builder(mail.MailBuilder)
    app.add_html_theme("headway-mail", str(Path(__file__).parent / "mailtheme"))
    app.add_html_theme("headway", str(Path(__file__).parent / "theme"))
    return {"version": __version__, "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
