"""Reading labels: the sample-call JSON, plain words, RTTM, SRT and WebVTT. What cannot be used is named, never dropped silently.

Each reader returns what it read and a list of `Problem`s; a problem leaves out the figures that need that label.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from callkit.bench.truth import Problem, TrueAction, TruePII, TrueTurn, TrueWord, Truth
from callkit.errors import CallkitError
from callkit.model import ROLES
from callkit.text.filenames import safe_name

#: The types of personal data callkit knows, and what other sets call them. "": a label that is nobody's personal data
#: and should stay; types that are not here cannot be scored.
ENTITIES: dict[str, str] = {
    name: name
    for name in (
        "CARD", "CVV", "CARD_EXPIRY", "PIN", "PASSWORD", "SSN", "BANK_ACCOUNT", "ROUTING_NUMBER", "IBAN", "ACCOUNT",
        "DRIVER_LICENSE", "PASSPORT", "PHONE", "EMAIL", "IP", "URL", "PERSON", "ADDRESS", "DATE_OF_BIRTH",
    )
} | {
    "CREDIT_CARD": "CARD", "PHONE_NUMBER": "PHONE", "EMAIL_ADDRESS": "EMAIL", "IBAN_CODE": "IBAN", "US_SSN": "SSN",
    "IP_ADDRESS": "IP", "US_DRIVER_LICENSE": "DRIVER_LICENSE", "US_PASSPORT": "PASSPORT", "STREET_ADDRESS": "ADDRESS", "ZIP_CODE": "ADDRESS",
    "US_BANK_NUMBER": "BANK_ACCOUNT", "PERSON_NAME": "PERSON",
    "DATE": "", "DATE_PERIOD": "", "DATE_FROM": "", "DATE_TO": "", "TIME": "", "TIME_PERIOD": "", "TIME_FROM": "", "TIME_TO": "",
    "AMOUNT_OF_MONEY": "", "NUMBER": "", "SHOPPING_CATEGORY": "", "DURATION": "", "PRICE": "",
}  # fmt: skip

#: Figures that lean on times from the labels.
TIMED = (
    "der", "word_time_median_s", "role_accuracy", "hallucinated_words_per_min", "audible_pii_s", "leak_rate", "pii_recall",
    "pii_precision", "sentiment_macro_f1",
)  # fmt: skip

#: What a value that is none of those allowed costs.
_ENUMERATED: Mapping[Any, tuple[str, ...]] = {
    "role": ("role_accuracy",),
    "sentiment": ("sentiment_macro_f1",),
    "outcome": ("outcome_right",),
    "layout": (),
}

_SPEAKER = re.compile(r"^(?:<v ([^>]+)>|\[?([A-Za-z][\w ]{0,20})\]?:)\s*")
_TIMES = re.compile(r"(?:(\d+):)?(\d+):(\d+)[,.](\d{3})\s*-->\s*(?:(\d+):)?(\d+):(\d+)[,.](\d{3})")


def read_labels(audio: Path, labels: Sequence[Path]) -> tuple[Truth, list[Problem]]:
    """All labels of one recording together."""
    truth, problems = Truth(), []
    for path in labels:
        name = Path(safe_name(audio.name)).stem + path.name.removeprefix(audio.stem)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            problems.append(Problem(name, None, "cannot be read as UTF-8 text"))
            continue
        match path.suffix.lower():
            case ".json":
                truth, found = _with_json(truth, name, text)
            case ".txt":
                truth, found = _with_words(truth, audio, path, text), []
            case ".rttm":
                truth, found = _with_rttm(truth, name, text)
            case _:
                truth, found = _with_captions(truth, name, text)
        problems += found
    return truth, problems


def check_length(truth: Truth, duration_s: float, name: str) -> tuple[Truth, list[Problem]]:
    """Leave out the figures that need times where labels run past the recording's end."""
    ends = [turn.end for turn in truth.turns if turn.end is not None] + [end for _, _, end in truth.spans]
    if not ends or max(ends) <= duration_s + 0.5:
        return truth, []
    what = f"labels run to {max(ends):.1f} s, the recording to {duration_s:.1f} s"
    left_out = truth.left_out | set(TIMED)
    return replace(truth, left_out=left_out), [Problem(name, None, what, TIMED)]


def _with_words(truth: Truth, audio: Path, path: Path, text: str) -> Truth:
    """`X.txt` holds all words; `X.left.txt` and `X.right.txt` those of a channel."""
    side = path.stem.removeprefix(audio.stem).strip(".")
    channel = {"left": 0, "right": 1, "0": 0, "1": 1}.get(side)
    turn = TrueTurn(side or "speaker", None, channel, None, None, " ".join(text.split()))
    return replace(truth, turns=(*truth.turns, turn))


def _with_rttm(truth: Truth, name: str, text: str) -> tuple[Truth, list[Problem]]:
    """RTTM (NIST): SPEAKER file channel start duration <NA> <NA> speaker ..."""
    spans, problems, files_named = [], [], set()
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if not fields or fields[0] != "SPEAKER":
            continue
        try:
            start, length = float(fields[3]), float(fields[4])
            spans.append((fields[7], start, start + length))
            files_named.add(fields[1])
        except (IndexError, ValueError):
            problems.append(Problem(name, number, "not an RTTM line", ("der",)))
    if len(files_named) > 1:
        problems.append(Problem(name, None, "names several recordings", ("der",)))
    if problems:
        return replace(truth, left_out=truth.left_out | {"der"}), problems
    end = max((end for _, _, end in spans), default=0.0)
    return replace(truth, spans=tuple(spans), scored=(0.0, end)), []


