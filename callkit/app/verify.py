"""The proof of redaction: listen again to what was kept, and look for what should not be there.

The muted recording is transcribed by another model, with another decoding and without looking for speech first, so that
the proof does not share the first pass's blind spots. What it hears, and the stored text, are searched for personal data;
the file's samples are compared with what was written; speech that is audible and has no words counts as unproven.

A model that hears "my name is" and then silence imagines a name there, another one in each decoding. So a name at the edge
of a muted stretch that leaves no time to say one counts only if the model of the first pass, too, hears one in the muted
recording. Nothing else that was heard is explained away: that the first pass heard other words is how names get missed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from callkit import registry
from callkit.app.redact import open_redactor
from callkit.audio import open_audio, samples_sha256
from callkit.audio.levels import FRAME_S
from callkit.config import Config
from callkit.errors import CallkitError
from callkit.model import Inspection, MutedAudio, RedactionProof, SafeTurn, Word, seconds
from callkit.protocols import Audio, Region, Transcriber
from callkit.stages.mute import level_curves, unworded_spans
from callkit.stages.redact import Redactor
from callkit.store.ledger import Ledger
from callkit.store.reader import Snapshot
from callkit.text.found import Finding, Utterance
from callkit.text.language import searched_in_part

#: A pause (seconds) that ends a turn of what is heard again.
_PAUSE_S = 1.2
#: A finding this much inside muted samples (share of its time) was imagined, not heard.
_MUTED_SHARE = 0.5
#: Nobody says a name in less than this (seconds): Whisper gives so little to what it imagines between silence and speech.
_SHORTEST_NAME_S = 0.12
#: A word that begins or ends this near to a muted stretch (seconds) stands at its edge: word times are that exact.
_EDGE_S = 0.1
#: The model of the first pass listens to so many seconds on each side of a doubtful name.
_AROUND_S = 10.0


@dataclass(frozen=True, slots=True)
class Left:
    """Personal data that was found again: its kind and where, never what it is."""

    where: Literal["text", "audio"]
    entity: str
    rule: str
    start: float
    end: float
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """One call's proof. `reason` is a sentence for people.

    `imagined` are names that one model heard at the edge of silence, and that are not there: they count for nothing.
    """

    proof: RedactionProof
    left: tuple[Left, ...]
    reason: str
    imagined: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """All proofs of one `callkit verify`."""

    calls: tuple[Verified, ...]

    @property
    def exit_code(self) -> int:
        """0: every call is proved clean; 3: something is left, or could not be proved."""
        return 0 if all(call.proof.verdict == "clean" for call in self.calls) else 3


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the store keeps of a call, as far as the proof needs it."""

    turns: tuple[SafeTurn, ...]
    muted: MutedAudio
    inspection: Inspection


def verify(
    calls: Sequence[str],
    *,
    store: str | Path,
    config: Config,
    on_call: Callable[[str], None] | None = None,
) -> VerifyReport:
    """Prove these calls (ids or their beginnings; none: all), store a row of `redaction_proofs` for each, and report.

    Raises `CallkitError`: call-missing, path-missing where a muted recording was not kept, store-locked.
    """
    with Snapshot(store) as snapshot:
        folder = Path(config.mute.folder) if config.mute.folder else snapshot.files.audio
        wanted = [snapshot.call_id(call) for call in calls] or [
            row["call_id"] for row in snapshot.rows("select call_id from calls order by started_at, call_id")
        ]
    with Ledger(store) as ledger:
        kept = {call_id: _kept(ledger, call_id) for call_id in wanted}
    redactor = open_redactor(config)
    ears = Ears(config)
    try:
        verified = []
        for call_id, call in kept.items():
            if on_call:
                on_call(call_id)
            verified.append(_verified(call_id, call, folder / call.muted.file, redactor, ears, config))
    finally:
        ears.close()
    with Ledger(store) as ledger:
        ledger.add_proof(*(call.proof for call in verified))
        ledger.publish()
    return VerifyReport(tuple(verified))


