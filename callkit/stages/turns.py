"""Words to speakers to turns, and who of them is the agent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

from callkit.model import Inspection, Role, SpeakerSpan, Turn, Word, join_words, seconds
from callkit.protocols import JSON, Given, Resources
from callkit.stages import roles
from callkit.stages.attribution import by_channel, by_spans

if TYPE_CHECKING:
    from callkit.config import TurnsSettings

#: A back-channel is at most this long (seconds, words).
BACKCHANNEL_S = 1.5
BACKCHANNEL_WORDS = 3
#: A speaker who pauses no longer than this (seconds) has not stopped talking, whoever else talks meanwhile.
BREATH_S = 0.4
#: A machine's announcement is looked for this early in the call (seconds).
MACHINE_UNTIL_S = 120.0
MACHINE = "IVR"


class Turns:
    """Gives every word to one speaker, gathers turns, and says who is agent and who is customer."""

    name = "turns"
    version = 2
    scope: Literal["utterance", "call"] = "call"
    requires: tuple[str, ...] = ("words", "language", "speaker_spans", "inspection")
    provides: tuple[str, ...] = ("raw_turns",)

    def __init__(self, *, settings: TurnsSettings) -> None:
        self.settings = settings
        self.resources = Resources(cores=1, memory_mb=50)

    def identity(self) -> Mapping[str, JSON]:
        return {
            "max_pause_s": self.settings.max_pause_s,
            "company_names": list(self.settings.company_names),
            "cues": sha256(roles.cue_text().encode()).hexdigest(),
        }

    def describe(self) -> tuple[str, str]:
        return "", ""

    def open(self) -> None: ...

    def close(self) -> None: ...

    def run(self, given: Given) -> Mapping[str, Any]:
        words, spans, inspection = given["words"], given["speaker_spans"], given["inspection"]
        separate = inspection.path == "channels"
        speakers = by_channel(words) if separate else by_spans(words, spans)
        turns = gather(words, speakers, max_pause_s=self.settings.max_pause_s)
        turns = mark_machine(turns, inspection)
        found = roles.assign_roles(
            texts_of(turns),
            next((turn.speaker for turn in turns if turn.speaker != MACHINE), ""),
            fixed=channel_roles(inspection) if separate else None,
            direction=given["call"].direction,
            company_names=self.settings.company_names,
        )
        found[MACHINE] = ("ivr", 0.9)
        turns = [replace(turn, role=found[turn.speaker][0], role_confidence=found[turn.speaker][1]) for turn in turns]
        turns = mark_second_agent(turns)
        call_language = given["language"].code
        return {
            "raw_turns": tuple(
                replace(
                    turn,
                    index=index,
                    channel=turn.channel if separate else None,
                    overlap=overlap_share(turn, spans),
                    language=language_of(turn, call_language),
                )
                for index, turn in enumerate(turns)
            )
        }


def gather(words: Sequence[Word], speakers: Sequence[str], *, max_pause_s: float) -> list[Turn]:
    """Turns by start. A turn goes on through the speaker's own pauses and through others' back-channels.

    It ends at a pause longer than `max_pause_s`, or when someone else says more than a back-channel while its speaker
    pauses. Somebody talking over it ends nothing.
    """
    runs = _runs(words, speakers)
    done: list[list[Word]] = []
    owners: list[str] = []
    latest: dict[str, int] = {}
    floor: dict[str, float] = {}  # speaker -> since when somebody else has said more than a back-channel
    for owner, run in runs:
        place = latest.get(owner)
        taken = floor.get(owner)
        goes_on = False
        if place is not None:
            pause = run[0].start - done[place][-1].end
            goes_on = pause <= BREATH_S or (pause <= max_pause_s and taken is None)
        if goes_on and place is not None:
            done[place] += run
        else:
            latest[owner] = len(done)
            done.append(list(run))
            owners.append(owner)
        floor.pop(owner, None)
        if not _is_backchannel(run):
            for other in latest:
                if other != owner:
                    floor.setdefault(other, run[0].start)
    return sorted(
        (_turn(owner, run) for owner, run in zip(owners, done, strict=True)),
        key=lambda turn: (turn.start, turn.end, turn.speaker),
    )


def _runs(words: Sequence[Word], speakers: Sequence[str]) -> list[tuple[str, list[Word]]]:
    """Consecutive words of one speaker, in order of the words' start; a breath within does not end a run."""
    runs: list[tuple[str, list[Word]]] = []
    for word, speaker in sorted(zip(words, speakers, strict=True), key=lambda pair: (pair[0].start, pair[0].end)):
        if runs and runs[-1][0] == speaker and word.start - runs[-1][1][-1].end <= BREATH_S:
            runs[-1][1].append(word)
        else:
            runs.append((speaker, [word]))
    return runs


