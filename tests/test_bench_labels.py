"""Labels of every kind are read; those that cannot be used are named with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callkit.bench.find import find_material
from callkit.bench.labels import check_length, read_labels
from callkit.bench.textsets import read_text_set
from callkit.bench.truth import TrueTurn, Truth

TURN = {"speaker": "a", "role": "agent", "channel": 0, "start": 0.0, "end": 2.0, "text": "call Ann now"}


def labels(tmp_path: Path, name: str, text: str) -> tuple[Truth, list[str]]:
    path = tmp_path / name
    path.write_text(text)
    truth, problems = read_labels(tmp_path / "call.wav", [path])
    return truth, [str(problem) for problem in problems]


def test_json_with_everything(tmp_path: Path) -> None:
    item = {"type": "PERSON", "turn": 0, "start_char": 5, "end_char": 8, "start": 0.5, "end": 1.0}
    truth, problems = labels(tmp_path, "call.json", json.dumps({"turns": [TURN], "pii": [item], "language": "en"}))
    assert not problems
    assert truth.pii is not None and (truth.pii[0].text, truth.pii[0].start) == ("Ann", 0.5)
    assert truth.speaker_spans() == [("a", 0.0, 2.0)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": "SHOE_SIZE"}, "call.json:4: unknown type of personal data 'SHOE_SIZE'"),
        ({"end_char": 99}, "call.json:4: characters 5 to 99 are outside the turn's text"),
        ({"turn": 3}, "call.json:4: turn 3 does not exist"),
    ],
)
def test_json_labels_that_do_not_fit_are_named_by_line(tmp_path: Path, change: dict[str, object], said: str) -> None:
    item = {"type": "PERSON", "turn": 0, "start_char": 5, "end_char": 8} | change
    text = '{"turns": [\n' + json.dumps(TURN) + '],\n"pii": [\n' + json.dumps(item) + "]}"
    truth, problems = labels(tmp_path, "call.json", text)
    assert problems[0].startswith(said) and "left out: pii_recall, leak_rate" in problems[0]
    assert {"pii_recall", "leak_rate"} <= truth.left_out
    assert len(truth.turns) == 1  # the words can still be scored


def test_json_that_does_not_fit_the_schema(tmp_path: Path) -> None:
    truth, problems = labels(tmp_path, "call.json", '{\n"turns": [\n{"speaker": "a",\n"text": "hi", "role": "boss"}]}')
    assert problems == ["call.json:4: turns.0.role does not fit truth.schema.json (enum) (left out: role_accuracy)"]
    assert truth.turns[0].role is None and truth.left_out == {"role_accuracy"}
    truth, problems = labels(tmp_path, "call.json", '{"turns": [{"speaker": "a"}]}')
    assert problems == ["call.json:1: turns.0 does not fit truth.schema.json (required)"] and truth == Truth()
    _, problems = labels(tmp_path, "call.json", '{\n"turns": [,]}')
    assert problems == ["call.json:2: not valid JSON"]


def test_a_sidecar_of_metadata_is_no_label(tmp_path: Path) -> None:
    assert labels(tmp_path, "call.json", '{"call": {"agent_id": "7"}}') == (Truth(), [])


def test_words_of_a_channel(tmp_path: Path) -> None:
    truth, _ = labels(tmp_path, "call.right.txt", "hello\nthere\n")
    assert (truth.turns[0].text, truth.turns[0].channel) == ("hello there", 1)


def test_rttm(tmp_path: Path) -> None:
    line = "SPEAKER x 1 1.5 2.0 <NA> <NA> ann <NA> <NA>\n"
    truth, problems = labels(tmp_path, "call.rttm", line)
    assert truth.spans == (("ann", 1.5, 3.5),) and not problems and truth.scored == (0.0, 3.5)
    truth, problems = labels(tmp_path, "call.rttm", line + "SPEAKER x 1 one\n")
    assert problems == ["call.rttm:2: not an RTTM line (left out: der)"] and "der" in truth.left_out


def test_captions(tmp_path: Path) -> None:
    srt = "1\n00:00:01,000 --> 00:00:02,500\nagent: good\nmorning\n\n2\n00:01:00,000 --> 00:01:01,000\ncustomer: hi\n"
    truth, problems = labels(tmp_path, "call.srt", srt)
    assert [(t.role, t.start, t.end, t.text) for t in truth.turns] == [
        ("agent", 1.0, 2.5, "good morning"),
        ("customer", 60.0, 61.0, "hi"),
    ]
    assert not problems
    vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v agent>hello\n\n00:03 --> soon\nbye\n"
    truth, problems = labels(tmp_path, "call.vtt", vtt)
    assert truth.turns[0].text == "hello" and problems[0].startswith("call.vtt:6: not a cue's times")


def test_labels_longer_than_the_recording_lose_their_times() -> None:
    truth = Truth(turns=(TrueTurn("a", "agent", 0, 0.0, 9.0, "hi"),))
    assert check_length(truth, 9.0, "call.wav") == (truth, [])
    changed, problems = check_length(truth, 5.0, "call.wav")
    assert "der" in changed.left_out
    assert str(problems[0]).startswith("call.wav: labels run to 9.0 s, the recording to 5.0 s (left out: der")


def test_text_sets(tmp_path: Path) -> None:
    pii = tmp_path / "pii.jsonl"
    pii.write_text(
        '{"text": "I am Ann", "entities": [{"start": 5, "end": 8, "label": "PERSON"}]}\n'
        '{"text": "In Rome", "entities": [{"start": 3, "end": 7, "label": "GPE"}]}\n'
        "nonsense\n"
        '{"turns": [{"role": "agent", "text": "hi Bo", "pii": [{"type": "PERSON", "start": 3, "end": 5}]}]}\n'
    )
    found, problems = read_text_set(pii)
    assert found is not None and found.kind == "pii" and len(found.rows) == 3
    assert found.rows[1].turns[0].spans == ((3, 7, None),)
    assert [str(problem) for problem in problems] == [
        "pii.jsonl:3: not valid JSON",
        "pii.jsonl:2: 1 span(s) of type 'GPE', which callkit does not know (left out: pii_recall, pii_precision)",
    ]
    mood = tmp_path / "mood.tsv"
    mood.write_text("text\tlabel\nI love it\tpositive\nhmm\tpuzzled\n")
    found, problems = read_text_set(mood)
    assert found is not None and [row.label for row in found.rows] == ["positive"]
    assert str(problems[0]).startswith("mood.tsv:3: 1 row(s) whose label is none of")
    (tmp_path / "bare.tsv").write_text("positive\tI love it\n")
    assert str(find_material([tmp_path / "bare.tsv"]).problems[0]) == (
        "bare.tsv:1: has no header with the columns text and label"
    )
    topics = tmp_path / "topics.csv"
    lines = [f"my card {number},card" for number in range(12)] + [f"my loan {number},loan" for number in range(11)]
    topics.write_text("\n".join(["text,category", *lines, "hello,other"]))
    found, problems = read_text_set(topics)
    assert found is not None and found.kind == "topics"
    assert [row.label for row in found.rows if not row.example] == ["card", "card", "loan"]
    assert len({row.turns[0].text for row in found.rows}) == 23
    assert str(problems[0]).startswith("topics.csv:25: a topic with 1 texts")
    assert [case.name for case in find_material([tmp_path / "topics.csv"]).text_sets] == ["topics.csv"]
    notes = tmp_path / "notes.jsonl"
    notes.write_text('{"turns": [{"speaker": "doctor", "text": "hello"}], "note": "They spoke."}\n')
    found, _ = read_text_set(notes)
    assert found is not None and found.kind == "summary" and found.rows[0].turns[0].role == "agent"


def test_what_has_no_labels_is_said(tmp_path: Path) -> None:
    (tmp_path / "call.wav").write_bytes(b"")
    material = find_material([tmp_path])
    assert not material.cases and "has no labels beside it" in str(material.problems[0])
