"""Whisper by faster-whisper (CTranslate2): speech packed into full windows, decoded in batches, every word timed.

The encoder runs once a window: language identification, text, word times and translation share its output.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from callkit.config import TranscribeSettings
from callkit.engines.memory import give_back
from callkit.engines.speech_pieces import all_pieces, speech_pieces
from callkit.engines.whisper_windows import SAMPLE_RATE, WINDOW_S, Piece, Window, pack
from callkit.engines.word_times import levels, loud_frames, replaced, settle
from callkit.errors import ConfigError
from callkit.model import UNSPACED_LANGUAGES, Language, Phrase, Word, seconds
from callkit.models import Models
from callkit.protocols import JSON, Audio, Progress, Region, Transcript

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Windows decoded together. Encoding and aligning gain nothing by company and take 72 and 40 MB a window, so they go by
#: fewer.
BATCH = 8
ENCODED = 2
#: After a call longer than this (seconds) the model makes room for the stages to come: they hold all of its words at once.
#: Opening it again takes a second.
LONG_CALL_S = 1800.0
#: Whisper's own gates (Radford et al. 2022, section 4.5): text that compresses better is a loop; a window that is
#: both improbable and likely silent holds no speech.
MAX_COMPRESSION = 2.4
MIN_LOGPROB = -1.0
MAX_NO_SPEECH = 0.6
#: The same few letters five times over are a loop too, however the rest of the window reads.
LOOP = re.compile(r"(.{3,24}?)\1{4,}")
#: A piece at least this long (seconds, padding included) without a word is heard again, in windows no longer than this,
#: and then must be at least this likely.
UNHEARD_S = 1.0
SECOND_WINDOW_S = 12.0
SECOND_LOGPROB = -0.6
#: A window is decoded in a language of its own when it is this sure of it.
OTHER_LANGUAGE = 0.9
#: Parts of one written word are joined when no farther apart than this (seconds).
JOIN_S = 0.3
#: Punctuation that belongs to the word after it, and to the word before it.
OPENING = "\"'“¿([{-"
CLOSING = "\"'.。,，!！?？:：”)]}、"


class FasterWhisper:
    """Whisper models converted for CTranslate2: a folder, a catalogued name, or a hub name."""

    name = "faster-whisper"

    def __init__(self, *, settings: TranscribeSettings, models: Models, cores: int) -> None:
        self.settings = settings
        self.models = models
        self.cores = cores
        self._model: Any = None

    def identity(self) -> Mapping[str, JSON]:
        return {
            "engine": self.name,
            "model": self.models.digest(self.settings.model),
            "language": self.settings.language,
            "beam_size": self.settings.beam_size,
            "vocabulary": list(self._vocabulary()),
            "translate": self.settings.translate,
            "find_speech": self.settings.find_speech,
        }

    def describe(self) -> tuple[str, str]:
        return self.name, self.settings.model

    def open(self) -> None:
        if self._model is None:
            from faster_whisper import WhisperModel

            path = self.models.path(self.settings.model)
            self._model = WhisperModel(str(path), device="cpu", compute_type="int8", cpu_threads=self.cores)

    def close(self) -> None:
        self._model = None

    def transcribe(self, audio: Audio, regions: Sequence[Region], *, progress: Progress | None = None) -> Transcript:
        """Every word spoken inside `regions`, by start; times are seconds of the recording."""
        self.open()
        total = sum(region.end - region.start for region in regions) or 1.0
        done = 0.0

        def pieces() -> Iterator[Piece]:
            nonlocal done
            for region in regions:
                for start, end, found in (speech_pieces if self.settings.find_speech else all_pieces)(audio, region):
                    yield from found
                    done += end - start

        words: list[Word] = []
        phrases: list[Phrase] = []
        evidence: dict[str, float] = {}
        windows = pack(pieces())
        while batch := list(islice(windows, BATCH)):
            found, said = self._decode(batch, evidence)
            words += found
            phrases += said
            again = pack(unheard(batch, found), window_s=SECOND_WINDOW_S)
            while second := list(islice(again, BATCH)):
                words += self._decode(second, dict(evidence), last=True)[0]
            if progress:
                progress("transcribe", min(1.0, done / total))
        if audio.duration_s > LONG_CALL_S:
            self.close()
        give_back()
        words.sort(key=lambda word: (word.start, word.end))
        phrases.sort(key=lambda phrase: phrase.start)
        return Transcript(tuple(words), self._language(evidence), tuple(phrases))

    def _language(self, evidence: Mapping[str, float]) -> Language:
        if self.settings.language:
            return Language(self.settings.language, 1.0)
        if not evidence:
            return Language("", 0.0)
        code = max(evidence, key=lambda name: evidence[name])
        return Language(code, round(evidence[code] / sum(evidence.values()), 3))

    def _decode(
        self, windows: Sequence[Window], evidence: dict[str, float], *, last: bool = False
    ) -> tuple[list[Word], list[Phrase]]:
        """Words and phrases of a batch. `evidence` gathers seconds of speech by language over the call.

        `last`: what these windows hold was passed over once, and is heard now or never.
        """
        encoded = self._encode(windows)
        languages = self._languages(encoded, windows, evidence)
        words: list[Word] = []
        phrases: list[Phrase] = []
        for language in sorted(set(languages)):
            chosen = [place for place, code in enumerate(languages) if code == language]
            part = encoded if len(chosen) == len(windows) else _rows(encoded, chosen)
            group = [windows[place] for place in chosen]
            words += self._words(part, group, language, last=last)
            if self.settings.translate and language != "en" and not last:
                phrases += self._phrases(part, group, language)
        return words, phrases

    def _encode(self, windows: Sequence[Window]) -> Any:
        """The encoder's output of a batch."""
        parts = []
        for low in range(0, len(windows), ENCODED):
            features = np.stack([self._features(window) for window in windows[low : low + ENCODED]])
            parts.append(np.asarray(self._model.encode(features)))
        return _stored(np.concatenate(parts))

    def _features(self, window: Window) -> NDArray[np.float32]:
        extractor = self._model.feature_extractor
        samples = window.samples()
        padded = np.pad(samples, (0, max(0, int(WINDOW_S * SAMPLE_RATE) - len(samples))))
        features: NDArray[np.float32] = extractor(padded)[:, : extractor.nb_max_frames]
        return features

    def _languages(self, encoded: Any, windows: Sequence[Window], evidence: dict[str, float]) -> list[str]:
        """The language to decode each window in: the call's, unless a window is sure of another."""
        if self.settings.language:
            return [self.settings.language] * len(windows)
        if not self._model.model.is_multilingual:
            evidence["en"] = evidence.get("en", 0.0) + 1.0
            return ["en"] * len(windows)
        detected = [
            {token[2:-2]: probability for token, probability in result}
            for result in self._model.model.detect_language(encoded)
        ]
        for window, probabilities in zip(windows, detected, strict=True):
            for code, probability in probabilities.items():
                evidence[code] = evidence.get(code, 0.0) + probability * window.speech_s
        call = self._language(evidence).code
        sure = [max(probabilities, key=lambda code: probabilities[code]) for probabilities in detected]
        return [
            best if probabilities[best] >= OTHER_LANGUAGE else call
            for best, probabilities in zip(sure, detected, strict=True)
        ]

    def _tokenizer(self, language: str, task: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        model = self._model
        return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task=task, language=language)

    def _generate(self, encoded: Any, count: int, tokenizer: Any, **options: Any) -> list[Any]:
        from faster_whisper.transcribe import get_suppressed_tokens

        prompt = self._model.get_prompt(
            tokenizer,
            previous_tokens=[],
            without_timestamps=options.pop("without_timestamps", True),
            hotwords=", ".join(self._vocabulary()) or None,
        )
        results: list[Any] = self._model.model.generate(
            encoded,
            [prompt] * count,
            beam_size=self.settings.beam_size,
            max_length=self._model.max_length,
            suppress_tokens=list(get_suppressed_tokens(tokenizer, [-1])),
            return_scores=True,
            return_no_speech_prob=True,
            **options,
        )
        return results

    def _words(self, encoded: Any, windows: Sequence[Window], language: str, *, last: bool) -> list[Word]:
        tokenizer = self._tokenizer(language, "transcribe")
        results = self._generate(encoded, len(windows), tokenizer)
        tokens = [self._accepted(encoded, place, result, tokenizer, last=last) for place, result in enumerate(results)]
        kept = [place for place, found in enumerate(tokens) if found]
        if not kept:
            return []
        words: list[Word] = []
        for low in range(0, len(kept), ENCODED):
            some = kept[low : low + ENCODED]
            frames = [round(windows[place].duration * self._model.frames_per_second) for place in some]
            said = [tokens[place] for place in some]
            for place, alignment in zip(
                some, self._model.find_alignment(tokenizer, said, _rows(encoded, some), frames), strict=True
            ):
                words += self._timed(windows[place], alignment, language)
        return words

    def _accepted(self, encoded: Any, place: int, result: Any, tokenizer: Any, *, last: bool) -> list[int]:
        """A window's text tokens, none where it is a loop or silence.

        What is refused is heard again in shorter windows; then a loop is decoded without repeats, and doubt counts more.
        """
        tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
        if last and _is_loop(tokenizer.decode(tokens)):
            result = self._generate(_rows(encoded, [place]), 1, tokenizer, no_repeat_ngram_size=3)[0]
            tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
        logprob = result.scores[0] * len(result.sequences_ids[0]) / (len(result.sequences_ids[0]) + 1)
        silent = result.no_speech_prob > MAX_NO_SPEECH and logprob < MIN_LOGPROB
        doubtful = last and (result.no_speech_prob > MAX_NO_SPEECH or logprob < SECOND_LOGPROB)
        return [] if silent or doubtful or _is_loop(tokenizer.decode(tokens)) else tokens

    def _timed(self, window: Window, alignment: list[dict[str, Any]], language: str) -> list[Word]:
        """The words of a window in the recording's time, parts of one written word joined ("ma" "'am", "8" "-10")."""
        from faster_whisper.transcribe import merge_punctuations

        merge_punctuations(alignment, OPENING, CLOSING)
        samples = window.samples()
        loud = loud_frames(samples)
        stretches = window.stretches()
        times = [(float(item["start"]), float(item["end"])) for item in alignment]
        words: list[Word] = []
        for item, time in zip(alignment, replaced(times, stretches, levels(stretches, samples)), strict=True):
            raw: str = item["word"]
            across = any(character.isdigit() for character in raw)
            inside = settle(*time, loud)
            start, end = (seconds(time) for time in window.to_recording(*inside, across=across))
            text, confidence = raw.strip(), float(item["probability"])
            if words and _joins(words[-1], raw, start, language):
                before = words.pop()
                start, text = before.start, before.text + text
                confidence = min(before.confidence, confidence)
            elif not any(character.isalnum() for character in text):
                continue
            words.append(Word(start, end, text, window.channel or 0, round(confidence, 3), language))
        return words

    def _phrases(self, encoded: Any, windows: Sequence[Window], language: str) -> list[Phrase]:
        """Whisper's own translation to English, by its timestamp tokens."""
        tokenizer = self._tokenizer(language, "translate")
        results = self._generate(encoded, len(windows), tokenizer, without_timestamps=False)
        phrases = []
        for window, result in zip(windows, results, strict=True):
            for start, end, tokens in _split_by_timestamps(result.sequences_ids[0], tokenizer, window.duration):
                text = tokenizer.decode(tokens).strip()
                if text and not _is_loop(text):
                    first, last = window.to_recording(start, end)
                    phrases.append(Phrase(seconds(first), seconds(last), text, window.channel or 0))
        return phrases

    def _vocabulary(self) -> tuple[str, ...]:
        """Names and terms to listen for, from the setting and the file. Raises `ConfigError`."""
        terms = list(self.settings.vocabulary)
        if self.settings.vocabulary_file:
            try:
                text = Path(self.settings.vocabulary_file).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                raise ConfigError(
                    "config-missing",
                    "the file named by transcribe.vocabulary_file cannot be read",
                    "give a UTF-8 text file with one name or term a line",
                ) from None
            terms += [line.strip() for line in text.splitlines() if line.strip()]
        return tuple(dict.fromkeys(terms))


