"""The first run: the calls that come with callkit, and what was found on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callkit.app import process, topics
from callkit.app.certainty import mood, turns_of
from callkit.app.events import Event
from callkit.config import Config
from callkit.resources import resource
from callkit.store.reader import Snapshot

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Findings:
    """What the store holds after the demo: one row a call, how much was redacted by kind, and a few sentences.

    A row's `customer_mood` is the customer's mean sentiment with its 95 % interval over turns.
    """

    calls: list[Row]
    redacted: dict[str, int]
    sentences: list[str]


def demo(*, store: Path, config: Config, on_event: Callable[[Event], None] | None = None) -> process.RunReport:
    """Process the sample calls into `store`, with their muted audio, so that the dashboard can play it, and find topics."""
    audio = config.audio.model_copy(update={"keep_muted": True})
    with_audio = config.model_copy(update={"audio": audio})
    report = process.run([resource("sample_calls")], store=store, config=with_audio, on_event=on_event)
    with Snapshot(store) as snapshot:
        enough = len(topics.read_reasons(snapshot).call_ids) >= topics.FEWEST_CALLS
    if report.processed and enough:
        topics.fit(store, config=config)
    return report


def findings(store: Path) -> Findings:
    """What was found, over every call in the store."""
    with Snapshot(store) as snapshot:
        calls = snapshot.rows(_CALLS)
        felt = snapshot.rows(_FELT)
        redacted = {row["entity"]: row["n"] for row in snapshot.rows(_REDACTED)}
        reasons = topics.list_topics(snapshot)
    for call in calls:
        call["customer_mood"] = mood([turn for turn in felt if turn["call_id"] == call["call_id"]], "customer")
    sentences = list(_sentences(calls, redacted))
    if reasons:
        about = "; ".join(f"{topic.name} ({topic.calls})" for topic in reasons)
        sentences.append(f"What they call about: {about}.")
    return Findings(calls, redacted, sentences)


def _sentences(calls: list[Row], redacted: Mapping[str, int]) -> list[str]:
    said = []
    if redacted:
        kinds = ", ".join(f"{count} {entity}" for entity, count in redacted.items())
        said.append(f"{sum(redacted.values())} pieces of personal data were said and are not in the store: {kinds}.")
    moved = [call for call in calls if call["customer_change"] is not None]
    for call, verb in ((max(moved, key=_change, default=None), "up"), (min(moved, key=_change, default=None), "down")):
        if call and (_change(call) > 0) == (verb == "up") and _change(call) != 0:
            said.append(
                f"The customer of {call['recording']} went {verb} the most: {_change(call):+.2f} ({turns_of(call['customer_mood'].n)})."
            )
    silent = [call["recording"] for call in calls if call["layout"] == "silent"]
    if silent:
        said.append(f"Nobody speaks on {', '.join(silent)}, and no words were made up for it.")
    return said


def _change(call: Row) -> float:
    return float(call["customer_change"])


_CALLS = """
select calls.call_id, calls.source_name as recording, calls.duration_s, calls.layout, calls.speakers_from,
       (select count(*) from turns where turns.call_id = calls.call_id) as turns, metrics.customer_sentiment, metrics.customer_sentiment_change as customer_change,
       (select count(*) from redactions where redactions.call_id = calls.call_id) as redactions,
       summaries.outcome, summaries.issue
from calls
left join call_metrics as metrics using (call_id)
left join summaries using (call_id)
order by calls.source_name, calls.call_id
"""

_FELT = """
select call_id, role, text, sentiment.score as sentiment_score
from turns join sentiment using (call_id, turn)
where role = 'customer'
order by call_id, turn
"""

_REDACTED = "select entity, count(*) as n from redactions group by entity order by n desc, entity"
