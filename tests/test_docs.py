"""The README tells all there is, and what it shows is true."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from callkit import errors, registry
from callkit.app import configuration
from tests import docs
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def readme() -> str:
    return (REPOSITORY / "README.md").read_text("utf-8")


def test_every_command_is_in_the_readme(readme):
    assert [name for name in docs.commands() if f"callkit {name}" not in readme] == []


def test_every_option_is_in_the_readme(readme):
    options = {
        option
        for command in docs.commands().values()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    }
    assert sorted(option for option in options if option not in readme) == []


def test_every_setting_is_in_the_readme(readme):
    assert [row.name for row in configuration.settings() if f"`{row.name}`" not in readme] == []


def test_every_stage_and_engine_is_in_the_readme(readme):
    engines = [name.partition(".")[2] for name in registry.ENGINES]
    assert [name for name in [*registry.STAGES, *engines] if f"`{name}`" not in readme] == []


def test_every_error_code_is_in_the_readme(readme):
    assert [code for code in errors.CODES if f"`{code}`" not in readme] == []


def test_every_public_column_is_in_the_readme(readme):
    for table, (about, columns) in docs.public_columns().items():
        assert f"#### {table}\n" in readme, table
        for column, kind, comment in columns:
            assert comment, f"{table}.{column} has no comment in the schema"
            assert f"| `{column}` | `{kind}` |" in readme, f"{table}.{column}"
        assert about, table


def test_the_generated_parts_of_the_readme_are_as_the_code_writes_them():
    command = [sys.executable, "-m", "cogapp", "--check", "-I", str(REPOSITORY), "README.md"]
    checked = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert checked.returncode == 0, f"run: cog -r -I . README.md\n{checked.stdout}{checked.stderr}"


def test_headings_are_short_and_said_once(readme):
    prose = re.sub(r"^```.*?^```", "", readme, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^##+ (.*)$", prose, flags=re.MULTILINE)
    assert [heading for heading in headings if len(heading) > 60 or headings.count(heading) > 1] == []


def test_every_command_shows_an_example():
    for name, command in docs.commands().items():
        assert "Example" in (command.help or ""), name
        assert f"callkit {name}" in (command.help or ""), name
