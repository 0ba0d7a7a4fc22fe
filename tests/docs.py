"""Writes the README's reference parts from the code; cog calls these, and a test compares.

cog -r README.md        write them anew
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import duckdb
from click.testing import CliRunner

import callkit
from callkit import errors, registry
from callkit.app import configuration
from callkit.cli.main import cli
from callkit.config import Config

SCHEMA = Path(callkit.__file__).parent / "store" / "schema"


def commands() -> dict[str, click.Command]:
    """Every command by the name one types, in the order of `callkit --help`."""
    return {name: cli.commands[name] for name in sorted(cli.commands)}


def help_text(name: str = "") -> str:
    """What `callkit NAME --help` prints, on 100 columns."""
    runner = CliRunner()
    result = runner.invoke(cli, [*name.split(), "--help"], prog_name="callkit", terminal_width=100)
    return str(result.output)


def command_reference() -> str:
    """The help of `callkit` and of each command."""
    blocks = [f"```\n{help_text().rstrip()}\n```\n"]
    blocks += [f"### callkit {name}\n\n```\n{help_text(name).rstrip()}\n```\n" for name in commands()]
    return "\n".join(blocks)


def settings_table() -> str:
    """Every setting: name, type, default, meaning."""
    rows = [(f"`{row.name}`", row.type, f"`{row.default}`", row.about) for row in configuration.settings()]
    return _table(("setting", "type", "default", "meaning"), rows)


def errors_table() -> str:
    """Every error code with its meaning."""
    return _table(("code", "meaning"), [(f"`{code}`", meaning) for code, meaning in errors.CODES.items()])


def stages_table() -> str:
    """Every built-in stage, in order: what it does, the facets it needs and gives."""
    rows = []
    for name in registry.STAGES:
        stage = registry.build_stage(name, Config())
        rows.append((f"`{name}`", _first_line(type(stage)), ", ".join(stage.requires), ", ".join(stage.provides)))
    return _table(("stage", "what it does", "from", "gives"), rows)


def engines_table() -> str:
    """Every built-in engine by task."""
    rows = []
    for key in registry.ENGINES:
        task, _, name = key.partition(".")
        rows.append((task, f"`{name}`", _first_line(type(registry.build_engine(task, name, Config())))))
    return _table(("task", "engine", "what it is"), rows)


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]


def public_columns() -> dict[str, tuple[str, list[tuple[str, str, str]]]]:
    """Public table or view -> its meaning and (column, type, meaning with unit) of each column, from the schema's comments."""
    with duckdb.connect(":memory:") as connection:
        for file in [*sorted(SCHEMA.glob("0*.sql")), SCHEMA / "views.sql"]:
            connection.execute(file.read_text("utf-8"))
        objects = connection.execute(
            "select table_name, comment from (select table_name, comment, table_oid as age from duckdb_tables() "
            "union all select view_name, comment, view_oid from duckdb_views() where not internal) "
            "where table_name in (select table_name from duckdb_columns() where schema_name = 'main') order by age"
        ).fetchall()
        columns = connection.execute(
            "select table_name, column_name, lower(data_type), comment from duckdb_columns() "
            "where schema_name = 'main' and not internal order by table_name, column_index"
        ).fetchall()
    return {
        table: (about, [(column, kind, comment) for owner, column, kind, comment in columns if owner == table])
        for table, about in objects
    }


def columns_reference() -> str:
    """Every public table and column."""
    blocks = []
    for table, (about, columns) in public_columns().items():
        rows = [(f"`{column}`", f"`{kind}`", comment) for column, kind, comment in columns]
        blocks.append(f"#### {table}\n\n{about}.\n\n" + _table(("column", "type", "what it is (unit)"), rows))
    return "\n".join(blocks)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(_cell(value) for value in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
