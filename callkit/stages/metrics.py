"""How the two people talked: talk and silence, turn-taking, pace, questions, sentiment over the call.

`METRICS` (in `metrics_table`) documents every figure. What the recording cannot support is None, and `Metrics.withheld` says
why.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import mean, median
from typing import TYPE_CHECKING, Any, Literal

from callkit.model import Inspection, Loudness, Metrics, SafeTurn, Sentiment, SpeakerSpan
from callkit.protocols import JSON, Given, Resources
from callkit.stages import mood, wordlists
from callkit.stages.metrics_table import METRICS, Metric
from callkit.stages.overlap import Interval, interactions, union

if TYPE_CHECKING:
    from callkit.config import MetricsSettings

Figure = float | int | str | None


HOLD_KINDS = ("hold", "music")
NOT_SILENCE = ("hold", "music", "ringback", "ivr", "voicemail_beep")
OVERLAP_FIGURES = (
    "overlap_s",
    "overlap_share",
    "interruptions",
    "backchannels",
    "cooperative_overlaps",
    "interruptions_won",
)
#: Languages whose listening words, fillers, greetings and announcements are known (`wordlists.toml`), and what needs them.
LANGUAGES = frozenset({"en"})
WORD_FIGURES = (
    "interruptions",
    "interruptions_won",
    "backchannels",
    "cooperative_overlaps",
    "filler_rate",
    "greeting_s",
    "dead_air_s",
)
FEWEST_TURNS = 3
CLEAR_SNR_DB = 10.0
CLIPPED_SHARE = 0.02
BLEED_SHARE = 0.3


class MetricsStage:
    """Every figure of `METRICS` for one call, from safe facets only."""

    name = "metrics"
    version = 2
    scope: Literal["utterance", "call"] = "call"
    requires: tuple[str, ...] = ("turns", "speaker_spans", "inspection", "loudness", "sentiment", "language")
    provides: tuple[str, ...] = ("metrics",)
    resources = Resources()

    def __init__(self, *, settings: MetricsSettings) -> None:
        self.settings = settings

    def identity(self) -> Mapping[str, JSON]:
        return {"silence_s": self.settings.silence_s}

    def describe(self) -> tuple[str, str]:
        return "", ""

    def open(self) -> None:
        pass

    def run(self, given: Given) -> Mapping[str, Any]:
        facts = Facts(
            given["turns"],
            given["speaker_spans"],
            given["inspection"],
            {loudness.turn: loudness for loudness in given["loudness"]},
            {sentiment.turn: sentiment for sentiment in given["sentiment"]},
            self.settings.silence_s,
            given["language"].code,
        )
        return {"metrics": measure(facts)}

    def close(self) -> None:
        pass


class Facts:
    """What is known of a call, with what several figures share worked out once."""

    def __init__(
        self,
        turns: Sequence[SafeTurn],
        spans: Sequence[SpeakerSpan],
        inspection: Inspection,
        loudness: Mapping[int, Loudness],
        sentiment: Mapping[int, Sentiment],
        silence_s: float,
        language: str,
    ) -> None:
        self.language = language
        self.turns, self.spans, self.inspection = turns, spans, inspection
        self.loudness, self.sentiment, self.silence_s = loudness, sentiment, silence_s
        self.duration = inspection.duration_s
        self.roles = roles_of(turns, spans)
        self.talk = union((span.start, span.end) for span in spans)
        self.holds = union((s.start, s.end) for s in inspection.segments if s.kind in HOLD_KINDS)
        self.interactions = interactions(turns, spans, self.roles)
        listening = {found.turn for found in self.interactions if found.kind == "backchannel"}
        self.floor = [turn for turn in turns if turn.index not in listening]

    def talk_of(self, role: str) -> list[Interval]:
        return union((span.start, span.end) for span in self.spans if self.roles[span.speaker] == role)

    def points(self, role: str) -> list[mood.Point]:
        return [
            mood.Point(turn.index, (turn.start + turn.end) / 2, words_in(turn), self.sentiment[turn.index].score)
            for turn in self.turns
            if turn.role == role and turn.index in self.sentiment
        ]


def measure(facts: Facts) -> Metrics:
    """All figures of a call, the unsupported ones withheld."""
    withheld = reasons(facts)
    call = {**talk_figures(facts), **turn_figures(facts), **mood_figures(facts)}
    speakers = {role: speaker_figures(facts, role) for role in sorted({turn.role for turn in facts.turns})}
    return Metrics(
        _keep(call, withheld),
        {role: _keep(figures, withheld) for role, figures in speakers.items()},
        withheld,
        () if "interruptions" in withheld else facts.interactions,
    )


def reasons(facts: Facts) -> dict[str, str]:
    """Figures that this recording cannot support, each with the reason shown to people."""
    found: dict[str, str] = {}
    inspection = facts.inspection
    used = [
        channel for channel in inspection.channels if channel.index in inspection.channels_used
    ] or inspection.channels
    if inspection.path == "diarization":
        if any(channel.snr_db is not None and channel.snr_db < CLEAR_SNR_DB for channel in used):
            found |= dict.fromkeys(
                OVERLAP_FIGURES, f"one noisy channel (below {CLEAR_SNR_DB:g} dB): overlap cannot be heard in it"
            )
        elif any(channel.clipping_share > CLIPPED_SHARE for channel in used):
            found |= dict.fromkeys(OVERLAP_FIGURES, "one clipped channel: overlap cannot be heard in it")
    elif (inspection.bleed_share or 0.0) > BLEED_SHARE:
        found |= dict.fromkeys(
            OVERLAP_FIGURES, "each side is heard on the other's channel: overlap cannot be told from bleed"
        )
    spoken = Counter(turn.language or facts.language for turn in facts.turns if turn.words)
    if spoken and not LANGUAGES & spoken.keys():
        reason = f"the fillers, greetings and listening words of the language spoken ({spoken.most_common(1)[0][0]}) are not known"
        found |= {name: found.get(name, reason) for name in WORD_FIGURES}
    present = {turn.role for turn in facts.turns if turn.words}
    for role in ("agent", "customer"):
        names = [metric.name for metric in METRICS if metric.scope == "call" and metric.name.startswith(f"{role}_")]
        if role not in present:
            found |= dict.fromkeys(names, f"no words of the {role} on this recording")
        elif not facts.points(role):
            found |= dict.fromkeys(names, "the sentiment model does not know the language spoken")
        elif len(facts.points(role)) < FEWEST_TURNS and role == "customer":
            found["customer_sentiment_change"] = f"fewer than {FEWEST_TURNS} turns of the customer"
    if not {"agent", "customer"} <= present:
        found["talk_listen_ratio"] = "only one side is on this recording"
    if "agent" not in present:
        found["greeting_s"] = "no words of the agent on this recording"
    return found


def talk_figures(facts: Facts) -> dict[str, Figure]:
    """Talk, silence, hold and overlap of the whole call."""
    talk_s, duration = length(facts.talk), facts.duration
    other = [(s.start, s.end) for s in facts.inspection.segments if s.kind in NOT_SILENCE]
    quiet = subtract([(0.0, duration)], union([*facts.talk, *other]))
    first, last = (facts.talk[0][0], facts.talk[-1][1]) if facts.talk else (0.0, 0.0)
    silences = [gap for gap in quiet if gap[1] - gap[0] >= facts.silence_s and first <= gap[0] and gap[1] <= last]
    holds = [hold for hold in facts.holds if first <= hold[0] < last] or facts.holds
    spoken = sum(length(facts.talk_of(role)) for role in set(facts.roles.values()))
    overlap_s = max(0.0, sum(length(talk_by(facts, speaker)) for speaker in facts.roles) - talk_s)
    words = sum(words_in(turn) for turn in facts.turns)
    return {
        "duration_s": duration,
        "talk_s": talk_s,
        "talk_share": ratio(talk_s, duration),
        "silence_s": length(quiet),
        "silence_share": ratio(length(quiet), duration),
        "silences": len(silences),
        "longest_silence_s": longest(silences),
        "dead_air_s": length(gap for gap in silences if not announced(facts.turns, gap)),
        "hold_s": length(holds),
        "holds": len(holds),
        "longest_hold_s": longest(holds),
        "overlap_s": overlap_s,
        "overlap_share": ratio(overlap_s, talk_s),
        "words": words,
        "words_per_min": ratio(60 * words, spoken),
    }


def turn_figures(facts: Facts) -> dict[str, Figure]:
    """Turn-taking of the whole call."""
    kinds = Counter(found.kind for found in facts.interactions)
    switches = sum(1 for before, after in pairwise(facts.floor) if before.speaker != after.speaker)
    greetings = [
        turn.start
        for turn in facts.turns
        if turn.role == "agent" and wordlists.pattern("greeting").search(turn.text.lower())
    ]
    return {
        "turns": len(facts.turns),
        "switches_per_min": ratio(60 * switches, facts.duration),
        "interruptions": kinds["interruption"],
        "backchannels": kinds["backchannel"],
        "cooperative_overlaps": kinds["cooperative_overlap"],
        "response_delay_s": middle(pause for _, _, pause in answers(facts) if pause > 0),
        "talk_listen_ratio": ratio(length(facts.talk_of("agent")), length(facts.talk_of("customer"))),
        "greeting_s": min(greetings, default=None),
        "questions": sum(questions_in(turn) for turn in facts.turns),
    }


def mood_figures(facts: Facts) -> dict[str, Figure]:
    """Sentiment of the whole call."""
    customer = facts.points("customer")
    return {
        "customer_sentiment": mood.mean(customer),
        "agent_sentiment": mood.mean(facts.points("agent")),
        "customer_sentiment_change": mood.change(customer),
        "customer_final_sentiment": mood.final_state(customer),
        "turning_turn": mood.turning_point(customer),
    }


def speaker_figures(facts: Facts, role: str) -> dict[str, Figure]:
    """Every figure of one role on the call."""
    turns = [turn for turn in facts.turns if turn.role == role]
    talk_s = length(facts.talk_of(role))
    everybody = sum(length(facts.talk_of(other)) for other in set(facts.roles.values()))
    words = sum(words_in(turn) for turn in turns)
    spoken = [word.text.lower().strip(".,!?…") for turn in turns for word in turn.words]
    mine = [found for found in facts.interactions if found.by_role == role]
    replies = [(before, pause) for before, after, pause in answers(facts) if after.role == role]
    levels = [facts.loudness[turn.index].dbfs for turn in turns if turn.index in facts.loudness]
    points = facts.points(role)
    start, end = (facts.turns[0].start, max(turn.end for turn in facts.turns)) if facts.turns else (0.0, 0.0)
    quarters = mood.quarters(points, start, end)
    return {
        "talk_s": talk_s,
        "talk_share": ratio(talk_s, everybody),
        "turns": len(turns),
        "words": words,
        "words_per_min": ratio(60 * words, talk_s),
        "longest_monologue_s": longest_monologue(facts.floor, role),
        "interruptions": sum(1 for found in mine if found.kind == "interruption"),
        "interruptions_won": sum(1 for found in mine if found.kind == "interruption" and found.floor_kept_by == role),
        "backchannels": sum(1 for found in mine if found.kind == "backchannel"),
        "questions": sum(questions_in(turn) for turn in turns),
        "patience_s": mean(max(0.0, pause) for _, pause in replies) if replies else None,
        "response_delay_s": middle(pause for before, pause in replies if pause > 0 and questions_in(before)),
        "filler_rate": ratio(sum(1 for word in spoken if word in wordlists.words("fillers")), len(spoken)),
        "loudness_dbfs": middle(levels),
        "sentiment": mood.mean(points),
        **{f"sentiment_q{number}": value for number, value in enumerate(quarters, 1)},
        "sentiment_change": mood.change(points),
        "final_sentiment": mood.final_state(points),
    }


# --- Parts ------------------------------------------------------------------------------------------------------------


def roles_of(turns: Sequence[SafeTurn], spans: Sequence[SpeakerSpan]) -> dict[str, str]:
    """Each speaker's role: that of most of its turns' time; "unknown" for one without turns."""
    time: dict[str, Counter[str]] = {}
    for turn in turns:
        time.setdefault(turn.speaker, Counter())[turn.role] += max(1, round(1000 * (turn.end - turn.start)))
    roles = {speaker: counted.most_common(1)[0][0] for speaker, counted in time.items()}
    return {**{span.speaker: "unknown" for span in spans}, **roles}


def answers(facts: Facts) -> list[tuple[SafeTurn, SafeTurn, float]]:
    """(turn, the other's next turn, pause between in seconds; negative: overlap), those with hold between left out."""
    return [
        (before, after, after.start - before.end)
        for before, after in pairwise(facts.floor)
        if before.speaker != after.speaker
        and not any(start < after.start and before.end < end for start, end in facts.holds)
    ]


def longest_monologue(floor: Sequence[SafeTurn], role: str) -> float:
    """Seconds from the start of a role's first turn to the end of its last one before another takes the floor."""
    best, start, current = 0.0, 0.0, None
    for turn in floor:
        if turn.role != current:
            current, start = turn.role, turn.start
        if turn.role == role:
            best = max(best, turn.end - start)
    return best


def questions_in(turn: SafeTurn) -> int:
    """Questions in a turn: its question marks, or for one without any punctuation its question openers."""
    text = turn.text
    if re.search(r"[.?!,;。？！]", text):
        return len(re.findall(r"[?？]+", text))
    return 1 if wordlists.pattern("question").search(text.lower()) else 0


def announced(turns: Sequence[SafeTurn], gap: Interval) -> bool:
    """Did the last turn before a silence say that it would come?"""
    before = [turn for turn in turns if turn.start < gap[0]]
    return bool(before) and bool(wordlists.pattern("announced").search(before[-1].text.lower()))


def words_in(turn: SafeTurn) -> int:
    return sum(word.raw_words for word in turn.words)


def talk_by(facts: Facts, speaker: str) -> list[Interval]:
    return union((span.start, span.end) for span in facts.spans if span.speaker == speaker)


def subtract(whole: Iterable[Interval], parts: Sequence[Interval]) -> list[Interval]:
    """What of `whole` lies outside `parts` (merged, by start)."""
    left: list[Interval] = []
    for start, end in whole:
        for part_start, part_end in parts:
            if part_end <= start or part_start >= end:
                continue
            if part_start > start:
                left.append((start, part_start))
            start = max(start, part_end)
        if start < end:
            left.append((start, end))
    return left


def length(intervals: Iterable[Interval]) -> float:
    return float(sum(end - start for start, end in intervals))


def longest(intervals: Iterable[Interval]) -> float:
    return max((end - start for start, end in intervals), default=0.0)


def middle(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None


def ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _keep(figures: Mapping[str, Figure], withheld: Mapping[str, str]) -> dict[str, Figure]:
    return {
        name: None if name in withheld else round(value, 4) if isinstance(value, float) else value
        for name, value in figures.items()
    }


__all__ = ["METRICS", "Metric", "MetricsStage", "measure", "questions_in", "subtract"]
