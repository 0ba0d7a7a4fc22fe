"""Counting what was made of the call: sentiment of turns, outcome, and the summary against the written one and its evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from callkit.bench.figures import Evidence, confusion
from callkit.bench.heard import Heard
from callkit.bench.truth import TrueTurn, Truth
from callkit.model import SafeTurn, Summary

#: A summary sentence is borne out when this share of its words stands in the turns it cites (ROUGE-1 precision).
SUPPORTED_SHARE = 0.5


def count_meaning(truth: Truth, heard: Heard) -> Evidence:
    """Evidence of sentiment, outcome and summary, as far as the labels allow."""
    found: dict[str, tuple[float, ...]] = {}
    felt = [turn for turn in truth.turns if turn.sentiment and turn.start is not None]
    if heard.sentiment is not None and heard.safe_turns and felt:
        label = {sentiment.turn: sentiment.label for sentiment in heard.sentiment}
        rows = []
        for turn in felt:
            match = _same_turn(turn, heard.safe_turns)
            if match is not None and match.index in label:
                rows.append(confusion(turn.sentiment or "", label[match.index]))
        if rows:
            found["sentiment_macro_f1"] = tuple(sum(column) for column in zip(*rows, strict=True))
    if truth.outcome and heard.summary is not None:
        found["outcome_right"] = (float(heard.summary.outcome == truth.outcome), 1.0)
    if heard.summary is not None and heard.safe_turns:
        if truth.summary:
            found["rouge_l"] = (rouge_l(truth.summary, heard.summary), 1.0)
        supported = supported_sentences(heard.summary, heard.safe_turns)
        if supported[1]:
            found["supported_share"] = supported
    return found


def rouge_l(written: str, summary: Summary) -> float:
    """ROUGE-L F of a summary against a written one, by rouge-score with stemming."""
    said = " ".join(statement.text for statement in summary.summary)
    return float(_scorer().score(written, said)["rougeL"].fmeasure)


def supported_sentences(summary: Summary, turns: Sequence[SafeTurn]) -> tuple[float, float]:
    """(sentences borne out by the turns they cite, sentences)."""
    text = {turn.index: turn.text for turn in turns}
    supported = 0
    for statement in summary.summary:
        cited = " ".join(text.get(turn, "") for turn in statement.turns)
        said = re.sub(r"\[[A-Z_0-9 ]+\]", "", statement.text)
        supported += _scorer().score(cited, said)["rouge1"].precision >= SUPPORTED_SHARE
    return float(supported), float(len(summary.summary))


@cache
def _scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rouge1", "rougeL"], use_stemmer=True)


def _same_turn(true: TrueTurn, turns: Sequence[SafeTurn]) -> SafeTurn | None:
    """The heard turn that shares most time with a true one; None where none does."""
    start, end = true.start or 0.0, true.end or 0.0

    def shared(turn: SafeTurn) -> float:
        same_role = 0.001 if turn.role == true.role else 0.0
        return min(turn.end, end) - max(turn.start, start) + same_role

    best = max(turns, key=shared)
    return best if shared(best) > 0 else None
