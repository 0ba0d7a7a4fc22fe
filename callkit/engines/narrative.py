"""The story of a call in two or three statements: why, what was found, said and ruled out, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from callkit.engines.denials import Denial, denials_of
from callkit.engines.promises import actions_of
from callkit.engines.reading import Reading, checked_report, statement_of
from callkit.engines.speech_acts import Sentence, is_of_the_line, speech_acts
from callkit.model import Statement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: A call of this many words is long; sentences longer than this ramble.
LONG_WORDS = 400
TELLING_WORDS = 22
#: Sentences in a statement of a short and of a long call, and what the latter may hold beside them: questions answered no.
SENTENCES = 2
SENTENCES_OF_LONG = 3
DENIALS = 3
#: Whose sentences tell most in each third of a long call: the customer's in the first, where they explain themselves, the
#: agent's in the last, where it is said what will be done.
TELLERS = (("customer", "unknown"), ("agent", "customer", "unknown"), ("agent", "unknown"))


def narrative_of(
    reading: Reading, issue: tuple[int, ...], evidence: tuple[int, ...], promised: Sequence[int]
) -> tuple[Statement, ...]:
    """Two or three statements: why the customer called; what was found and done; what was promised and how it ended.

    Each statement of a long call also holds the most telling sentences of its third of the call and what was ruled out there,
    in the order of the call. `issue` and `evidence` of the outcome are places of sentences, `promised` turns with promises.
    """
    sentences = reading.sentences
    promise = next((i for i, s in enumerate(sentences) if s.turn in promised and actions_of([s])), None)
    ending = [place for place in (promise, *evidence) if place is not None]
    denied: dict[int, Denial] = {}
    if sum(sentence.words for sentence in sentences) >= LONG_WORDS:
        denied = {denial.place: denial for denial in denials_of(sentences) if _may_stand(reading, denial, issue)}
        parts = _parts_of_long(reading, issue, ending, denied)
    else:
        found = reading.best("finding", after=0.1), reading.best("done", after=0.15)
        parts = _fresh((issue, [place for place in found if place is not None], ending), SENTENCES)
    told = [[denied.get(place) or sentences[place] for place in sorted(part)] for part in parts]
    return tuple(statement for part in told if (statement := statement_of(reading, part)))


def _parts_of_long(
    reading: Reading, issue: Sequence[int], ending: Sequence[int], denied: Iterable[int]
) -> list[list[int]]:
    """Places of what is told of each third of a long call."""
    sentences = reading.sentences
    near, kept = nearness(reading), set(denied)
    by_nearness = sorted(range(len(sentences)), key=lambda place: -near[place])
    thirds = [[i for i in by_nearness if part <= 3 * sentences[i].place <= part + 1] for part in range(3)]
    said_by_agent = [i for i in ending if sentences[i].role == "agent" and sentences[i].words <= TELLING_WORDS]
    wanted = [
        [*named, *(i for i in third if sentences[i].role in roles and _may_tell(sentences[i]))]
        for named, third, roles in zip((issue, (), said_by_agent), thirds, TELLERS, strict=True)
    ]
    ruled_out = _fresh([[i for i in third if i in kept] for third in thirds], DENIALS)
    return [one + other for one, other in zip(_fresh(wanted, SENTENCES_OF_LONG), ruled_out, strict=True)]


def _fresh(wanted: Iterable[Sequence[int]], room: int) -> list[list[int]]:
    """The first places of each part that no part before it took."""
    used: set[int] = set()
    parts = []
    for places in wanted:
        parts.append(list(dict.fromkeys(place for place in places if place not in used))[:room])
        used.update(parts[-1])
    return parts


def nearness(reading: Reading) -> NDArray[np.float64]:
    """How near each sentence is in meaning to the call as a whole: cosine, and a little for words that carry the matter.

    The call as a whole is the mean of its sentences, each weighted by its long words, which carry the matter.
    """
    import numpy as np

    matter = np.array([len(_matter(sentence.text)) for sentence in reading.sentences], dtype=float)
    middle = (reading.vectors * matter[:, None]).sum(0)
    cosine = reading.vectors @ (middle / (np.linalg.norm(middle) + 1e-9))
    near: NDArray[np.float64] = cosine + 0.15 * np.log(matter + 1)
    return near


def _may_tell(sentence: Sentence) -> bool:
    """A statement of 6 to 22 words; no question, false start, thanks, name or talk of the line."""
    words = [word for word in sentence.text.lower().split() if not word.startswith("[")]
    manners = any(word.startswith("thank") for word in words) or "looking forward" in sentence.text.lower()
    empty = sentence.asks or sentence.breaks_off or is_of_the_line(sentence.text) or "name" in words or manners
    return len(words) >= 6 and sentence.words <= TELLING_WORDS and not empty


def _may_stand(reading: Reading, denial: Denial, issue: Sequence[int]) -> bool:
    return denial.place not in issue and bool(checked_report(reading, denial)[1].supported)


def _matter(text: str) -> set[str]:
    """The words that carry the matter: long ones that are not said in every conversation."""
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 4} - _small_talk()


@cache
def _small_talk() -> frozenset[str]:
    return frozenset(speech_acts()["small_talk"].split())