def _joins(before: Word, raw: str, start: float, language: str) -> bool:
    """Is this the rest of the word before: no space, no pause between, and no sentence that ended there?"""
    if not raw or raw[0].isspace() or language in UNSPACED_LANGUAGES or not 0 <= start - before.end <= JOIN_S:
        return False
    return not (raw[0].isalpha() and before.text.endswith((".", "?", "!")) and len(before.text) > 3)


def _rows(encoded: Any, places: Sequence[int]) -> Any:
    """Some windows of an encoded batch."""
    return _stored(np.asarray(encoded)[list(places)])


def _stored(array: NDArray[np.float32]) -> Any:
    import ctranslate2

    return ctranslate2.StorageView.from_array(np.ascontiguousarray(array))


def unheard(windows: Sequence[Window], words: Sequence[Word]) -> Iterator[Piece]:
    """The pieces, long enough to hold a word, in which no word was heard: Whisper at times passes over a sentence."""
    for window in windows:
        own = [(word.start + word.end) / 2 for word in words if word.channel == (window.channel or 0)]
        for piece in window.pieces:
            if piece.duration >= UNHEARD_S and not any(piece.start <= middle <= piece.end for middle in own):
                yield piece


def _is_loop(text: str) -> bool:
    raw = text.encode("utf-8")
    return bool(LOOP.search(text)) or (bool(raw) and len(raw) / len(zlib.compress(raw)) > MAX_COMPRESSION)


def _split_by_timestamps(
    tokens: Sequence[int], tokenizer: Any, duration: float
) -> Iterator[tuple[float, float, list[int]]]:
    """(start, end, text tokens) between Whisper's timestamp tokens, in seconds of the window."""
    start = 0.0
    text: list[int] = []
    for token in tokens:
        if token >= tokenizer.timestamp_begin:
            time = (token - tokenizer.timestamp_begin) * 0.02
            if text:
                yield start, min(max(time, start), duration), text
                text = []
            start = min(time, duration)
        elif token < tokenizer.eot:
            text.append(token)
    if text:
        yield start, duration, text