def _with_captions(truth: Truth, name: str, text: str) -> tuple[Truth, list[Problem]]:
    """SRT or WebVTT: cues with times; "agent: ..." or <v agent> names the speaker."""
    turns: list[TrueTurn] = []
    problems: list[Problem] = []
    times: tuple[float, float] | None = None
    lines: list[str] = []

    def finish() -> None:
        if times is not None and lines:
            said = " ".join(lines)
            who = _SPEAKER.match(said)
            speaker = ((who[1] or who[2]) if who else "speaker").strip()
            role = speaker.lower() if speaker.lower() in ROLES else None
            turns.append(TrueTurn(speaker, role, None, *times, said[who.end() :] if who else said))

    for number, line in enumerate(text.splitlines(), 1):
        found = _TIMES.search(line)
        if found:
            finish()
            hours, minutes, secs, ms, *end = (int(part or 0) for part in found.groups())
            times = (
                hours * 3600 + minutes * 60 + secs + ms / 1000,
                end[0] * 3600 + end[1] * 60 + end[2] + end[3] / 1000,
            )
            lines = []
        elif "-->" in line:
            problems.append(Problem(name, number, "not a cue's times", TIMED))
        elif not line.strip():
            finish()
            times = None
        elif times is not None:
            lines.append(line.strip())
    finish()
    if not turns:
        problems.append(Problem(name, None, "holds no cues"))
    left_out = truth.left_out | (set(TIMED) if problems else set())
    return replace(truth, turns=(*truth.turns, *turns), left_out=left_out), problems


def _with_json(truth: Truth, name: str, text: str) -> tuple[Truth, list[Problem]]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        return truth, [Problem(name, error.lineno, "not valid JSON")]
    if isinstance(data, dict) and "turns" not in data:
        return truth, []  # a sidecar with the call's metadata alone
    problems: list[Problem] = []
    for wrong in sorted(_validator().iter_errors(data), key=lambda one: list(map(str, one.absolute_path))):
        path = list(wrong.absolute_path)
        what = f"{_dotted(path) or 'the file'} does not fit truth.schema.json ({wrong.validator})"
        only = _ENUMERATED.get(path[-1]) if wrong.validator == "enum" else None
        problems.append(Problem(name, _line_of(text, path), what, only or ()))
        if only is None:
            return truth, problems
        _drop(data, path)
    turns = tuple(_turn(entry) for entry in data["turns"])
    pii: list[TruePII] | None = None
    for number, item in enumerate(data.get("pii", ())):
        pii = pii or []
        wrong = _pii_problem(item, turns)
        if wrong:
            problems.append(Problem(name, _line_of(text, ["pii", number]), wrong, ("pii_recall", "leak_rate")))
        elif ENTITIES[item["type"]]:
            turn = turns[item["turn"]]
            said = turn.text[item["start_char"] : item["end_char"]]
            start, end = item.get("start", turn.start), item.get("end", turn.end)
            if start is not None and end is not None:
                pii.append(TruePII(ENTITIES[item["type"]], said, start, end))
    for number, entry in enumerate(data["turns"]):
        if entry.get("end", 0.0) < entry.get("start", 0.0):
            what = f"turns.{number} ends before it starts"
            problems.append(Problem(name, _line_of(text, ["turns", number]), what, TIMED))
    left_out = truth.left_out.union(*(problem.figures for problem in problems))
    return replace(
        truth,
        turns=(*truth.turns, *turns),
        language=data.get("language"),
        pii=tuple(pii or ()) if "pii" in data else None,
        outcome=data.get("outcome"),
        issue=data.get("issue"),
        actions=_actions(data.get("actions")),
        summary=data.get("summary"),
        left_out=left_out,
    ), problems


def _turn(entry: dict[str, Any]) -> TrueTurn:
    words = tuple(TrueWord(word["text"], word["start"], word["end"]) for word in entry.get("words", ()))
    return TrueTurn(
        entry["speaker"],
        entry.get("role"),
        entry.get("channel"),
        entry.get("start"),
        entry.get("end"),
        entry["text"],
        words,
        entry.get("sentiment"),
        tuple((start, end) for start, end in entry.get("spans", ())),
    )


def _actions(entries: Sequence[dict[str, Any]] | None) -> tuple[TrueAction, ...] | None:
    if entries is None:
        return None
    return tuple(TrueAction(entry["who"], entry["text"], entry.get("due")) for entry in entries)


def _pii_problem(item: dict[str, Any], turns: Sequence[TrueTurn]) -> str:
    if item["type"] not in ENTITIES:
        return f"unknown type of personal data {item['type']!r}"
    if item["turn"] >= len(turns):
        return f"turn {item['turn']} does not exist"
    if not 0 <= item["start_char"] < item["end_char"] <= len(turns[item["turn"]].text):
        return f"characters {item['start_char']} to {item['end_char']} are outside the turn's text"
    return ""


@cache
def _validator() -> Any:
    try:
        import jsonschema
    except ImportError:
        raise CallkitError("extra-missing", "jsonschema is not installed", 'pip install "callkit[bench]"') from None
    schema = json.loads((files("callkit.bench") / "truth.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema)


def _drop(data: Any, path: Sequence[str | int]) -> None:
    for step in path[:-1]:
        data = data[step]
    del data[path[-1]]


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path))


def _line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line of a place in a JSON text. JSON is YAML, whose parser knows lines."""
    import yaml

    try:
        node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
        for step in path:
            pairs = node.value
            node = pairs[step] if isinstance(step, int) else next(value for key, value in pairs if key.value == step)
        return int(node.start_mark.line) + 1
    except (yaml.YAMLError, LookupError, StopIteration, AttributeError, TypeError):
        return None