class Ears:
    """Who listens again: the second model to all of it, and the first pass's to what the second may have imagined."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._open: list[Transcriber] = []

    @cached_property
    def second(self) -> Transcriber:
        settings = self.config.verify
        return self._opened(settings.engine, model=settings.model, beam_size=settings.beam_size)

    @cached_property
    def first(self) -> Transcriber | None:
        """The first pass's model; None where it is no other than the second."""
        settings = self.config.transcribe
        if (settings.engine, settings.model) == (self.config.verify.engine, self.config.verify.model):
            return None
        return self._opened(settings.engine)

    def _opened(self, engine: str, **changed: object) -> Transcriber:
        changed |= {"find_speech": False, "translate": False}
        settings = self.config.transcribe.model_copy(update=changed)
        transcriber: Transcriber = registry.build_engine(
            "transcribe", engine, self.config.model_copy(update={"transcribe": settings})
        )
        transcriber.open()
        self._open.append(transcriber)
        return transcriber

    def close(self) -> None:
        for transcriber in self._open:
            transcriber.close()


def _kept(ledger: Ledger, call_id: str) -> _Kept:
    turns, muted, inspection = (ledger.facet(call_id, name) for name in ("turns", "muted", "inspection"))
    if turns is None or muted is None or inspection is None or not muted.file:
        raise CallkitError(
            "path-missing",
            f"no muted recording was kept of call {call_id}",
            "process it with --set audio.keep_muted=true, then verify",
        )
    return _Kept(turns, muted, inspection)


def _verified(call_id: str, kept: _Kept, path: Path, redactor: Redactor, ears: Ears, config: Config) -> Verified:
    started = time.monotonic()
    left = _left_in_text(kept.turns, redactor)
    with closing(open_audio(path)) as audio:
        sha256 = samples_sha256(audio)
        words = _heard(audio, kept.inspection, ears.second)
        # A file that is not the one written may sound where it should be silent.
        silent = kept.muted.spans if sha256 == kept.muted.sha256 else ()
        heard = _left_in_audio(words, kept.turns, silent, redactor)
        imagined = [item for item in heard if _is_imagined(item, audio, kept.turns, silent, redactor, ears)]
        left += [item for item in heard if item not in imagined]
        known: list[Word] = [word for turn in kept.turns for word in turn.words]
        unworded = unworded_spans([*known, *words], _audible_levels(audio, kept.muted), kept.inspection)
    unproven_s = seconds(sum(end - start for start, end in unworded))
    verdict: Literal["clean", "leak", "unproven"] = "clean"
    reason = "nothing personal was found, in the text or by listening again"
    if left:
        verdict, reason = "leak", f"personal data is left: {len(left)} found"
    elif sha256 != kept.muted.sha256:
        verdict, reason = "unproven", "the muted recording is not the one that was written"
    elif unproven_s > config.verify.unproven_s:
        verdict, reason = "unproven", f"{unproven_s:g} s of sound like speech have no words"
    elif unsearched := searched_in_part(turn.language for turn in kept.turns):
        verdict, reason = "unproven", unsearched
    elif imagined:
        times = ", ".join(f"{item.start:.1f} s" for item in imagined)
        reason += f"; the name that one model heard at the edge of silence ({times}) is not there"
    engine, model = ears.second.describe()
    proof = RedactionProof(
        call_id=call_id,
        proved_at=datetime.now(UTC).replace(tzinfo=None),
        engine=engine,
        model=model,
        audio_sha256=sha256,
        seconds=seconds(time.monotonic() - started),
        items_left=len(left),
        unproven_s=unproven_s,
        verdict=verdict,
    )
    return Verified(proof, tuple(left), reason, tuple(imagined))


def _left_in_text(turns: Sequence[SafeTurn], redactor: Redactor) -> list[Left]:
    """What the rules find in the stored text. Placeholders are not looked into."""
    found = redactor.findings([Utterance(turn.text, turn.speaker, turn.language or "en") for turn in turns])
    return [
        Left("text", finding.entity, finding.rule, turns[finding.turn].start, turns[finding.turn].end)
        for finding in found
    ]


