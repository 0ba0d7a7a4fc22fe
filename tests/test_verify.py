"""The proof of redaction, on a real recording: clean when muted, a leak when it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from callkit.app import process
from callkit.app.redact import open_redactor
from callkit.app.verify import Ears, _is_imagined, _kept, _left_in_audio, _verified, verify
from callkit.audio import open_audio, samples_sha256
from callkit.config import Config, from_dict
from callkit.errors import CallkitError
from callkit.model import Language, Redaction, Word
from callkit.protocols import Transcript
from callkit.stages.mute import write_muted
from callkit.store.ledger import Ledger
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


@pytest.fixture(scope="module")
def muted_call(sample_calls: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """The recording of a call with a card, the store that holds it, and its id."""
    store, recording = tmp_path_factory.mktemp("verify") / "calls.duckdb", sample_calls / "lost-card.wav"
    config = from_dict({"audio": {"keep_muted": True}, "pipeline": {"stages": STAGES}})
    (call_id,) = process.run([recording], store=store, config=config).processed
    return recording, store, call_id


@pytest.mark.parametrize("entity", ["PERSON", "CARD", "SSN"])
def test_one_thing_left_audible_is_a_leak(muted_call: tuple[Path, Path, str], entity: str, tmp_path: Path) -> None:
    """Everything is muted but one name or number; the store says of the file what it should."""
    recording, store, call_id = muted_call
    with Ledger(store) as ledger:
        kept = _kept(ledger, call_id)
        redactions: tuple[Redaction, ...] = ledger.facet(call_id, "redactions")
    heard = max((one for one in redactions if one.entity == entity), key=lambda one: one.end - one.start)
    spans = without(kept.muted.spans, heard.start - 0.3, heard.end + 0.3)
    with open_audio(recording) as raw:
        sha256 = write_muted(raw, spans, [], tmp_path / "kept.flac")
    kept = replace(kept, muted=replace(kept.muted, spans=tuple(spans), sha256=sha256))
    ears = Ears(Config())
    found = _verified(call_id, kept, tmp_path / "kept.flac", open_redactor(Config()), ears, Config())
    ears.close()
    assert found.proof.verdict == "leak"
    assert any(left.entity == entity and left.start < heard.end and heard.start < left.end + 0.3 for left in found.left)


def without(spans: tuple[tuple[float, float], ...], start: float, end: float) -> list[tuple[float, float]]:
    """The spans, less [start, end)."""
    pieces = [piece for a, b in spans for piece in ((a, min(b, start)), (max(a, end), b))]
    return [(a, b) for a, b in pieces if b > a]


class Repeats:
    """A transcriber that hears the same words in anything."""

    def __init__(self, words: list[Word]) -> None:
        self.words = tuple(words)

    def transcribe(self, audio: object, regions: object) -> Transcript:
        return Transcript(self.words, Language("en", 1.0))


def said(text: str, *times: float) -> list[Word]:
    """Words that follow each other at the times given; the last time ends the last."""
    pairs = zip(text.split(), times, times[1:], strict=False)
    return [Word(start, end, word, None, 0.5) for word, start, end in pairs]


@pytest.mark.parametrize(
    ("second", "first", "imagined"),
    [
        # "My name is", silence from 7.2 to 8.2 s, and a name in no time; the other model fills the silence itself.
        (
            said("my name is Jim. I", 6.9, 7.0, 7.1, 8.2, 8.25, 8.4),
            said("my name is Bob I", 6.9, 7, 7.1, 7.3, 8.2, 8.3),
            True,
        ),
        # The other model hears a name beside the silence too.
        (said("my name is Jim. I", 6.9, 7.0, 7.1, 8.2, 8.25, 8.4), said("name is Jim I", 7, 7.1, 8.2, 8.6, 8.7), False),
        # Long enough to be said: what the other model hears instead does not matter.
        (said("my name is Jim. I", 6.9, 7.0, 7.1, 8.2, 8.6, 8.8), said("name is him I", 7, 7.1, 8.2, 8.6, 8.7), False),
        # Far from any silence.
        (said("my name is Jim. I", 2.9, 3.0, 3.1, 3.2, 3.25, 3.4), said("name is him I", 3, 3.1, 3.2, 3.6, 3.7), False),
    ],
)
def test_a_name_at_the_edge_of_silence_may_be_imagined(
    second: list[Word], first: list[Word], imagined: bool, sample_calls: Path
) -> None:
    silent, redactor, ears = ((7.2, 8.2),), open_redactor(Config()), Ears(Config())
    ears.__dict__["first"] = Repeats(first)
    (item,) = _left_in_audio(second, (), silent, redactor)
    with open_audio(sample_calls / "lost-card.wav") as audio:
        assert _is_imagined(item, audio, (), silent, redactor, ears) is imagined


def test_without_a_muted_recording_there_is_no_proof(sample_calls: Path, tmp_path: Path) -> None:
    store = tmp_path / "calls.duckdb"
    config = from_dict({"pipeline": {"stages": STAGES}})
    process.run([sample_calls / "silent-line.wav"], store=store, config=config)
    with pytest.raises(CallkitError) as error:
        verify([], store=store, config=config)
    assert error.value.code == "path-missing"
