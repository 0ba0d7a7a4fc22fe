"""show, search, query and export, on a store of made-up calls."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from callkit.app import export, query
from callkit.app.plain import jsonable
from callkit.app.report import call_report
from callkit.app.search import by_words
from callkit.app.show import show
from callkit.cli import main
from callkit.errors import StoreError, UsageError
from tests.stores import make_store

TIME = r"\d\d:\d\d:\d\d[,.]\d\d\d"


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    return make_store(tmp_path_factory.mktemp("store") / "calls.duckdb", calls=30)


@pytest.fixture(scope="module")
def call(store) -> str:
    """A call with a redaction in it."""
    return query.query(store, "select call_id from redactions order by call_id limit 1").rows[0][0]


def run(*arguments: str, store: Path, exit_code: int = 0):
    result = CliRunner().invoke(main.cli, [*arguments, "--store", str(store)], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return result


# --- show -------------------------------------------------------------------------------------------------------------


def test_show_finds_a_call_by_the_beginning_of_its_id(store, call):
    assert show(store, call[:12]).call["call_id"] == call
    with pytest.raises(StoreError) as caught:
        show(store, "nope")
    assert caught.value.code == "call-missing"


def test_show_prints_what_was_said_and_what_was_redacted(store, call):
    shown = run("show", call, "--redactions", "--metrics", store=store).output
    view = show(store, call)
    assert all(turn["text"] in shown for turn in view.turns)
    assert view.summary["issue"] in shown and "talk_share" in shown
    assert view.redactions[0]["recognizer"] in shown


def test_what_a_call_lacks_is_said(store, call, tmp_path):
    path = Path(shutil.copy(store, tmp_path / "calls.duckdb"))
    with duckdb.connect(str(path)) as connection:
        why = '{"summary": "the engine does not know the language spoken (es)", "redaction": "names may be left"}'
        connection.execute("update calls set quality = ? where call_id = ?", [why, call])
        connection.execute("update summaries set summary = '', issue = null where call_id = ?", [call])
        connection.execute("delete from statements where call_id = ?", [call])
    shown, page = run("show", call, store=path).output, call_report(path, call)
    assert "none: the engine does not know the language spoken (es)" in shown
    assert "warning: names may be left" in shown
    assert '"withheld":"the engine does not know the language spoken (es)"' in page
    assert "names may be left</p>" in page


def test_show_as_json_has_every_part(store, call):
    shown = json.loads(run("show", call, "--json", store=store).output)
    assert set(shown) == {
        "call",
        "turns",
        "summary",
        "statements",
        "actions",
        "metrics",
        "speakers",
        "redactions",
        "segments",
        "certainty",
    }
    assert shown["turns"][0]["role"] == "agent"


# --- search -----------------------------------------------------------------------------------------------------------


def test_search_wants_every_word_in_whatever_case(store):
    found = by_words(store, "DECLINED card")
    assert found and all("declined" in row["text"] and "card" in row["text"] for row in found)
    assert by_words(store, "declined zebra") == []


def test_search_puts_the_whole_phrase_first(store):
    found = by_words(store, "is my", limit=1000)
    phrase = ["is my" in row["text"].lower() for row in found]
    assert phrase == sorted(phrase, reverse=True)


def test_search_takes_signs_as_they_are(store):
    assert by_words(store, "%") == [] and by_words(store, "_____") == []
    assert all("[CARD]" in row["text"] for row in by_words(store, "[card]"))


def test_search_by_role_and_limit(store):
    assert {row["role"] for row in by_words(store, "you", role="customer", limit=5)} == {"customer"}
    assert len(by_words(store, "you", limit=3)) == 3


def test_search_for_nothing_is_a_usage_error(store):
    with pytest.raises(UsageError):
        by_words(store, "  ")


def test_search_prints_a_line_a_turn(store):
    assert "declined" in run("search", "declined", store=store).output
    assert "no turn found" in run("search", "zebra", store=store).output
    assert json.loads(run("search", "zebra", "--json", store=store).output) == []


# --- query ------------------------------------------------------------------------------------------------------------


def test_query_as_json_is_an_array_of_objects(store):
    rows = json.loads(
        run("query", "select call_id, duration_s, started_at from calls", "--format", "json", store=store).output
    )
    assert len(rows) == 30
    assert datetime.fromisoformat(rows[0]["started_at"])
    assert json.loads(run("query", "from calls where false", "--json", store=store).output) == []


def test_query_as_csv_reads_back(store):
    question = """select 'a,"b"' as text, null as nothing, [1, 2] as list, 1.5 as figure, 'x\ny' as lines"""
    rows = list(csv.DictReader(io.StringIO(run("query", question, "--format", "csv", store=store).output)))
    assert rows == [{"text": 'a,"b"', "nothing": "", "list": "[1, 2]", "figure": "1.5", "lines": "x\ny"}]


def test_query_as_parquet_keeps_types(store, tmp_path):
    import pandas as pd

    file = tmp_path / "calls.parquet"
    run("query", "from calls", "--format", "parquet", "-o", str(file), store=store)
    frame = pd.read_parquet(file)
    assert len(frame) == 30
    assert frame["muted_s"].dtype == "float64", "null everywhere, and still a figure"
    assert str(frame["started_at"].dtype).startswith("datetime64")
    run("query", "from calls where false", "--format", "parquet", "-o", str(file), store=store)
    assert list(pd.read_parquet(file).columns) == list(frame.columns)


def test_query_from_standard_input(store):
    result = CliRunner().invoke(main.cli, ["query", "-", "--store", str(store), "--json"], input="select 1 as one")
    assert json.loads(result.output) == [{"one": 1}]


def test_two_columns_of_one_name_are_both_there(store):
    assert json.loads(run("query", "select 1 as a, 2 as a", "--json", store=store).output) == [{"a": 1, "a_2": 2}]


def test_query_says_when_there_is_more(store):
    assert "more rows" in run("query", "from turns", "--limit", "2", store=store).output


def test_a_reader_of_many_rows_that_stops_early_is_no_error(store):
    shell = f"{sys.executable} -m callkit query 'from range(200000)' --format csv --store {store} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "0" and done.stderr == ""


@pytest.mark.parametrize(
    "sql",
    [
        "delete from calls",
        "update calls set queue = 'x'",
        "drop table calls",
        "select 1; select 2",
        "copy calls to 'out.csv'",
        "select * from 'calls.csv'",
        "select * from read_text('/etc/hostname')",
        "attach 'other.duckdb'",
        "install httpfs",
        "set enable_external_access = true",
        "select * from nope",
        "selec",
        "",
    ],
)
def test_query_only_reads_and_only_the_store(store, sql, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = store.read_bytes()
    with pytest.raises(StoreError) as caught:
        query.query(store, sql)
    assert caught.value.code == "query-invalid" and caught.value.hint
    assert list(tmp_path.iterdir()) == [] and store.read_bytes() == before


def test_a_missing_store_is_an_error_with_a_hint(tmp_path, capsys):
    for arguments in (["show", "x"], ["search", "x"], ["query", "select 1"], ["export", "x", "--format", "srt"]):
        assert main.run([*arguments, "--store", str(tmp_path / "none.duckdb")]) == 1
        error, hint = capsys.readouterr().err.splitlines()
        assert error.startswith("error[store-missing]") and "callkit demo" in hint


# --- export -----------------------------------------------------------------------------------------------------------


def _cue_times(text: str) -> list[tuple[float, float]]:
    def number(clock: str) -> float:
        hours, minutes, rest = clock.replace(",", ".").split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(rest)

    return [(number(start), number(end)) for start, end in re.findall(rf"({TIME}) --> ({TIME})", text)]


@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_captions_are_short_in_order_and_hold_every_word(store, call, form):
    text = export.export(store, call, form)
    times = _cue_times(text)
    assert times and all(start < end for start, end in times)
    assert times == sorted(times)
    body = re.sub(rf"^\d+$|^{TIME} --> {TIME}$|^WEBVTT$", "", text, flags=re.M)
    assert all(len(line) <= export.CUE_CHARACTERS for line in body.splitlines())
    spoken = " ".join(re.sub(r"<v \w+>|^\w+: ", "", body, flags=re.M).split())
    assert spoken == " ".join(" ".join(turn["text"] for turn in show(store, call).turns).split())


def test_srt_is_numbered_and_parted_by_blank_lines(store, call):
    blocks = export.export(store, call, "srt").strip().split("\n\n")
    assert [int(block.splitlines()[0]) for block in blocks] == list(range(1, len(blocks) + 1))
    assert all("-->" in block.splitlines()[1] for block in blocks)


def _words(*texts: str, step: float = 0.3, language: str = "") -> list[dict]:
    return [
        {"text": text, "start_s": i * step, "end_s": i * step + 0.2, "role": "agent", "language": language}
        for i, text in enumerate(texts)
    ]


def test_a_cue_ends_where_a_sentence_does():
    said = "I can see the charge on your bill from last month here. It was a mistake on our side."
    words = _words(*said.split())
    assert [cue.text[-1] for cue in export.cut(words)] == [".", "."]


def test_no_cue_is_longer_than_seven_seconds():
    assert all(cue.end - cue.start <= export.CUE_SECONDS for cue in export.cut(_words(*["word"] * 40, step=1.5)))


def test_captions_of_an_unspaced_language_have_no_spaces():
    assert [cue.text for cue in export.cut(_words("お電話", "ありがとう", language="ja"))] == ["お電話ありがとう"]


def test_a_word_without_length_still_makes_a_cue():
    (cue,) = export.cut([{"text": "yes", "start_s": 1.0, "end_s": 1.0, "role": "agent", "language": ""}])
    assert cue.start < cue.end


def test_vtt_escapes_what_webvtt_reads_as_markup():
    assert export._escaped("a <b> & --> c") == "a &lt;b&gt; &amp; --&gt; c"


def test_rttm_has_ten_fields_and_channels_from_one(store, call):
    for line in export.export(store, call, "rttm").splitlines():
        fields = line.split()
        assert len(fields) == 10 and fields[0] == "SPEAKER" and int(fields[2]) in (1, 2) and float(fields[4]) >= 0


def test_txt_has_a_line_a_turn(store, call):
    assert len(export.export(store, call, "txt").splitlines()) == len(show(store, call).turns)


def test_json_has_every_table_of_the_call(store, call):
    data = json.loads(export.export(store, call, "json"))
    assert data["calls"][0]["source_name"]
    assert len(data["turns"]) == len(show(store, call).turns)
    assert {"words", "redactions", "summaries", "speaker_metrics", "stage_runs"} <= set(data)


class _Links(html.parser.HTMLParser):
    """Whatever a page would fetch or lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in ("src", "href") and value]


def test_html_stands_alone(store, call):
    page = export.export(store, call, "html")

    links = _Links()
    links.feed(page)
    assert [link for link in links.found if not link.startswith(("data:", "#"))] == []
    assert "[CARD]" in page or "[PERSON_1]" in page or "[PHONE]" in page


def test_export_to_a_file_says_so_and_a_bad_place_is_an_error(store, call, tmp_path):
    file = tmp_path / "call.srt"
    assert "wrote" in run("export", call, "--format", "srt", "-o", str(file), store=store).output
    assert file.read_text() == export.export(store, call, "srt")
    arguments = ["export", call, "--format", "srt", "-o", str(tmp_path / "no" / "x.srt"), "--store", str(store)]
    assert main.run(arguments) == 2


# --- plain ------------------------------------------------------------------------------------------------------------


def test_jsonable_has_no_nan_and_keeps_times():
    value = {"a": float("nan"), 1: [float("inf"), (1, "ü")], "t": datetime(2026, 1, 2, 3, 4, 5)}
    assert jsonable(value) == {"a": None, "1": [None, [1, "ü"]], "t": "2026-01-02T03:04:05"}
