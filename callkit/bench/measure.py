"""Measuring systems on material: each file by every system before the next, in turn, so that a noisy machine is fair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from callkit.bench.figures import Estimate, Evidence, combine_names, estimate, estimate_ratio, figure_of
from callkit.bench.find import Material
from callkit.bench.process import SystemProcess
from callkit.bench.systems import SystemSpec
from callkit.bench.textsets import TextRow
from callkit.bench.truth import Problem

#: Rows of a text set handed over at once; a tenth of it if that is less, so that systems take turns often.
_CHUNK = 200
_CHUNKS = 10

#: The stages whose time is compared with a peer's: what it does not do, it need not pay for.
_OWN_STAGES = {"transcribe": ("inspect", "transcribe"), "diarize": ("inspect", "diarize")}

News = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Ratio:
    """The first system's figure divided by another's, and who is better: "ours", "theirs" or "" where it is not clear."""

    figure: str
    ours: float
    theirs: float
    ratio: Estimate
    better: str


@dataclass
class Part:
    """The results on the recordings, or on one text set: evidence by system, then by file or row, in the same order."""

    name: str
    units: str
    files: list[str]
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)

    def overall(self, system: str) -> dict[str, Estimate]:
        """Every figure of a system over all files or rows."""
        rows = self.evidence[system]
        found = {}
        for name in combine_names(rows):
            value = estimate(name, [row[name] for row in rows if name in row])
            if value is not None:
                found[name] = value
        return found

    def of_file(self, system: str, number: int) -> dict[str, float]:
        """Every figure of a system on one file."""
        row = self.evidence[system][number]
        values = {name: estimate(name, [row[name]], samples=1) for name in combine_names([row])}
        return {name: value.value for name, value in values.items() if value is not None}

    def ratios(self, ours: str, theirs: str) -> list[Ratio]:
        """Figures that both systems have on the same files, ours divided by theirs."""
        pairs = [_fair_time(one, other) for one, other in zip(self.evidence[ours], self.evidence[theirs], strict=True)]
        found = []
        for name in combine_names([one for one, _ in pairs]):
            both = [(one[name], other[name]) for one, other in pairs if name in one and name in other]
            if "." in name or not both:
                continue
            mine, other = [one for one, _ in both], [two for _, two in both]
            ratio = estimate_ratio(name, mine, other)
            values = estimate(name, mine, samples=1), estimate(name, other, samples=1)
            if ratio is not None and values[0] is not None and values[1] is not None:
                found.append(Ratio(name, values[0].value, values[1].value, ratio, _better(name, ratio)))
        return found


@dataclass
class Results:
    """Everything measured: the recordings' part (if any), one part a text set, and labels that could not be used."""

    systems: list[str]
    parts: list[Part]
    problems: list[Problem]


def measure(material: Material, specs: Sequence[SystemSpec], *, news: News = lambda what, share: None) -> Results:
    """Measure every system on all material. `news(name, share)` is told of each file or chunk of rows done."""
    problems = list(material.problems)
    parts: list[Part] = []
    with ExitStack() as stack:
        systems = [stack.enter_context(SystemProcess(spec)) for spec in specs]
        if material.cases:
            part = Part("recordings", "files", [case.name for case in material.cases], {s.name: [] for s in systems})
            for number, case in enumerate(material.cases):
                for system in _in_turn(systems, number):
                    answer = system.measure(case)
                    part.evidence[system.name] += answer.evidence
                    problems += [problem for problem in answer.problems if problem not in problems]
                news(case.name, (number + 1) / len(material.cases))
            parts.append(part)
        for text_set in material.text_sets:
            part = Part(text_set.name, "rows", [], {system.name: [] for system in systems})
            done = 0
            # Topics are learnt from the set itself, so it stays whole; examples are no evidence.
            whole = text_set.kind == "topics"
            for number, chunk in enumerate([text_set.rows] if whole else _chunks(text_set.rows)):
                judged = sum(not row.example for row in chunk)
                for system in _in_turn(systems, number):
                    answer = system.measure_texts(text_set.kind, chunk)
                    part.evidence[system.name] += answer.evidence or [{}] * judged
                done += len(chunk)
                news(text_set.name, done / len(text_set.rows))
            parts.append(part)
    return Results([spec.name for spec in specs], parts, problems)


def sentence(part: Part, ours: str, theirs: str, ratios: Sequence[Ratio]) -> str:
    """Who is better at what, in plain words."""
    ahead = {who: [_worded(ratio) for ratio in ratios if ratio.better == who] for who in ("ours", "theirs")}
    unclear = [ratio.figure for ratio in ratios if not ratio.better]
    said = []
    if not ratios:
        return f"On {part.name}, {theirs} and {ours} have no figure in common."
    if all(ratio.ratio.low is None for ratio in ratios):
        return f"On {part.name}, a single file cannot tell {ours} and {theirs} apart: there is no interval."
    if ahead["ours"]:
        said.append(f"{ours} is better than {theirs} at {_listed(ahead['ours'])}")
    if ahead["theirs"]:
        said.append(f"{theirs} is better than {ours} at {_listed(ahead['theirs'])}")
    if unclear:
        said.append(f"no clear difference in {_listed(unclear)}")
    return f"On {part.name}, {'; '.join(said)}."


def _in_turn(systems: Sequence[SystemProcess], number: int) -> Iterator[SystemProcess]:
    """Each system once, beginning with another one each time."""
    for place in range(len(systems)):
        yield systems[(place + number) % len(systems)]


def _chunks(rows: Sequence[TextRow]) -> Iterator[Sequence[TextRow]]:
    size = max(1, min(_CHUNK, -(-len(rows) // _CHUNKS)))
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _fair_time(ours: Evidence, theirs: Evidence) -> tuple[Evidence, Evidence]:
    """Our time for what the other does too: without the stages that it has not."""
    stages = [name.partition(".")[2] for name in theirs if name.startswith("rtf.")]
    needed = {own for stage in stages for own in _OWN_STAGES.get(stage, (stage,))}
    if len(stages) != 1 or "rtf" not in ours:
        return ours, theirs
    took = sum(ours[f"rtf.{stage}"][0] for stage in needed if f"rtf.{stage}" in ours)
    return {**ours, "rtf": (took, ours["rtf"][1])}, theirs


def _better(name: str, ratio: Estimate) -> str:
    if ratio.low is None or ratio.high is None or ratio.low <= 1 <= ratio.high:
        return ""
    lower = ratio.high < 1
    return "ours" if lower == (figure_of(name).better == "low") else "theirs"


def _worded(ratio: Ratio) -> str:
    return f"{ratio.figure} ({ratio.ours:.3g} against {ratio.theirs:.3g})"


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]
