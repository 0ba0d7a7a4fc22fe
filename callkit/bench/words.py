"""Counting what was heard: word, character and time errors, words where nobody speaks.

WER and CER by jiwer, cpWER by meeteval (Watanabe et al., CHiME-6, 2020), after whisper's own text normalizer (Radford et al.
2022, appendix C: numbers to digits, spelling, contractions), the English one for English and the basic one otherwise.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from functools import cache

from callkit.bench.figures import Evidence
from callkit.bench.heard import Heard
from callkit.bench.truth import Truth

#: Words nearer than this (seconds) to somebody's speech are not held to be made up.
_NEAR_SPEECH_S = 0.5
_PLAIN = re.compile(r"[^\w']+")


def count_words(truth: Truth, heard: Heard) -> Evidence:
    """Evidence of wer, wer_raw, cer, cpwer, word times, language and hallucinated words, as far as the labels allow."""
    if heard.words is None:
        return {}
    clean = normalizer(truth.language)
    found: dict[str, tuple[float, ...]] = {}
    if truth.turns and any(turn.text for turn in truth.turns):
        pairs = streams(truth, heard)
        cleaned = [(clean(true), clean(said)) for true, said in pairs]
        found["wer"] = word_errors(cleaned)
        found["wer_raw"] = word_errors(pairs)
        found["cer"] = character_errors(cleaned)
        if heard.turns is not None and _speakers_known(truth):
            found["cpwer"] = cpwer(_by_speaker(truth, clean), _heard_by_speaker(heard, clean))
        errors = word_time_errors(truth, heard)
        if errors:
            found["word_time_median_s"] = found["word_time_p95_s"] = errors
    if truth.language and heard.language is not None:
        found["language_right"] = (float(heard.language == truth.language), 1.0)
    if truth.timed or truth.spans or _silent(truth):
        found["hallucinated_words_per_min"] = made_up_words(truth, heard)
    return found


@cache
def normalizer(language: str | None) -> Callable[[str], str]:
    """Whisper's normalizer for a language (English where unknown)."""
    if (language or "en") == "en":
        from whisper_normalizer.english import EnglishTextNormalizer

        english: Callable[[str], str] = EnglishTextNormalizer()
        return english
    from whisper_normalizer.basic import BasicTextNormalizer

    basic: Callable[[str], str] = BasicTextNormalizer()
    return basic


def streams(truth: Truth, heard: Heard) -> list[tuple[str, str]]:
    """(true, heard) texts to compare: one a channel where both know channels, else one of the whole call."""
    true_channels = sorted({turn.channel for turn in truth.turns if turn.channel is not None})
    heard_channels = {word.channel for word in heard.words or ()}
    if len(true_channels) > 1 and len(heard_channels) > 1:
        return [
            (
                " ".join(turn.text for turn in truth.turns if turn.channel == channel),
                " ".join(word.text for word in heard.in_turns() if word.channel == channel),
            )
            for channel in true_channels
        ]
    return [(" ".join(turn.text for turn in truth.turns), " ".join(word.text for word in heard.in_turns()))]


def word_errors(pairs: Iterable[tuple[str, str]]) -> tuple[float, float]:
    """(errors, true words) by jiwer; words heard where the truth has none are insertions."""
    import jiwer

    errors = words = 0
    for true, said in pairs:
        if not true.split():
            errors += len(said.split())
            continue
        out = jiwer.process_words(true, said)
        errors += out.substitutions + out.deletions + out.insertions
        words += out.hits + out.substitutions + out.deletions
    return float(errors), float(words)


def character_errors(pairs: Iterable[tuple[str, str]]) -> tuple[float, float]:
    """(errors, true characters) by jiwer."""
    import jiwer

    errors = characters = 0
    for true, said in pairs:
        if not true.strip():
            errors += len(said)
            continue
        out = jiwer.process_characters(true, said)
        errors += out.substitutions + out.deletions + out.insertions
        characters += out.hits + out.substitutions + out.deletions
    return float(errors), float(characters)


def cpwer(true: dict[str, str], said: dict[str, str]) -> tuple[float, float]:
    """(errors, true words) under the best match of speakers, by meeteval."""
    from meeteval.wer.wer.cp import cp_word_error_rate

    logging.getLogger("preprocess").setLevel(logging.ERROR)  # meeteval's logger: it says that there are no time stamps
    out = cp_word_error_rate(true or {"nobody": ""}, said or {"nobody": ""})
    return float(out.errors), float(out.length)


def word_time_errors(truth: Truth, heard: Heard) -> tuple[float, ...]:
    """Differences (s) of the starts and ends of the words that were heard right, where true word times are known."""
    import jiwer

    errors: list[float] = []
    channels = {turn.channel for turn in truth.turns}
    for channel in channels if len({word.channel for word in heard.words or ()}) > 1 else {None}:
        of_channel = [turn for turn in truth.turns if channel is None or turn.channel == channel]
        true = [word for turn in of_channel for word in turn.words if _plain(word.text)]
        said = [w for w in heard.in_turns() if _plain(w.text) and (channel is None or w.channel == channel)]
        if not true or not said:
            continue
        out = jiwer.process_words(" ".join(_plain(w.text) for w in true), " ".join(_plain(w.text) for w in said))
        for chunk in out.alignments[0]:
            if chunk.type == "equal":
                matched = zip(
                    true[chunk.ref_start_idx : chunk.ref_end_idx],
                    said[chunk.hyp_start_idx : chunk.hyp_end_idx],
                    strict=True,
                )
                for one, other in matched:
                    errors += [abs(one.start - other.start), abs(one.end - other.end)]
    return tuple(round(error, 3) for error in errors)


def made_up_words(truth: Truth, heard: Heard) -> tuple[float, float]:
    """(words whose middle is far from anybody's speech, minutes without speech)."""
    speech = merged([(start, end) for _, start, end in truth.speaker_spans()])
    first, last = truth.scored or (0.0, heard.duration_s)
    quiet = last - first - sum(end - start for start, end in speech)
    wrong = 0
    for word in heard.words or ():
        middle = (word.start + word.end) / 2
        inside = any(start - _NEAR_SPEECH_S <= middle <= end + _NEAR_SPEECH_S for start, end in speech)
        wrong += first <= middle < last and not inside
    return float(wrong), max(quiet, 0.0) / 60


def merged(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The spans' union, sorted."""
    union: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((start, end))
    return union


def _silent(truth: Truth) -> bool:
    """Labelled as a call on which nobody speaks."""
    return truth.pii is not None and not truth.turns and not truth.spans


def _speakers_known(truth: Truth) -> bool:
    return all(turn.speaker != "speaker" for turn in truth.turns)


def _by_speaker(truth: Truth, clean: Callable[[str], str]) -> dict[str, str]:
    names = dict.fromkeys(turn.speaker for turn in truth.turns)
    return {name: clean(" ".join(turn.text for turn in truth.turns if turn.speaker == name)) for name in names}


def _heard_by_speaker(heard: Heard, clean: Callable[[str], str]) -> dict[str, str]:
    turns = heard.turns or ()
    names = dict.fromkeys(turn.speaker for turn in turns)
    return {name: clean(" ".join(turn.text for turn in turns if turn.speaker == name)) for name in names}


def _plain(text: str) -> str:
    return _PLAIN.sub("", text.lower())
