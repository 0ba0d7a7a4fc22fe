"""Which files are recordings, and what is known of them before any model runs."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from callkit.config import IngestSettings
from callkit.errors import ConfigError
from callkit.ingest import Found, Problem, Recording, discover, from_bytes, identify, pseudonym
from tests.toys import write_wav

KEY = b"k" * 32
PLAIN = IngestSettings()


def names(paths: list[Path | str], settings: IngestSettings = PLAIN) -> list[str]:
    return [one.path.name for one in discover(paths, settings) if isinstance(one, Found)]


def codes(paths: list[Path | str], settings: IngestSettings = PLAIN) -> list[str]:
    return [one.error.code for one in discover(paths, settings) if isinstance(one, Problem)]


def call_of(path: Path, settings: IngestSettings = PLAIN, **manifest: str) -> Recording:
    found = identify(Found(path, manifest), settings, KEY)
    assert isinstance(found, Recording), found
    return found


def test_folders_are_searched_to_the_bottom_in_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2.wav", "b/1.MP3", "a.flac", "notes.txt", ".hidden.wav", "b/.git/x.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert names([tmp_path]) == ["a.flac", "1.MP3", "2.wav"]


def test_a_named_file_is_taken_whatever_its_ending_and_globs_are_expanded(tmp_path: Path) -> None:
    for name in ("one.dat", "two.dat", "[x].wav"):
        (tmp_path / name).touch()
    assert names([tmp_path / "one.dat"]) == ["one.dat"]
    assert names([tmp_path / "*.dat"]) == ["one.dat", "two.dat"]
    assert names([tmp_path / "[x].wav"]) == ["[x].wav"]  # a real file goes before a pattern
    assert codes([tmp_path / "*.nothing"]) == ["path-missing"]


def test_folders_that_link_to_themselves_are_entered_once(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "call.wav").touch()
    (tmp_path / "deep" / "back").symlink_to(tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert names([tmp_path]) == ["call.wav"]
    assert codes([tmp_path / "loop"]) == ["path-loop"]
    assert names([tmp_path], IngestSettings(follow_links=False)) == ["call.wav"]


def test_paths_that_lead_nowhere_say_why(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert codes([tmp_path / "missing.wav", tmp_path / "empty", "\0.wav"]) == [
        "path-missing", "no-recordings", "path-missing"
    ]  # fmt: skip


def test_a_call_is_named_by_its_bytes_and_its_name_is_made_safe(tmp_path: Path) -> None:
    one = write_wav(tmp_path / "ines-ortega-5551234567.wav", 1)
    same = write_wav(tmp_path / "copy.wav", 1)
    other = write_wav(tmp_path / "other.wav", 2)
    assert call_of(one).call.call_id == call_of(same).call.call_id != call_of(other).call.call_id
    assert "ortega" not in call_of(one).call.source_name
    assert "5551234567" not in repr(call_of(one))
    assert from_bytes(one.read_bytes(), PLAIN, KEY).call.call_id == call_of(one).call.call_id


def test_the_manifest_goes_before_the_sidecar_and_that_before_the_name(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "sales_A1_20240501-101500.wav")
    settings = IngestSettings(
        filename_pattern=r"(?P<queue>[a-z]+)_(?P<agent_id>\w\d)_(?P<started_at>[\d-]+)", time_format="%Y%m%d-%H%M%S"
    )
    call = call_of(path, settings).call
    assert (call.queue, call.agent_id, call.started_at) == ("sales", "A1", datetime(2024, 5, 1, 10, 15))
    path.with_suffix(".meta.json").write_text(json.dumps({"call": {"queue": "support", "direction": "in"}}))
    call = call_of(path, settings, agent_id="A9").call
    assert (call.queue, call.agent_id, call.direction) == ("support", "A9", "inbound")


def test_what_does_not_match_is_null_and_reported(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "x.wav")
    settings = IngestSettings(filename_pattern=r"(?P<queue>[a-z]+)_(?P<started_at>\d+)")
    call = call_of(path, settings, direction="sideways", agent_id="").call
    assert (call.queue, call.started_at, call.direction, call.agent_id) == (None, None, None, None)
    assert call.unmatched == ("started_at", "agent_id", "queue", "direction")
    assert call_of(path).call.unmatched == ()


def test_the_files_own_time_is_used_only_when_asked_for(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "x.wav")
    assert call_of(path).call.started_at is None
    assert call_of(path, IngestSettings(use_file_time=True)).call.started_at is not None


def test_customers_are_keyed_pseudonyms_however_they_are_spelled(tmp_path: Path) -> None:
    call = call_of(write_wav(tmp_path / "x.wav"), customer=" Inés ORTEGA ").call
    assert call.customer == pseudonym(KEY, "inés ortega") != pseudonym(b"another", "inés ortega")
    assert "ortega" not in repr(call).lower()


@pytest.mark.parametrize(
    "given", ["+15551234567", "555-123-4567", "4929721304586611", "a/../b", "x" * 65, "call-15551234567"]
)
def test_ids_that_could_be_somebodys_number_are_refused(tmp_path: Path, given: str) -> None:
    problem = identify(Found(write_wav(tmp_path / "x.wav"), {"call_id": given}), PLAIN, KEY)
    assert isinstance(problem, Problem)
    assert (problem.error.code, given in str(problem.error)) == ("manifest-invalid", False)


@pytest.mark.parametrize(
    "given", ["ticket-1", "20240501-0001x", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "a28dc129e333b19f"]
)
def test_ids_of_systems_are_taken(tmp_path: Path, given: str) -> None:
    assert call_of(write_wav(tmp_path / "x.wav"), call_id=given).call.call_id == given


@pytest.mark.parametrize(
    "content",
    [b"", b"agent_id\nA1\n", b"path\n\n\n,\n", b"path,agent_id\nx.wav,A1,more,of,it\n", b"\xff\xfe\x00", b'path\n"x'],
)
def test_a_manifest_that_is_none_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    manifest = tmp_path / "calls.csv"
    manifest.write_bytes(content)
    assert codes([manifest]) in (["manifest-invalid"], [])
    assert names([manifest]) == []


def test_a_manifest_names_recordings_beside_itself(tmp_path: Path) -> None:
    write_wav(tmp_path / "in" / "a.wav")
    manifest = tmp_path / "in" / "calls.csv"
    manifest.write_text("\ufeffFile,Agent_ID,note\na.wav,A1,hello\nmissing.wav,A2,\n", "utf-8")
    (found,) = [one for one in discover([manifest], PLAIN) if isinstance(one, Found)]
    assert found.manifest == {"agent_id": "A1"}
    assert codes([manifest]) == ["path-missing"]


def test_a_sidecar_that_is_no_json_is_one_clear_error(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "x.wav")
    path.with_suffix(".meta.json").write_text("{Ines Ortega")
    problem = identify(Found(path), PLAIN, KEY)
    assert isinstance(problem, Problem)
    assert "Ines" not in str(problem.error)


def test_another_programs_json_is_left_alone(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "x.wav")
    path.with_suffix(".json").write_text("[1, 2]")
    assert call_of(path).call.agent_id is None


def test_a_pattern_that_is_none_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        identify(Found(write_wav(tmp_path / "x.wav")), IngestSettings(filename_pattern="(?P<queue>"), KEY)
    assert caught.value.code == "config-invalid"
