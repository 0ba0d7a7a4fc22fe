"""Who talks into whose turn: interruptions, back-channels and cooperative overlaps told apart.

Sources: Yngve 1970 (back-channels), Schegloff 2000 (overlap at a turn's end is no competition for the floor), Heldner and
Edlund 2010 (gaps and overlaps).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from callkit.model import Interaction, SafeTurn, SpeakerSpan, seconds
from callkit.stages import wordlists

Interval = tuple[float, float]

BACKCHANNEL_WORDS = 4
BACKCHANNEL_S = 1.5
#: An overlap shorter than this is the ordinary hurry of turn-taking.
COMPETING_S = 0.5
#: The other must have talked this long before, else both began together.
HOLDING_S = 0.3
#: Pauses shorter than this do not end a stretch of talk.
BREATH_S = 0.7


def interactions(
    turns: Sequence[SafeTurn], spans: Sequence[SpeakerSpan], roles: Mapping[str, str]
) -> tuple[Interaction, ...]:
    """Each turn that begins while another speaker talks, by time. `roles` maps speakers to roles.

    A turn of at most four listening words or 1.5 s after which the other talks on is a back-channel. An overlap under
    0.5 s is cooperative; so is one in which both begin together. The rest are interruptions; the floor is kept by who
    talks on when the overlap ends.
    """
    talk = {speaker: stretches(span for span in spans if span.speaker == speaker) for speaker in roles}
    found = []
    for turn in turns:
        for other, stretch in _talking_at(turn, talk):
            overlap_end = min(turn.end, stretch[1])
            length = overlap_end - turn.start
            goes_on = stretch[1] > turn.end or _resumes(talk[other], turn.end)
            floor = None
            if is_backchannel(turn) and goes_on:
                kind = "backchannel"
            elif length < COMPETING_S or turn.start - stretch[0] < HOLDING_S:
                kind = "cooperative_overlap"
            else:
                kind, floor = "interruption", roles[turn.speaker if turn.end > stretch[1] else other]
            found.append(
                Interaction(turn.index, kind, roles[turn.speaker], seconds(turn.start), seconds(overlap_end), floor)  # type: ignore[arg-type]
            )
            break
    return tuple(found)


def is_backchannel(turn: SafeTurn) -> bool:
    """Does the turn only listen? By its words; a turn without known words by its length."""
    words = [word.text.lower().strip(".,!?…") for word in turn.words]
    if not words:
        return turn.end - turn.start <= BACKCHANNEL_S
    listening = wordlists.words("backchannels")
    return len(words) <= BACKCHANNEL_WORDS and all(word in listening for word in words)


def stretches(spans: Iterable[SpeakerSpan], pause: float = BREATH_S) -> list[Interval]:
    """One speaker's talk, spans joined over pauses shorter than `pause`."""
    return union(((span.start, span.end) for span in spans), pause)


def union(intervals: Iterable[Interval], pause: float = 0.0) -> list[Interval]:
    """Intervals merged where they touch, overlap or lie less than `pause` apart, by start."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1] + pause:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def _talking_at(turn: SafeTurn, talk: Mapping[str, list[Interval]]) -> list[tuple[str, Interval]]:
    return [
        (speaker, stretch)
        for speaker, parts in talk.items()
        if speaker != turn.speaker
        for stretch in parts
        if stretch[0] < turn.start < stretch[1]
    ]


def _resumes(parts: Sequence[Interval], after: float) -> bool:
    return any(after <= start <= after + 1.0 for start, _ in parts)
