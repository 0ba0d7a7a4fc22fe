"""The proof of redaction, on a real recording: clean when muted, a leak when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from callkit.app import process
from callkit.app.verify import verify
from callkit.audio import open_audio, samples_sha256
from callkit.config import from_dict
from callkit.errors import CallkitError
from callkit.stages.mute import write_muted
from callkit.store.reader import Snapshot

pytestmark = pytest.mark.model
STAGES = ["inspect", "transcribe", "diarize", "turns", "redact", "mute"]


def test_a_muted_call_is_clean_and_an_unmuted_one_leaks(sample_calls: Path, tmp_path: Path) -> None:
    store, recording = tmp_path / "calls.duckdb", sample_calls / "lost-card.wav"
    config = from_dict({"audio": {"keep_muted": True}, "pipeline": {"stages": STAGES}})
    report = process.run([recording], store=store, config=config)
    (call_id,) = report.processed

    clean = verify([call_id[:6]], store=store, config=config)
    assert [(call.proof.verdict, call.proof.items_left) for call in clean.calls] == [("clean", 0)]
    assert clean.exit_code == 0

    with Snapshot(store) as snapshot:
        muted = snapshot.files.audio / f"{call_id}.flac"
        rows = snapshot.rows("select verdict, items_left, model from redaction_proofs")
        assert rows == [{"verdict": "clean", "items_left": 0, "model": "whisper-tiny"}]
    with open_audio(recording) as raw:
        write_muted(raw, [], [], muted)
    leak = verify([call_id], store=store, config=config)
    assert leak.calls[0].proof.verdict == "leak" and leak.exit_code == 3
    assert {"CARD", "SSN", "PERSON", "PHONE"} & {left.entity for left in leak.calls[0].left}
    with open_audio(muted) as kept:
        assert leak.calls[0].proof.audio_sha256 == samples_sha256(kept)


def test_a_language_without_rules_is_flagged_and_not_proved_clean(shared_data: Path, tmp_path: Path) -> None:
    store = tmp_path / "calls.duckdb"
    config = from_dict({"audio": {"keep_muted": True}, "pipeline": {"stages": STAGES}})
    process.run([shared_data / "audio/languages/fr-FR.testing__audio.wav"], store=store, config=config)
    (call,) = verify([], store=store, config=config).calls
    assert (call.proof.verdict, call.reason[:26]) == ("unproven", "of fr only digits and lett")
    with Snapshot(store) as snapshot:
        (row,) = snapshot.rows("select quality->>'redaction' as flag from calls")
    assert row["flag"] == call.reason


def test_without_a_muted_recording_there_is_no_proof(sample_calls: Path, tmp_path: Path) -> None:
    store = tmp_path / "calls.duckdb"
    config = from_dict({"pipeline": {"stages": STAGES}})
    process.run([sample_calls / "silent-line.wav"], store=store, config=config)
    with pytest.raises(CallkitError) as error:
        verify([], store=store, config=config)
    assert error.value.code == "path-missing"
