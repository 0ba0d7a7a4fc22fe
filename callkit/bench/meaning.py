"""Counting what was made of the call: sentiment of turns, outcome, and the summary against the written one and its evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from callkit.bench.figures import Evidence, confusion
from callkit.bench.heard import Heard
from callkit.bench.truth import TrueAction, TrueTurn, Truth
from callkit.model import Action, SafeTurn, Summary

#: A summary sentence is borne out when this share of its words stands in the turns it cites (ROUGE-1 precision). Words that say
#: who speaks, and placeholders, do not count.
SUPPORTED_SHARE = 0.5
_FRAME = re.compile(r"\[[A-Z_0-9 ]+\]|\b(?:(?:the )?(?:customer|agent|company)(?:'s)?|speaker|asked)\b", re.I)
#: An issue is found when this share of the true one's content words is in it (ROUGE-1 recall).
FOUND_SHARE = 0.5
#: Words that say nothing of an issue or a follow-up.
_STOP = frozenset(
    "a agent an and are at be been by customer for from has have in is it its of on or s that the their they this to was were will with".split()
)


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
    if heard.summary is not None:
        found |= _count_facts(truth, heard.summary)
    if heard.summary is not None and heard.safe_turns:
        if truth.summary:
            found["rouge_l"] = (rouge_l(truth.summary, heard.summary), 1.0)
        supported = supported_sentences(heard.summary, heard.safe_turns)
        if supported[1]:
            found["supported_share"] = supported
    return found


def _count_facts(truth: Truth, summary: Summary) -> dict[str, tuple[float, ...]]:
    """Evidence of issue and follow-ups."""
    found: dict[str, tuple[float, ...]] = {}
    if truth.issue:
        said = summary.issue.text if summary.issue else ""
        shared = _scorer().score(" ".join(_content(truth.issue)), " ".join(_content(said)))["rouge1"].recall
        found["issue_found"] = (float(shared >= FOUND_SHARE), 1.0)
    if truth.actions is not None:
        made = summary.actions
        matched = sum(any(_same_action(true, one) for one in made) for true in truth.actions)
        right = sum(any(_same_action(true, one) for true in truth.actions) for one in made)
        found["actions_found"] = (float(matched), float(len(truth.actions)))
        found["actions_right"] = (float(right), float(len(made)))
    return found


def _same_action(true: TrueAction, one: Action) -> bool:
    """The same side, a content word in common, and a word of the date in common where both have one."""
    dated = not true.due or not one.due or bool(_content(true.due) & _content(one.due))
    return true.who == one.who and dated and bool(_stems(true.text) & _stems(one.text))


def _stems(text: str) -> set[str]:
    return {word[:5] for word in _content(text)}


def _content(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in _STOP}


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
        said = _FRAME.sub("", statement.text)
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
