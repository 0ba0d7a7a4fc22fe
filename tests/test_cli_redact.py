"""`callkit redact` as a filter in a pipeline: lines in, lines out, as they come."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.model  # the names are found by a real model

COMMAND = [sys.executable, "-m", "callkit", "redact"]
TEXT = (
    "Agent: may I have the card number, please?\n"
    "Customer: it is four one four seven, two oh two oh, three three nine one, eight eight five six.\n"
    "Agent: thank you, that is all.\n"
    "\n"
    "hello, nice weather today, it costs nineteen dollars\n"
)


def redact(text: bytes, *options: str) -> bytes:
    return subprocess.run([*COMMAND, *options], input=text, capture_output=True, check=True, timeout=120).stdout


@pytest.fixture(scope="module")
def plain() -> bytes:
    return redact(TEXT.encode() + b"no text: \xff\xfe\r\n\n\nlast")


def test_lines_match_and_what_is_personal_is_gone(plain):
    lines = plain.decode("utf-8", "surrogateescape").split("\n")
    assert lines[0] == "Agent: may I have the card number, please?"
    assert "[CARD]" in lines[1] and "four one" not in lines[1] and lines[1].startswith("Customer: ")
    assert lines[3] == ""
    assert lines[4] == "hello, nice weather today, it costs nineteen dollars"


def test_what_is_no_utf_8_and_other_line_ends_go_through(plain):
    assert b"\nno text: \xff\xfe\r\n\n\nlast\n" in plain


def test_json_lines_hold_offsets_in_code_points_of_the_line():
    text = "🙂 Customer said\n" + TEXT
    lines = redact(text.encode(), "--json").decode().splitlines()
    assert len(lines) == len(text.splitlines())
    assert lines[4] == "", "a blank line is blank in both modes"
    found = json.loads(lines[2])
    (card,) = found["entities"]
    assert card["type"] == "CARD" and set(card) == {"type", "start", "end", "score"}
    original = text.splitlines()[2][card["start"] : card["end"]]
    assert original.startswith("four one four seven") and original.endswith("eight five six")
    assert found["text"] == text.splitlines()[2].replace(original, "[CARD]")


def test_a_conversation_comes_out_at_its_blank_line_and_not_at_the_end_of_all():
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin and process.stdout
    process.stdin.write(b"my phone number is five five five eight six seven five three oh nine\n\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"my phone number is [PHONE]\n", "while standard input is still open"
    assert process.stdout.readline() == b"\n"
    process.stdin.close()
    assert process.wait(timeout=30) == 0


def test_a_reader_that_stops_early_is_no_error():
    shell = f"yes 'hello there' | head -20000 | {' '.join(COMMAND)} | head -1; echo ${{PIPESTATUS[2]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == ["hello there", "0"]
    assert done.stderr == ""


def test_nothing_in_nothing_out():
    assert redact(b"") == b""