def _is_backchannel(run: Sequence[Word]) -> bool:
    if len(run) > BACKCHANNEL_WORDS or run[-1].end - run[0].start > BACKCHANNEL_S:
        return False
    return roles.is_backchannel(join_words((word.text for word in run), run[0].language))


def _turn(speaker: str, words: Sequence[Word]) -> Turn:
    ordered = tuple(sorted(words, key=lambda word: (word.start, word.end)))
    return Turn(
        index=0,
        speaker=speaker,
        role="unknown",
        channel=ordered[0].channel,
        start=ordered[0].start,
        end=max(word.end for word in ordered),
        words=ordered,
    )


def texts_of(turns: Sequence[Turn]) -> dict[str, list[str]]:
    """What each speaker says, turn by turn, machines left out."""
    texts: dict[str, list[str]] = {}
    for turn in turns:
        if turn.speaker != MACHINE:
            texts.setdefault(turn.speaker, []).append(turn.text)
    return texts


def channel_roles(inspection: Inspection) -> dict[str, Role]:
    """Speaker -> role where the installation says who is on which channel."""
    return {f"S{channel.index}": channel.role for channel in inspection.channels if channel.role}


def mark_machine(turns: Sequence[Turn], inspection: Inspection) -> list[Turn]:
    """Give announcements and menus a speaker of their own: those that inspection heard, and early turns that read so."""
    stretches = [(part.start, part.end, part.channel) for part in inspection.segments if part.kind == "ivr"]

    def machine(turn: Turn) -> bool:
        middle = (turn.start + turn.end) / 2
        heard = any(start <= middle < end and channel in (None, turn.channel) for start, end, channel in stretches)
        return heard or (turn.start < MACHINE_UNTIL_S and roles.is_machine(turn.text))

    return [replace(turn, speaker=MACHINE) if machine(turn) else turn for turn in turns]


def mark_second_agent(turns: Sequence[Turn]) -> list[Turn]:
    """After the call was handed on, somebody on the agents' side who greets by another name is a second agent."""
    handed = second = False
    first_name = ""
    marked = []
    for turn in turns:
        if turn.role == "agent":
            name = roles.own_name(turn.text)
            second = second or (handed and bool(name) and name != first_name)
            first_name = first_name or name
            handed = handed or roles.hands_on(turn.text)
            if second:
                turn = replace(turn, role="agent_2", speaker=f"{turn.speaker}b")
        marked.append(turn)
    return marked


def overlap_share(turn: Turn, spans: Sequence[SpeakerSpan]) -> float:
    """Share of a turn, 0 to 1, during which another speaker talks too."""
    length = turn.end - turn.start
    if length <= 0:
        return 0.0
    covered, reached = 0.0, turn.start
    for span in sorted(spans, key=lambda span: span.start):
        if span.speaker != turn.speaker and span.end > reached and span.start < turn.end:
            covered += min(span.end, turn.end) - max(span.start, reached)
            reached = min(span.end, turn.end)
    return round(min(1.0, covered / length), 3)


def language_of(turn: Turn, otherwise: str) -> str:
    """The language most of a turn's words are in."""
    counted = Counter(word.language for word in turn.words if word.language)
    return counted.most_common(1)[0][0] if counted else otherwise


__all__ = ["Turns", "gather", "seconds"]
