"""The canary: what is planted in words, names and metadata is nowhere afterwards, with everything running at DEBUG.

Looks at every byte of every file that a run leaves (its temporary folder too), every value of every column of ledger and
snapshot, both again without DuckDB's compression, what is printed and logged, and every export.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from callkit.app.export import FORMATS
from tests.scripted import STAGES, callkit, write_config

pytestmark = pytest.mark.model  # redaction is real

#: What the speakers say: (role, words, planted personal data of that turn).
SAID = (
    ("agent", "Thank you for calling Northwind support, my name is Beatrix, how can I help you today?", ("Beatrix",)),
    (
        "customer",
        "Hi, this is Lysander Okonkwo and there is a charge on my bill that I did not make.",
        ("Lysander", "Okonkwo"),
    ),
    ("agent", "I am sorry to hear that. Can I have the card number please?", ()),
    (
        "customer",
        "Sure it is four one four seven, two oh two oh, three three nine one, eight eight five six.",
        ("four one four seven", "two oh two oh", "three three nine one", "eight eight five six"),
    ),
    ("agent", "And the three digits on the back of the card?", ()),
    ("customer", "The security code is nine seven three.", ("nine seven three",)),
    ("agent", "Thank you. And a phone number where we can reach you?", ()),
    (
        "customer",
        "My phone number is five five five, eight six seven, five three oh nine.",
        ("eight six seven", "five three oh nine"),
    ),
    ("agent", "And your email address?", ()),
    ("customer", "It is lysander at quagmire mail dot com.", ("quagmire",)),
    ("agent", "Great, I have refunded the charge. You will see it within five days.", ()),
    ("customer", "Thank you so much, goodbye.", ()),
)
#: What is in the file's name and the manifest.
NAMES = ("Okonkwo", "5558675309", "CUST-4147-3391")
CANARIES = (*(canary for _, _, planted in SAID for canary in planted), *NAMES)
SECONDS = 4.0


def _script() -> dict:
    turns = [
        {"speaker": role, "role": role, "channel": int(role == "customer"), "start": SECONDS * number, "end": SECONDS * (number + 1) - 0.3, "text": text}
        for number, (role, text, _) in enumerate(SAID)
    ]  # fmt: skip
    return {"language": "en", "layout": "stereo", "duration": SECONDS * len(SAID), "turns": turns}


def _recording(path: Path) -> None:
    """Noise bursts where each speaker talks, on the speaker's channel: what the signal must have to be believed."""
    import numpy as np
    import soundfile

    rate = 8000
    random = np.random.default_rng(3)
    samples = random.normal(0, 0.001, (int(rate * SECONDS * len(SAID)), 2))
    for number, (role, _, _) in enumerate(SAID):
        start, end = int(rate * SECONDS * number), int(rate * (SECONDS * (number + 1) - 0.3))
        samples[start:end, int(role == "customer")] += random.normal(0, 0.1, end - start)
    soundfile.write(path, samples, rate, subtype="PCM_16")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Where the recording and its manifest lie: private, the user's own."""
    folder = tmp_path_factory.mktemp("place")
    recording = folder / "Okonkwo_5558675309_support.wav"
    _recording(recording)
    (folder / "calls.csv").write_text(
        f"path,customer,agent_id,queue\n{recording.name},CUST-4147-3391,agent-7,billing\n"
    )
    (folder / "script.json").write_text(json.dumps(_script()))
    return folder


@pytest.fixture(scope="module")
def ran(place, tmp_path_factory):
    """One run at DEBUG with everything on; its output and the folder with all it left."""
    left = tmp_path_factory.mktemp("left")
    (left / "tmp").mkdir()
    config = write_config(place, place / "script.json", stages=(*STAGES, "embed", "sentiment", "summarize", "metrics"))
    done = callkit(
        *("run", place / "calls.csv", "-vv", "--config", config, "--store", left / "calls.duckdb"),
        *("--set", "audio.keep_muted=true"),
        env=_environment(left),
        cwd=left,
    )
    assert done.returncode == 0, done.stderr
    return done, left


def _environment(left: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(left / "tmp"), "XDG_CACHE_HOME": str(left / "cache")}


