"""Whose words these are: by who is speaking at the time and by where a sentence ends, weighed together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from callkit.model import SpeakerSpan, Word

#: What it costs, in seconds of contradicting speech, to change speaker between two words: next to nothing where a
#: sentence ends, more after a comma or a pause, most in the middle of a phrase, which one person rarely begins and
#: another ends.
AT_SENTENCE = 0.05
AT_PAUSE = 0.15
AT_COMMA = 0.25
INSIDE = 0.6
PAUSE_S = 0.5
#: Spans are believed to this many seconds at their ends.
TOLERANCE_S = 0.1
#: A word farther than this (seconds) from anybody's span costs no more for it.
FARTHEST_S = 1.0


def by_channel(words: Sequence[Word]) -> list[str]:
    """The speaker of each word where a channel is a speaker."""
    return [f"S{word.channel}" for word in words]


def by_spans(words: Sequence[Word], spans: Sequence[SpeakerSpan]) -> list[str]:
    """The speaker of each word, in order, by the cheapest path: contradicted seconds plus changes of speaker.

    A Viterbi search over the words. Overlapped speech contradicts neither speaker, so it stays with whoever is in the
    middle of a sentence.
    """
    speakers = sorted({span.speaker for span in spans})
    if len(speakers) < 2:
        return [speakers[0] if speakers else "S0"] * len(words)
    tables = [Talk([span for span in spans if span.speaker == name]) for name in speakers]
    costs = [0.0] * len(speakers)
    back: list[list[int]] = []
    previous: Word | None = None
    for word in words:
        change = change_cost(previous, word) if previous else 0.0
        cheapest = min(range(len(speakers)), key=lambda place: costs[place])
        came = [place if costs[place] <= costs[cheapest] + change else cheapest for place in range(len(speakers))]
        costs = [
            min(costs[place], costs[cheapest] + change) + contradiction(word, talk.near(word))
            for place, talk in enumerate(tables)
        ]
        back.append(came)
        previous = word
    if not back:
        return []
    place = min(range(len(speakers)), key=lambda at: costs[at])
    path = []
    for came in reversed(back):
        path.append(speakers[place])
        place = came[place]
    return path[::-1]


class Talk:
    """When one speaker talks, to be asked about one word after another."""

    def __init__(self, spans: Sequence[SpeakerSpan]) -> None:
        self._spans = sorted((span.start, span.end) for span in spans)
        self._starts = [start for start, _ in self._spans]
        self._reached = list(accumulate((end for _, end in self._spans), max))

    def near(self, word: Word) -> Sequence[tuple[float, float]]:
        """The spans within `FARTHEST_S` of a word, and perhaps a few more, in order."""
        reach = FARTHEST_S + TOLERANCE_S
        first = bisect_left(self._reached, word.start - reach)
        return self._spans[first : bisect_right(self._starts, word.end + reach)]


def change_cost(before: Word, after: Word) -> float:
    """Seconds of contradicting speech that a change of speaker between two words must explain."""
    if before.text.endswith((".", "?", "!", "。", "？", "！")):
        return AT_SENTENCE
    if after.start - before.end >= PAUSE_S:
        return AT_PAUSE
    return AT_COMMA if before.text.endswith((",", ";", ":", "、")) else INSIDE


def contradiction(word: Word, spans: Sequence[tuple[float, float]]) -> float:
    """Seconds of a word in which a speaker, by his spans, does not talk; at least 0.1 s where he never does.

    A word outside everybody's spans costs by its distance, so that the nearest speaker gets it.
    """
    start, end = word.start, max(word.end, word.start + TOLERANCE_S)
    covered, distance = 0.0, FARTHEST_S
    for first, last in spans:
        covered += max(0.0, min(end, last + TOLERANCE_S) - max(start, first - TOLERANCE_S))
        distance = min(distance, max(first - end, start - last, 0.0))
    missing = max(0.0, end - start - covered)
    return missing if covered else missing + distance
