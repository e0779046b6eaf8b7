"""Calls functions of the project, which `python: file.py:function` names: the one door to code that is not ours.

It runs in this process and may do what the project's owner may, as git hooks do. Only `headway run` and `headway test`
come here; `headway check`, pages and the server read a function's text alone. Whatever goes wrong in it is an error of
its KPI, with file and line, and the others are computed all the same.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType, TracebackType

from sqlglot import exp

from headway.errors import Mistake, QueryError
from headway.model import Kpi, Python, meet_pandas


def call(root: Path, kpi: Kpi, tables: Mapping[str, str], periods: str) -> str:
    """The SELECT that a KPI's function writes, as text in DuckDB's dialect.

    QueryError `function-failed` for whatever it raises, and for anything else that it gives.
    """
    measure = kpi.measure
    assert isinstance(measure, Python)
    where, _, name = measure.function.partition(":")
    try:
        function: Callable[..., object] = getattr(_module(root, where), name)
        meet_pandas()
        written = function(tables, kpi, periods, **measure.arguments)
    except (Exception, SystemExit) as error:
        raise QueryError(_mistake(error, measure.function, root)) from error
    if isinstance(written, exp.Expression):
        return written.sql(dialect="duckdb")
    if isinstance(written, str):
        return written
    message = f"{measure.function} gave {type(written).__name__}, and not the text of a query or one of sqlglot"
    raise QueryError(Mistake(message, "function-failed", kpi.at("python")))


def _module(root: Path, where: str) -> ModuleType:
    """The module that holds a function; a file of the project is read anew each time."""
    if not where.endswith(".py"):
        return importlib.import_module(where)
    file = root / where
    module = ModuleType(f"headway project {where}")
    module.__file__ = str(file)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        # Not by an import: that takes a file for unchanged which has its old length and was written in the same second.
        exec(compile(file.read_bytes(), file, "exec", dont_inherit=True), module.__dict__)  # noqa: S102  # as `python`
    finally:
        del sys.modules[module.__name__]
    return module


def _mistake(error: BaseException, function: str, root: Path) -> Mistake:
    """What a function raised, and the line of the project in which it did."""
    said = traceback.format_exception_only(error)[-1].strip()
    place = _line(error.__traceback__, root) or function
    if isinstance(error, SyntaxError):
        place = f"{function.partition(':')[0]}:{error.lineno}"
    return Mistake(f"{place}: {said}", "function-failed", remedy="Mend the function: the project's code raised this.")


def _line(trace: TracebackType | None, root: Path) -> str | None:
    """The innermost line that is not of this module or of an installed library, else the innermost of all."""
    frames = [frame for frame in traceback.extract_tb(trace) if frame.filename != __file__]
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(root)]
    for frame in reversed(own or frames):
        file = Path(frame.filename)
        return f"{file.relative_to(root) if own else file.name}:{frame.lineno}"
    return None
