"""The audio that may be kept or played: every redacted stretch silenced on every channel, and every unheard one too.

What is silenced is (1) each redaction with a little padding, widened to the silence around it but not into a
neighbouring word, and (2) each sound like speech that no word covers: what was not transcribed was not searched for
personal data. The other side of a call bleeds into each channel, so that a stretch is always silenced on all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from callkit.audio import SAMPLE_RATE, FlacWriter, to_int16
from callkit.audio.levels import FRAME_S, Array, dbfs, frame_power, runs, smooth
from callkit.audio.meter import active
from callkit.config import MuteSettings
from callkit.model import Inspection, MutedAudio, Redaction, Turn, Word, seconds
from callkit.protocols import JSON, Audio, Given, Resources

Span = tuple[float, float]

#: Segments whose sound is known for something other than talk. It is silenced, but not counted as unheard speech.
NOT_TALK = frozenset({"silence", "hold", "music", "ringback", "voicemail_beep"})
#: Sound below this is none.
SILENCE_DBFS = -60.0
#: Word times are this uncertain (seconds), so sound so near to a word is taken to be its own.
WORD_TOLERANCE_S = 0.3
#: Sound without words counts from this length on, and down to this far below the channel's speech: breath is fainter.
UNWORDED_MIN_S = 0.25
UNWORDED_BELOW_DB = 25.0
#: Where channels bleed, what lies this far below the other channel's words is their leak.
BLEED_BELOW_DB = 8.0
BEEP_HZ = 1000.0
BEEP_AMPLITUDE = 0.1


class Mute:
    """Silences what must not be heard, keeps the result as FLAC where a folder is set, and says what it silenced."""

    name = "mute"
    version = 1
    requires: tuple[str, ...] = ("audio", "inspection", "raw_turns", "redactions")
    provides: tuple[str, ...] = ("muted",)
    scope = "call"
    resources = Resources(cores=1, memory_mb=100)

    def __init__(self, *, settings: MuteSettings) -> None:
        self.settings = settings

    def identity(self) -> Mapping[str, JSON]:
        """Whether the audio is kept decides the answer; where does not."""
        return {
            "settings": self.settings.model_dump(mode="json", exclude={"folder"}),
            "kept": bool(self.settings.folder),
        }

    def describe(self) -> tuple[str, str]:
        return "", ""

    def open(self) -> None:
        """Nothing to load."""

    def close(self) -> None:
        """Nothing to let go of."""

    def run(self, given: Given) -> Mapping[str, Any]:
        audio, inspection = given["audio"], given["inspection"]
        turns: Sequence[Turn] = given["raw_turns"]
        levels = level_curves(audio)
        redacted = redacted_spans(given["redactions"], turns, levels, inspection, self.settings)
        unworded = unworded_spans([word for turn in turns for word in turn.words], levels, inspection)
        spans = merged([*redacted, *unworded])
        beeps = redacted if self.settings.fill == "beep" else []
        call_id = given["call"].call_id
        file = f"{call_id}.flac" if self.settings.folder else ""
        path = Path(self.settings.folder) / f".{file}.tmp" if file else None
        return {
            "muted": MutedAudio(
                file=file,
                sha256=write_muted(audio, spans, beeps, path),
                muted_s=seconds(_length(spans)),
                unworded_s=seconds(unheard_s(unworded, inspection)),
                spans=tuple((seconds(start), seconds(end)) for start, end in spans),
            )
        }


def level_curves(audio: Audio) -> Array:
    """Each channel's level in dBFS every 10 ms, (channels, frames)."""
    power = [frame_power(block, round(FRAME_S * SAMPLE_RATE)) for _, block in audio.blocks(30.0)]
    return dbfs(smooth(np.concatenate(power, axis=1), 3))


def redacted_spans(
    redactions: Iterable[Redaction],
    turns: Sequence[Turn],
    levels: Array,
    inspection: Inspection,
    settings: MuteSettings,
) -> list[Span]:
    """Each redaction padded, and widened on its speaker's channel to the silence around or the neighbouring word."""
    quiet = [~active(curve, SILENCE_DBFS) for curve in levels]
    by_channel: dict[int, list[Word]] = {}
    for turn in turns:
        for word in turn.words:
            by_channel.setdefault(word.channel, []).append(word)
    for words in by_channel.values():
        words.sort(key=lambda word: word.start)
    spans = []
    for redaction in redactions:
        hidden = turns[redaction.turn].words[redaction.first_word : redaction.last_word + 1]
        first = min(redaction.start, *(word.start for word in hidden))
        last = max(redaction.end, *(word.end for word in hidden))
        words = by_channel[hidden[0].channel]
        before = max((word.end for word in words if word.start < first), default=0.0)
        after = min((word.start for word in words if word.end > last), default=inspection.duration_s)
        silent = quiet[hidden[0].channel]
        start = _silence_before(silent, first, min(max(before, first - settings.widen_s), first))
        end = _silence_after(silent, last, max(min(after, last + settings.widen_s), last))
        spans.append(
            (
                max(min(start, first - settings.padding_s), 0.0),
                min(max(end, last + settings.padding_s), inspection.duration_s),
            )
        )
    return merged(spans)


