"""What each figure of `call_metrics` and `speaker_metrics` is: name, unit, definition and where the definition comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure: of the whole call or of each speaker, in what unit, what it is and who defined it so."""

    name: str
    scope: Literal["call", "speaker"]
    unit: str
    definition: str
    source: str = "callkit"


_AWS = "AWS Transcribe Call Analytics"
_AZURE = "Azure Speech Insights"
_GONG = "Gong"

METRICS: tuple[Metric, ...] = (
    Metric("duration_s", "call", "s", "length of the recording"),
    Metric("talk_s", "call", "s", "time during which somebody talks", _AWS),
    Metric("talk_share", "call", "share", "talk_s over duration_s", _AWS),
    Metric("silence_s", "call", "s", "nobody talks, and no hold, music or ringing plays", _AWS),
    Metric("silence_share", "call", "share", "silence_s over duration_s", _AWS),
    Metric("silences", "call", "count", "stretches of silence of at least [metrics] silence_s between talk", _AWS),
    Metric("longest_silence_s", "call", "s", "the longest of `silences`; 0 without any", _AWS),
    Metric(
        "dead_air_s",
        "call",
        "s",
        '`silences` that nobody announced ("one moment", "let me check")',
        "contact-centre usage",
    ),
    Metric("hold_s", "call", "s", "hold or hold music between talk", "contact-centre usage"),
    Metric("holds", "call", "count", "stretches of hold", "contact-centre usage"),
    Metric("longest_hold_s", "call", "s", "the longest of them; 0 without any", "contact-centre usage"),
    Metric("overlap_s", "call", "s", "two or more speakers talk at once", "Heldner and Edlund 2010"),
    Metric("overlap_share", "call", "share", "overlap_s over talk_s", "Heldner and Edlund 2010"),
    Metric("turns", "call", "count", "turns"),
    Metric(
        "switches_per_min",
        "call",
        "1/min",
        "changes of speaker between turns, back-channels left out, a minute of the recording",
        _AZURE,
    ),
    Metric("interruptions", "call", "count", "see `callkit.stages.overlap`", _AWS + "; Schegloff 2000"),
    Metric("backchannels", "call", "count", "listening words said into another's talk", "Yngve 1970"),
    Metric("cooperative_overlaps", "call", "count", "overlaps under 0.5 s, or both begin together", "Schegloff 2000"),
    Metric(
        "response_delay_s",
        "call",
        "s",
        "median pause between one speaker's turn and the next one's, overlaps and hold left out",
        _AZURE,
    ),
    Metric("talk_listen_ratio", "call", "ratio", "the agent's talk over the customer's", _AZURE + "; " + _GONG),
    Metric("greeting_s", "call", "s", "from the start to the agent's first greeting", "contact-centre usage"),
    Metric("words", "call", "count", "words spoken; a redacted stretch counts all its words", _AWS),
    Metric("words_per_min", "call", "1/min", "words over the talk time of all speakers", _AWS),
    Metric("questions", "call", "count", "questions asked", _GONG),
    Metric(
        "customer_sentiment",
        "call",
        "-1 to 1",
        "mean score of the customer's turns, weighted by the root of their words",
        _AWS,
    ),
    Metric("agent_sentiment", "call", "-1 to 1", "the same of the agent's", _AWS),
    Metric(
        "customer_sentiment_change",
        "call",
        "-2 to 2",
        "mean of the last third of the customer's turns less the first third's",
        _AWS + " (trend)",
    ),
    Metric(
        "customer_final_sentiment",
        "call",
        "-1 to 1",
        "the customer's last four turns, each weighing 0.6 of the one after it",
    ),
    Metric(
        "turning_turn",
        "call",
        "turn",
        "first customer turn of the other mood, where it shifts by 0.4 or more",
        "Scott and Knott 1974",
    ),
    Metric("talk_s", "speaker", "s", "time the speaker talks", _AWS),
    Metric("talk_share", "speaker", "share", "of all speakers' talk time added up", _AWS),
    Metric("turns", "speaker", "count", "turns"),
    Metric("words", "speaker", "count", "words spoken", _AWS),
    Metric("words_per_min", "speaker", "1/min", "words over the speaker's talk time", _AWS),
    Metric(
        "longest_monologue_s",
        "speaker",
        "s",
        "longest stretch in which nobody else takes the floor; back-channels don't end it",
        _GONG,
    ),
    Metric("interruptions", "speaker", "count", "interruptions by the speaker", _AWS),
    Metric(
        "interruptions_won",
        "speaker",
        "count",
        "of these, those after which the speaker had the floor",
        "Schegloff 2000",
    ),
    Metric("backchannels", "speaker", "count", "back-channels by the speaker", "Yngve 1970"),
    Metric("questions", "speaker", "count", "questions by the speaker", _GONG),
    Metric(
        "patience_s",
        "speaker",
        "s",
        "mean pause left after the other's turn before talking; talking into it counts 0",
        _GONG,
    ),
    Metric(
        "response_delay_s",
        "speaker",
        "s",
        "median pause before answering the other's question, overlaps and hold left out",
        _AZURE,
    ),
    Metric(
        "filler_rate", "speaker", "share", "um, uh, er and the like among the words", "Gong; Clark and Fox Tree 2002"
    ),
    Metric("loudness_dbfs", "speaker", "dBFS", "median level of the speaker's turns", _AWS),
    Metric("sentiment", "speaker", "-1 to 1", "mean score of the turns, weighted by the root of their words", _AWS),
    *(
        Metric(f"sentiment_q{number}", "speaker", "-1 to 1", f"the same in quarter {number} of the call", _AWS)
        for number in (1, 2, 3, 4)
    ),
    Metric(
        "sentiment_change",
        "speaker",
        "-2 to 2",
        "mean of the last third of the turns less the first third's",
        _AWS + " (trend)",
    ),
    Metric("final_sentiment", "speaker", "-1 to 1", "the last four turns, each weighing 0.6 of the one after it"),
)
