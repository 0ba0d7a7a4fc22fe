"""The other end of `SystemProcess`: hears recordings, counts what was right, answers with counts. Started as a module."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from callkit.bench.figures import Evidence
from callkit.bench.find import Case
from callkit.bench.labels import check_length
from callkit.bench.meaning import count_meaning
from callkit.bench.private import count_private
from callkit.bench.process import Answer
from callkit.bench.speakers import count_speakers
from callkit.bench.systems import System, SystemSpec, make_system
from callkit.bench.texts import count_pii, count_sentiment, count_summary, count_topic, mapped
from callkit.bench.textsets import Kind, TextRow
from callkit.bench.truth import Problem
from callkit.bench.words import count_words
from callkit.errors import CallkitError
from callkit.runners.child import become_child


def main(handle: int) -> None:
    """Serve until the other end closes."""
    connection = become_child(handle)
    spec: SystemSpec = connection.recv()
    system = make_system(spec)
    warm: set[str] = set()
    while True:
        try:
            task, material = connection.recv()
        except EOFError:
            return
        try:
            if task not in warm:
                system.warm(task)
                warm.add(task)
            connection.send(_audio(system, material) if task == "audio" else _texts(system, task, material))
        except CallkitError as error:
            connection.send((error.code, error.what, error.hint))
        except Exception as error:  # noqa: BLE001 - a library may raise anything, and quote speech in it
            connection.send(
                ("internal", f"{spec.name} failed with {type(error).__name__}", "`callkit doctor` may say why")
            )


def _audio(system: System, case: Case) -> Answer:
    try:
        heard = system.hear(Path(case.path))
    except CallkitError as error:
        return Answer([{}], [Problem(case.name, None, error.what)])
    if heard is None:
        return Answer([{}])
    truth, problems = check_length(case.truth, heard.duration_s, case.name)
    evidence: dict[str, tuple[float, ...]] = {}
    for count in (count_words, count_speakers, count_private, count_meaning):
        evidence |= count(truth, heard)
    timed = {name for name in evidence if name.startswith(("word_time", "audible"))}
    drop = truth.left_out | (timed if "word_time_median_s" in truth.left_out else set())
    if "der" in drop:
        drop |= {"miss", "false_alarm", "confusion", "der_collar_250ms", "speaker_count_right"}
    evidence = {name: counts for name, counts in evidence.items() if name.partition(".")[0] not in drop}
    evidence["rtf"] = (sum(heard.seconds.values()), heard.duration_s)
    for stage, took in heard.seconds.items():
        evidence[f"rtf.{stage}"] = (took, heard.duration_s)
    evidence["peak_mb"] = (_peak_mb(),)
    return Answer([evidence], problems)


def _texts(system: System, kind: Kind, rows: Sequence[TextRow]) -> Answer:
    started = time.perf_counter()
    evidence: list[Evidence] = []
    if kind == "pii":
        found = system.find_pii(rows)
        took = time.perf_counter() - started
        for row, spans in zip(rows, found or (), strict=False):
            evidence.append(count_pii(row, [mapped(turn, own) for turn, own in zip(row.turns, spans, strict=True)]))
    elif kind == "sentiment":
        labels = system.feel([row.turns[0].text for row in rows])
        took = time.perf_counter() - started
        evidence += [count_sentiment(row, label) for row, label in zip(rows, labels or (), strict=False)]
    elif kind == "topics":
        topics = system.classify(rows)
        took = time.perf_counter() - started
        judged = [row for row in rows if not row.example]
        evidence += [count_topic(row, topic) for row, topic in zip(judged, topics or (), strict=False)]
    else:
        made = [system.summarize(row) for row in rows]
        took = time.perf_counter() - started
        evidence += [count_summary(row, *one) for row, one in zip(rows, made, strict=True) if one is not None]
    each = 1000 * took / len(rows)
    return Answer([{**one, "seconds_per_1000": (each, 1.0), "peak_mb": (_peak_mb(),)} for one in evidence])


def _peak_mb() -> float:
    """The largest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1))


if __name__ == "__main__":
    main(int(sys.argv[1]))