def unworded_spans(words: Sequence[Word], levels: Array, inspection: Inspection) -> list[Span]:
    """Stretches in which a channel that is listened to has sound as loud as speech and no word.

    Hold music and tones are among them: somebody may speak over them unheard.
    """
    spans: list[Span] = []
    for channel in inspection.channels_used:
        curve = levels[channel]
        loud = active(curve, SILENCE_DBFS)
        if not loud.any():
            continue
        loud &= curve > float(dbfs(np.mean(10 ** (curve[loud].astype(np.float64) / 10)))) - UNWORDED_BELOW_DB
        # Words of a mix carry the first channel's number; where channels are people each has its own.
        apart = inspection.path == "channels"
        _clear(loud, _around(word for word in words if not apart or word.channel == channel))
        if inspection.bleed_share:
            for other in set(inspection.channels_used) - {channel}:
                leak = np.zeros(len(loud), bool)
                _set(leak, _around(word for word in words if word.channel == other))
                loud &= ~(leak & (levels[other] > curve + BLEED_BELOW_DB))
        found = runs(loud, min_frames=round(UNWORDED_MIN_S / FRAME_S), bridge_frames=round(0.1 / FRAME_S))
        spans.extend((start * FRAME_S, min(end * FRAME_S, inspection.duration_s)) for start, end in found)
    return merged(spans)


def unheard_s(unworded: Sequence[Span], inspection: Inspection) -> float:
    """Seconds of what may be unheard speech: the spans without hold music and tones."""
    known = [(part.start, part.end) for part in inspection.segments if part.kind in NOT_TALK]
    return _length(merged([*unworded, *known])) - _length(merged(known))


def _length(spans: Iterable[Span]) -> float:
    return sum(end - start for start, end in spans)


def write_muted(audio: Audio, spans: Sequence[Span], beeps: Sequence[Span], path: Path | None) -> str:
    """SHA-256 of the muted 16-bit samples (`callkit.audio.samples_sha256`); written as FLAC where there is a path."""
    digest = hashlib.sha256()
    with FlacWriter(path, channels=audio.channels) if path else nullcontext() as writer:
        for block in muted_blocks(audio, spans, beeps):
            digest.update(block.astype("<i2").tobytes())
            if writer:
                writer.write(block)
    return digest.hexdigest()


def muted_blocks(audio: Audio, spans: Sequence[Span], beeps: Sequence[Span]) -> Iterator[NDArray[np.int16]]:
    """The recording in 16-bit blocks (n, channels), zero inside `spans` and a tone inside `beeps`, all else as it is."""
    for start_s, block in audio.blocks(30.0):
        first = round(start_s * SAMPLE_RATE)
        out = to_int16(block.T)
        for start, end in _within(spans, first, len(out)):
            out[start:end] = 0
        for start, end in _within(beeps, first, len(out)):
            time = np.arange(first + start, first + end) / SAMPLE_RATE
            out[start:end] = to_int16((BEEP_AMPLITUDE * np.sin(2 * np.pi * BEEP_HZ * time)).astype(np.float32))[:, None]
        yield out


def _within(spans: Iterable[Span], first: int, length: int) -> Iterator[tuple[int, int]]:
    """The spans' sample ranges inside a block, from its start; outward to whole samples."""
    for start, end in spans:
        low = max(int(np.floor(start * SAMPLE_RATE)) - first, 0)
        high = min(int(np.ceil(end * SAMPLE_RATE)) - first, length)
        if low < high:
            yield low, high


def merged(spans: Iterable[Span]) -> list[Span]:
    """Sorted spans, those that touch made one."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _silence_before(silent: NDArray[np.bool_], time: float, limit: float) -> float:
    """The end of the last silent frame in [limit, time], or `limit`."""
    low, high = round(limit / FRAME_S), round(time / FRAME_S)
    found = np.flatnonzero(silent[low:high])
    return float((low + found[-1] + 1) * FRAME_S) if len(found) else limit


def _silence_after(silent: NDArray[np.bool_], time: float, limit: float) -> float:
    """The start of the first silent frame in [time, limit], or `limit`."""
    low, high = round(time / FRAME_S), round(limit / FRAME_S)
    found = np.flatnonzero(silent[low:high])
    return float((low + found[0]) * FRAME_S) if len(found) else limit


def _around(words: Iterable[Word]) -> Iterator[Span]:
    return ((word.start - WORD_TOLERANCE_S, word.end + WORD_TOLERANCE_S) for word in words)


def _clear(mask: NDArray[np.bool_], spans: Iterable[Span]) -> None:
    for start, end in spans:
        mask[max(round(start / FRAME_S), 0) : max(round(end / FRAME_S), 0)] = False


def _set(mask: NDArray[np.bool_], spans: Iterable[Span]) -> None:
    for start, end in spans:
        mask[max(round(start / FRAME_S), 0) : max(round(end / FRAME_S), 0)] = True