def _heard(audio: Audio, inspection: Inspection, transcriber: Transcriber) -> list[Word]:
    """Every word of the muted recording: each channel by itself where channels are speakers, else their mean."""
    channels = inspection.channels_used if inspection.path == "channels" else (None,)
    regions = [Region(channel, 0.0, audio.duration_s) for channel in channels]
    return sorted(transcriber.transcribe(audio, regions).words, key=lambda word: word.start)


def _audible_levels(audio: Audio, muted: MutedAudio) -> NDArray[np.float32]:
    """Each channel's level every 10 ms, with muted frames as quiet as the quietest others.

    Digital silence would make the room's noise, and the other side's bleed, stand out like speech.
    """
    levels = level_curves(audio)
    silenced = np.zeros(levels.shape[1], dtype=bool)
    for start, end in muted.spans:
        silenced[round(start / FRAME_S) : round(end / FRAME_S) + 1] = True
    if silenced.all():
        return levels
    levels[:, silenced] = np.percentile(levels[:, ~silenced], 5, axis=1)[:, None]
    return levels


def _left_in_audio(
    words: Sequence[Word], stored: Sequence[SafeTurn], silent: Sequence[tuple[float, float]], redactor: Redactor
) -> list[Left]:
    """What the rules find in what was heard, if it lies where the recording is audible."""
    turns = _turns(words, stored)
    # The smaller model takes one language for another more often: names of the wrong one would be found in anything.
    spoken = Counter(turn.language for turn in stored if turn.language) or Counter(["en"])
    usual = spoken.most_common(1)[0][0]
    found = redactor.findings(
        [
            Utterance(_text(turn), speaker, turn[0].language if turn[0].language in spoken else usual)
            for speaker, turn in turns
        ]
    )
    left = []
    for finding in found:
        start, end = _time_of(finding, turns[finding.turn][1])
        muted = sum(max(0.0, min(end, stop) - max(start, begin)) for begin, stop in silent)
        if muted < _MUTED_SHARE * max(end - start, 0.01):
            channel = turns[finding.turn][1][0].channel
            left.append(Left("audio", finding.entity, finding.rule, start, end, channel))
    return left


def _is_imagined(
    item: Left,
    audio: Audio,
    stored: Sequence[SafeTurn],
    silent: Sequence[tuple[float, float]],
    redactor: Redactor,
    ears: Ears,
) -> bool:
    """Is a name no more than what a model makes of the silence beside it, so that the other model hears none there?"""
    audible = item.end - item.start - sum(max(0.0, min(item.end, b) - max(item.start, a)) for a, b in silent)
    at_edge = any(a - _EDGE_S <= item.end and item.start <= b + _EDGE_S for a, b in silent)
    if item.entity != "PERSON" or audible >= _SHORTEST_NAME_S or not at_edge or ears.first is None:
        return False
    around = Region(item.channel, max(0.0, item.start - _AROUND_S), min(audio.duration_s, item.end + _AROUND_S))
    again = _left_in_audio(ears.first.transcribe(audio, [around]).words, stored, silent, redactor)
    return not any(other.start <= item.end + _PAUSE_S and item.start - _PAUSE_S <= other.end for other in again)


def _turns(words: Sequence[Word], turns: Sequence[SafeTurn]) -> list[tuple[str, list[Word]]]:
    """(speaker, words): stretches of one speaker by the stored turns' times, or by pauses where none fits."""
    found: list[tuple[str, list[Word]]] = []
    for word in words:
        middle = (word.start + word.end) / 2
        holders = [turn for turn in turns if turn.start <= middle < turn.end and turn.channel in (None, word.channel)]
        speaker = holders[0].speaker if holders else f"channel {word.channel}"
        if found and found[-1][0] == speaker and word.start - found[-1][1][-1].end < _PAUSE_S:
            found[-1][1].append(word)
        else:
            found.append((speaker, [word]))
    return found


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _time_of(finding: Finding, words: Sequence[Word]) -> tuple[float, float]:
    """From the first to the last word a finding touches, seconds."""
    place, touched = 0, []
    for word in words:
        if place < finding.end and finding.start < place + len(word.text):
            touched.append(word)
        place += len(word.text) + 1
    return touched[0].start, max(word.end for word in touched)