def _values(path: Path) -> Iterator[tuple[str, str]]:
    """Every value of every column of every table, as text."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() union select schema_name, view_name from duckdb_views() where not internal"
        ).fetchall()
        for schema, table in tables:
            for row in connection.execute(f'select * from "{schema}"."{table}"').fetchall():
                for value in row:
                    yield f"{schema}.{table}", str(value)


def _assert_clean(where: str, text: str) -> None:
    low = text.lower()
    assert [canary for canary in CANARIES if canary.lower() in low] == [], where


def test_the_canaries_were_heard_and_redacted(ran):
    """Else the tests below would prove nothing."""
    _, left = ran
    found = json.loads(
        callkit("query", "select entity, count(*) as n from redactions group by 1", "--json", cwd=left).stdout
    )
    entities = {row["entity"]: row["n"] for row in found}
    assert {"CARD", "CVV", "PHONE", "EMAIL", "PERSON"} <= set(entities), entities
    texts = json.loads(callkit("query", "select text from turns order by turn", "--json", cwd=left).stdout)
    assert "how can I help you today?" in texts[0]["text"], "the words did arrive"


def test_what_is_printed_and_logged(ran):
    done, _ = ran
    assert "DEBUG" in done.stderr or "INFO" in done.stderr, "logging was on"
    _assert_clean("standard error", done.stderr)
    _assert_clean("standard output", done.stdout)


def test_every_byte_of_every_file_left(ran):
    _, left = ran
    files = [path for path in left.rglob("*") if path.is_file()]
    assert {"calls.duckdb", "calls.ledger.duckdb"} <= {path.name for path in files}
    for path in files:
        _assert_clean(path.name, path.read_bytes().decode("latin-1"))
        _assert_clean("a file's name", str(path.relative_to(left)))


def test_no_temporary_file_is_left(ran):
    _, left = ran
    assert [
        path for path in (left / "tmp").rglob("*") if path.is_file() and path.suffix in (".wav", ".flac", ".json")
    ] == []


@pytest.mark.parametrize("name", ["calls.duckdb", "calls.ledger.duckdb"])
def test_every_value_of_every_column(ran, name):
    _, left = ran
    values = list(_values(left / name))
    assert len(values) > 100
    for table, value in values:
        _assert_clean(f"{name}: {table}", value)


@pytest.mark.parametrize("name", ["calls.duckdb", "calls.ledger.duckdb"])
def test_every_byte_without_compression(ran, tmp_path, name):
    """DuckDB compresses strings: a search of the file as it is would see little."""
    _, left = ran
    plain = tmp_path / "plain.duckdb"
    with duckdb.connect() as connection:
        connection.execute("set force_compression = 'uncompressed'")
        connection.execute(f"attach '{left / name}' as kept (read_only)")
        connection.execute(f"attach '{plain}' as plain")
        connection.execute("copy from database kept to plain")
    content = plain.read_bytes().decode("latin-1")
    assert "how can I help you today?" in content, "what was not redacted can be read, so the search can see"
    _assert_clean(name, content)


@pytest.mark.parametrize("form", [*FORMATS, "html"])
def test_every_export(ran, form):
    _, left = ran
    call = json.loads(callkit("query", "select call_id from calls", "--json", cwd=left).stdout)[0]["call_id"]
    done = callkit("export", call, "--format", form, cwd=left)
    assert done.returncode == 0, done.stderr
    _assert_clean(form, done.stdout + done.stderr)


def test_what_show_search_and_status_print(ran, place):
    _, left = ran
    call = json.loads(callkit("query", "select call_id from calls", "--json", cwd=left).stdout)[0]["call_id"]
    recording = place / "Okonkwo_5558675309_support.wav"
    for arguments in (
        ("show", call, "--redactions", "--metrics"),
        ("show", call, "--json"),
        ("search", "thank you"),
        ("status",),
        ("status", recording),
    ):
        done = callkit(*arguments, "-vv", cwd=left)
        assert done.returncode == 0, done.stderr
        _assert_clean(arguments[0], done.stdout + done.stderr)


def test_in_this_very_process_nothing_is_said_either(place, tmp_path):
    """No worker between the libraries and the terminal: whatever they log or print at DEBUG would be seen."""
    config = write_config(tmp_path, place / "script.json")
    arguments = ("run", place / "calls.csv", "-vv", "--config", config, "--runner", "inline")
    done = callkit(*arguments, cwd=tmp_path, env=_environment(tmp_path))
    assert done.returncode == 0, done.stderr
    _assert_clean("standard error", done.stderr)
    _assert_clean("standard output", done.stdout)


def test_a_run_that_fails_at_every_recording_says_nothing_either(place, tmp_path):
    """A file that is no audio, named after a customer and full of a card number."""
    bad = tmp_path / "Okonkwo 5558675309.wav"
    bad.write_text("four one four seven two oh two oh " * 100)
    done = callkit("run", bad, "-vv", "--store", tmp_path / "s" / "calls.duckdb", cwd=tmp_path)
    assert done.returncode == 3
    _assert_clean("standard error", done.stderr)
    _assert_clean("standard output", done.stdout)
    for path in (tmp_path / "s").rglob("*"):
        if path.is_file():
            _assert_clean(path.name, path.read_bytes().decode("latin-1"))


def test_a_wrong_path_is_told_without_its_name(tmp_path):
    done = callkit("run", tmp_path / "Okonkwo-5558675309.wav", cwd=tmp_path)
    assert done.returncode == 1 and "error[path-missing]" in done.stderr
    _assert_clean("standard error", done.stderr)


def test_audio_that_is_no_longer_kept_is_removed(ran, place, tmp_path):
    _, left = ran
    shutil.copytree(left, copy := tmp_path / "copy")
    assert len(list(copy.rglob("*.flac"))) == 1
    config = write_config(tmp_path, place / "script.json")
    done = callkit("run", place / "calls.csv", "--config", config, cwd=copy)
    assert done.returncode == 0, done.stderr
    assert list(copy.rglob("*.flac")) == []
    assert callkit("doctor", "--quick", cwd=copy).returncode == 0


def test_forgetting_the_customer_leaves_nothing_of_the_call(ran, tmp_path):
    _, left = ran
    copy = tmp_path / "copy"
    shutil.copytree(left, copy)
    call = json.loads(callkit("query", "select call_id from calls", "--json", cwd=copy).stdout)[0]["call_id"]
    assert any(path.name == f"{call}.flac" for path in copy.rglob("*.flac"))
    done = callkit("forget", "--customer", "-", cwd=copy, input="CUST-4147-3391\n")
    assert done.returncode == 0 and call in done.stdout, done.stderr
    files = [path for path in copy.rglob("*") if path.is_file()]
    assert not [path for path in files if call in path.name]
    for name in ("calls.duckdb", "calls.ledger.duckdb"):
        assert not [value for _, value in _values(copy / name) if call in value or "how can I help" in value]
        assert b"how can I help" not in (copy / name).read_bytes() and call.encode() not in (copy / name).read_bytes()
