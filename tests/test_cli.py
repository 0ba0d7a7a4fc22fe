"""The command line itself: help, errors, exit codes, output off and on a terminal. What commands do is tested beside them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import click
import pytest
from click.testing import CliRunner

from callkit.cli import main, output
from callkit.errors import CallkitError, StoreError


def callkit(*arguments: str, **options) -> subprocess.CompletedProcess:
    """A real `callkit` process."""
    command = [sys.executable, "-m", "callkit", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def test_help_is_at_once_and_imports_nothing_heavy():
    code = "import sys; from callkit.cli.main import run; run(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    started = time.perf_counter()
    callkit("--help")
    took = time.perf_counter() - started
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr
    heavy = ("torch", "duckdb", "pandas", "numpy", "pydantic", "rich", "streamlit", "transformers", "spacy")
    assert [name for name in heavy if f"'{name}'" in modules] == []
    best = min([took, *(_timed_help() for _ in range(3))])
    assert best < 0.5, f"callkit --help took {best:.2f} s at best"


def _timed_help() -> float:
    started = time.perf_counter()
    callkit("--help")
    return time.perf_counter() - started


@pytest.mark.parametrize("name", sorted(main.cli.commands))
def test_every_command_has_help_and_takes_v_and_q(name):
    result = CliRunner().invoke(main.cli, [name, "--help"])
    assert result.exit_code == 0
    assert "-v, --verbose" in result.output and "-q, --quiet" in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nope"], "nope"),
        (["config", "--nope"], "--nope"),
        (["config", "extra"], "extra"),
        (["config", "--set", "nope.nope=1"], "nope"),
        (["config", "--set", "transcribe.beam_size=wide"], "transcribe.beam_size"),
        (["config", "--config", "/nowhere/callkit.toml"], "callkit.toml"),
        (["config", "--profile", "nope"], "nope"),
    ],
)
def test_usage_is_exit_code_2_one_error_and_a_hint(arguments, says, capsys):
    assert main.run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    error, hint = shown.err.splitlines()
    assert error.startswith("error[") and says in error
    assert hint.startswith("hint: ")


def test_no_command_shows_the_help(capsys):
    assert main.run([]) == 2
    assert "Commands:" in capsys.readouterr().err


def _command_that(raises: BaseException) -> click.Command:
    @click.command("fails")
    def fails() -> None:
        raise raises

    return fails


@pytest.mark.parametrize(
    ("error", "exit_code", "says"),
    [
        (StoreError("store-missing", "there is no store", "run `callkit demo`"), 1, "error[store-missing]"),
        (CallkitError("internal", "a defect"), 1, "error[internal]: a defect"),
        (ValueError("card four one one one"), 1, "error[internal]: ValueError at "),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_goes_wrong_is_told_without_quoting(monkeypatch, capsys, error, exit_code, says):
    monkeypatch.setitem(main.cli.commands, "fails", _command_that(error))
    assert main.run(["fails"]) == exit_code
    err = capsys.readouterr().err
    assert says in err
    assert "four one" not in err and "Traceback" not in err


def test_v_is_understood_before_and_after_the_command(capsys):
    assert main.run(["-q", "config", "--json"]) == 0
    assert main.run(["config", "--json", "-vv"]) == 0
    capsys.readouterr()


def test_a_reader_that_stops_early_is_no_error():
    command = f"{sys.executable} -m callkit config | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


def test_settings_as_json_are_a_list_of_objects(capsys):
    assert main.run(["config", "--json", "--set", "transcribe.beam_size=1"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["transcribe.beam_size"]["value"] == "1"


def test_config_toml_can_be_read_back(tmp_path, capsys):
    from callkit import config

    assert main.run(["config", "--toml", "--profile", "fast"]) == 0
    file = tmp_path / "mine.toml"
    file.write_text(capsys.readouterr().out)
    assert config.load(file) == config.load(profile="fast")


def test_models_lists_digests_and_licences(capsys):
    assert main.run(["models", "--json"]) == 0
    for row in json.loads(capsys.readouterr().out):
        assert len(row["digest"]) == 64 and row["licence"] and row["task"], row["name"]


# --- Output -----------------------------------------------------------------------------------------------------------


def test_placeholders_are_text_and_not_markup(capsys):
    output.table([{"text": "my card is [CARD] [bold]no[/bold] :smile:"}])
    assert "my card is [CARD] [bold]no[/bold] :smile:" in capsys.readouterr().out


def test_nothing_is_cut_off_a_terminal(capsys):
    output.table([{"text": "word " * 200}])
    assert "word " * 199 in capsys.readouterr().out


def test_control_characters_are_shown_and_not_obeyed(capsys):
    output.table([{"text": "red \x1b[31m bell \x07 back \u202e"}])
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\x07" not in out and "\u202e" not in out
    assert "\\x1b[31m" in out


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (float("nan"), ""),
        (True, "yes"),
        (0.5, "0.5"),
        (2.0, "2"),
        (0.0001, "0"),
        ([1, 2], "1, 2"),
        ("x", "x"),
    ],
)
def test_cells(value, shown):
    assert output.cell(value) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (59.6, "1:00"), (247, "4:07"), (3723, "1:02:03")])
def test_clock(seconds, shown):
    assert output.clock(seconds) == shown


def _on_a_terminal(arguments: str, **environment: str) -> str:
    """What `callkit` writes to a pseudo terminal."""
    import pty

    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "callkit", *arguments.split()],
        stdout=child,
        stderr=child,
        stdin=child,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **environment},
    )
    os.close(child)
    written = b""
    while True:
        try:
            block = os.read(parent, 65536)
        except OSError:  # Linux: the other side is gone
            break
        if not block:
            break
        written += block
    process.wait(timeout=30)
    os.close(parent)
    return written.decode()


def test_colour_on_a_terminal_only_and_never_under_no_color():
    assert "\x1b[" in _on_a_terminal("config --profiles")
    assert "\x1b[3" not in _on_a_terminal("config --profiles", NO_COLOR="1")
    assert "\x1b[" not in callkit("config", "--profiles").stdout
