"""The ledger and the snapshot: what goes in comes out, nothing twice, nobody locked out, old schemas brought up to date."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callkit import model
from callkit.errors import CallkitError, PrivacyError, StoreError
from callkit.pipeline.facets import decode, encode
from callkit.protocols import FACETS
from callkit.store import database
from callkit.store.files import StoreFiles
from callkit.store.invariants import broken_invariants
from callkit.store.ledger import Ledger
from callkit.store.reader import Snapshot
from callkit.store.rows import TABLES, overlaps
from tests.toys import dump


def outcome(number: int = 0, text: str = "hello", **changes: object) -> model.Outcome:
    """A call with something in every safe facet."""
    words = (
        model.SafeWord(0.0, 0.5, text, 0, 0.9, "en"),
        model.SafeWord(0.6, 1.5, "[CARD]", 0, 0.8, "en", "CARD", 4),
    )
    turns = (
        model.SafeTurn(0, "S0", "agent", 0, 0.0, 1.5, words, 0.9, 0.1, "en", "in English"),
        model.SafeTurn(1, "S1", "customer", 1, 1.6, 2.0, (), 0.9, 0.0, "en"),
    )
    stats = (model.ChannelStats(0, -20.0, -1.0, None, 0.0, 0.0, 3400.0, False),)
    facets = {
        "inspection": model.Inspection(
            9.5, 8000, "pcm", "mono", "diarization", "one channel", stats, (0,), (model.Segment("hold", 3.0, 4.0),)
        ),
        "language": model.Language("en", 0.95),
        "speaker_spans": (model.SpeakerSpan("S0", 0.0, 1.0, 0), model.SpeakerSpan("S1", 0.5, 2.0)),
        "turns": turns,
        "redactions": (model.Redaction(0, 1, 4, 1, 0.6, 1.5, "CARD", 0.99, "cards", "asked for"),),
        "muted": model.MutedAudio(f"{number:016x}.flac", "b" * 64, 0.9, 0.0, ((0.6, 1.5),)),
        "loudness": (model.Loudness(0, -22.5, 1.5),),
        "sentiment": tuple(model.Sentiment(turn.index, "neutral", 0.0, 0.1, 0.8, 0.1) for turn in turns),
        "embeddings": model.Embeddings("mini", 4, (0, 1), np.arange(8, dtype="<f2").tobytes()),
        "summary": model.Summary(
            "A title",
            (model.Statement("One.", (0,), True, 0.9), model.Statement("Two.", (0, 1), False)),
            model.Statement("The issue.", (1,)),
            "resolved",
            model.Statement("It works.", (0,)),
            (model.Action("agent", "call back", "tomorrow", (0,)),),
            (model.Chapter(0, 0.0, 2.0, "All of it", 0, 1),),
        ),
        "metrics": model.Metrics(
            {"duration_s": 9.5, "turns": 2},
            {"agent": {"talk_s": 1.5}, "customer": {"talk_s": 0.4}},
            {"overlap_s": "one channel"},
            (model.Interaction(1, "interruption", "customer", 0.5, 1.0, "agent"),),
        ),
    } | changes
    stages = ("inspect", "transcribe", "diarize", "turns", "redact")
    runs = tuple(model.StageRun(stage, 1, "engine", "model", f"key of {stage}", 0.5, "ran") for stage in stages)
    call = model.Call(f"{number:016x}", "call.wav", "a" * 64, datetime(2024, 5, 1, 9), "A1", "c-1", "sales", "inbound")
    return model.Outcome(call, facets, runs)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.duckdb"


# --- facets and the gate -----------------------------------------------------------------------------------------------


def test_every_safe_facet_survives_json() -> None:
    facets = outcome().facets
    assert set(facets) == {name for name, facet in FACETS.items() if not facet.private}
    for name, value in facets.items():
        assert decode(name, encode(name, value)) == value


@given(st.text(max_size=40), st.text(max_size=10), st.floats(0, 1))
def test_any_text_survives_json(text: str, language: str, confidence: float) -> None:
    turn = model.SafeTurn(0, "S0", "agent", None, 0.0, 1.0, (model.SafeWord(0.0, 1.0, text, 0, confidence, language),))
    assert decode("turns", encode("turns", (turn,))) == (turn,)


def test_private_facets_and_hidden_raw_words_are_refused() -> None:
    raw = model.Turn(0, "S0", "agent", None, 0.0, 1.0, (model.Word(0.0, 1.0, "Ines"),))
    for name, value in (
        ("raw_turns", (raw,)),
        ("words", ()),
        ("turns", (raw,)),
        ("summary", {"x": [raw]}),
        ("audio", b""),
    ):
        with pytest.raises(PrivacyError):
            encode(name, value)


def test_figures_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode("loudness", (model.Loudness(0, float("nan"), 0.0),))


def test_a_raw_word_in_an_outcome_stores_nothing(path: Path) -> None:
    raw = model.Turn(0, "S0", "agent", None, 0.0, 1.0, (model.Word(0.0, 1.0, "Ines"),))
    with Ledger(path) as ledger:
        with pytest.raises(PrivacyError):
            ledger.commit(outcome(1), outcome(2, turns=(raw,)))
        assert ledger.call_ids() == []


# --- what goes in comes out --------------------------------------------------------------------------------------------


def test_every_table_gets_its_rows(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.commit(outcome(1))
        ledger.publish()
    with Snapshot(path) as snapshot:
        assert broken_invariants(snapshot) == []
        counts = {table: snapshot.rows(f"select count(*) as n from {table}")[0]["n"] for table in TABLES}
        assert all(counts.values()), counts
        turn = snapshot.rows("from turns order by turn")[0]
        assert (turn["text"], turn["loudness_dbfs"], turn["translation"]) == ("hello [CARD]", -22.5, "in English")
        assert snapshot.rows("select word, entity, raw_words from words where entity is not null") == [
            {"word": 1, "entity": "CARD", "raw_words": 4}
        ]
        assert snapshot.rows("select kind, start_s, end_s from segments order by kind") == [
            {"kind": "hold", "start_s": 3.0, "end_s": 4.0},
            {"kind": "overlap", "start_s": 0.5, "end_s": 1.0},
        ]
        summary = snapshot.rows("from summaries")[0]
        assert (summary["summary"], summary["summary_turns"], summary["unsupported"]) == ("One. Two.", [0, 1], 1)
        vectors = snapshot.rows("select vector from embeddings order by turn")
        assert vectors[1]["vector"] == [4.0, 5.0, 6.0, 7.0]
        call = snapshot.rows("select *, quality->>'overlap_s' as why from calls")[0]
        assert (call["started_at"], call["why"], call["customer"]) == (datetime(2024, 5, 1, 9), "one channel", "c-1")


def test_many_calls_at_once_are_stored_as_one_by_one(tmp_path: Path) -> None:
    one_by_one, together = tmp_path / "a.duckdb", tmp_path / "b.duckdb"
    with Ledger(one_by_one) as ledger:
        for number in range(4):
            ledger.commit(outcome(number))
        ledger.publish()
    with Ledger(together) as ledger:
        ledger.commit(*(outcome(number) for number in range(4)))
        ledger.publish()
    for table in TABLES:
        columns = "* exclude (processed_at)" if table == "calls" else "*"
        with Snapshot(one_by_one) as first, Snapshot(together) as second:
            assert first.rows(f"select {columns} from {table}") == second.rows(f"select {columns} from {table}")


def test_storing_again_changes_nothing_and_a_change_replaces_only_its_rows(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.commit(outcome(1))
        before = dump_tables(ledger)
        ledger.commit(outcome(1))
        assert dump_tables(ledger) == before
        assert not ledger.rewrite_due
        ledger.commit(outcome(1, loudness=(model.Loudness(0, -10.0, 0.0),)))
        changed = {table for table, rows in dump_tables(ledger).items() if rows != before[table]}
        assert changed == {"turns"}
        assert ledger.rewrite_due


def dump_tables(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: ledger.connection.execute(
            f"select {'* exclude (processed_at)' if table == 'calls' else '*'} from {table} order by all"
        ).fetchall()
        for table in TABLES
    }


def test_what_the_ledger_knows_comes_back(path: Path) -> None:
    made = outcome(1)
    with Ledger(path) as ledger:
        ledger.commit(made)
        cached = ledger.cached(made.call.call_id)
        assert cached.keys == {run.stage: run.key for run in made.runs}
        assert {name: cached.load(name) for name in cached.digests} == made.facets
        assert ledger.calls() == {made.call.call_id: made.call}
        assert ledger.cached("nobody").keys == {}


def test_a_failed_call_keeps_its_results_and_its_failure_goes_when_it_succeeds(path: Path) -> None:
    good = outcome(1)
    run = model.StageRun("redact", 0, "", "", "", 0.0, "failed", "stage-failed", "what", "hint")
    with Ledger(path) as ledger:
        ledger.commit(good)
        before = dump_tables(ledger)
        ledger.commit(model.Outcome(good.call, {}, (), run))
        assert dump_tables(ledger) == before
        assert ledger.failing() == {good.call.call_id}
        assert ledger.cached(good.call.call_id).keys["redact"] == "key of redact"
        ledger.publish()
        with Snapshot(path) as snapshot:
            (failure,) = snapshot.rows("from failures")
        assert (failure["code"], failure["what"], failure["stage"]) == ("stage-failed", "what", "redact")
        ledger.commit(good)
        assert ledger.failing() == set()


def test_metrics_without_a_column_are_a_defect_that_is_named(path: Path) -> None:
    with Ledger(path) as ledger:
        with pytest.raises(CallkitError, match="karma"):
            ledger.commit(outcome(1, metrics=model.Metrics({"karma": 1.0}, {})))
        assert ledger.call_ids() == []


def test_topics_and_proofs(path: Path) -> None:
    now = datetime(2024, 5, 1)
    topic = model.Topic(0, "cards", "found", ("card", "lost"), 2, (f"{1:016x}", f"{2:016x}"), (0.6, 0.8), now)
    proof = model.RedactionProof(f"{1:016x}", now, "whisper", "tiny", "b" * 64, 1.0, 0, 0.0, "clean")
    with Ledger(path) as ledger:
        ledger.commit(outcome(1), outcome(2))
        ledger.replace_topics([topic], [model.CallTopic(f"{one:016x}", 0, 0.9) for one in (1, 2)])
        ledger.add_proof(proof)
        ledger.forget([f"{2:016x}"])
    with Snapshot(path) as snapshot:
        stored = snapshot.rows("from topics")[0]
        assert (stored["terms"], stored["calls"], stored["representative_calls"]) == (
            ["card", "lost"],
            1,
            [f"{1:016x}"],
        )
        assert snapshot.rows("select verdict from redaction_proofs") == [{"verdict": "clean"}]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=8))
def test_overlaps_are_where_two_talk(spans: list[tuple[int, int]]) -> None:
    talk = [model.SpeakerSpan(f"S{n}", start, start + length) for n, (start, length) in enumerate(spans)]
    found = overlaps(talk)
    for moment in range(45):
        talking = sum(span.start <= moment < span.end for span in talk)
        assert any(start <= moment < end for start, end in found) == (talking >= 2)


# --- one writes, everybody reads ---------------------------------------------------------------------------------------


def test_a_reader_keeps_its_snapshot_and_the_next_one_sees_the_new(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.commit(outcome(1))
        ledger.publish()
        with Snapshot(path) as old:
            ledger.commit(outcome(2))
            ledger.publish()
            with Snapshot(path) as new:
                assert [len(one.rows("from calls")) for one in (old, new)] == [1, 2]
                assert old.snapshot_id != new.snapshot_id


def test_what_was_committed_before_a_kill_is_published_at_the_next_start(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.commit(outcome(1))
        ledger.publish()
        ledger.commit(outcome(2))
    with Ledger(path) as ledger:
        assert ledger.finish()
        assert not ledger.finish()
    with Snapshot(path) as snapshot:
        assert len(snapshot.rows("from calls")) == 2


def test_two_writers_never(path: Path) -> None:
    with Ledger(path), pytest.raises(StoreError) as caught, Ledger(path):
        pass
    assert caught.value.code == "store-locked"


def test_an_older_schema_is_brought_up_to_date_and_a_newer_one_left_alone(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(path) as ledger:
        ledger.commit(outcome(1))
        ledger.publish()
    schema = tmp_path / "schema"
    shutil.copytree(str(database._SCHEMA), schema)
    (schema / "0003_more.sql").write_text(
        "alter table calls add column colour varchar; update calls set colour = 'blue';"
    )
    with monkeypatch.context() as newer:
        newer.setattr(database, "_SCHEMA", schema)
        with pytest.raises(StoreError) as caught, Snapshot(path):
            pass
        assert caught.value.code == "store-older"
        with Ledger(path) as ledger:
            assert ledger.finish()
        with Snapshot(path) as snapshot:
            assert snapshot.rows("select colour, source_name from calls") == [
                {"colour": "blue", "source_name": "call.wav"}
            ]
    for open_it in (Ledger, Snapshot):
        with pytest.raises(StoreError) as caught, open_it(path):
            pass
        assert caught.value.code == "store-newer"


def test_a_migration_that_fails_leaves_the_old_schema(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(path) as ledger:
        ledger.commit(outcome(1))
        ledger.finish()
    schema = tmp_path / "schema"
    shutil.copytree(str(database._SCHEMA), schema)
    (schema / "0003_bad.sql").write_text("alter table calls add column colour varchar; select no_such_function();")
    with monkeypatch.context() as newer:
        newer.setattr(database, "_SCHEMA", schema)
        with pytest.raises(StoreError), Ledger(path):
            pass
    with Ledger(path) as ledger:
        assert len(ledger.calls()) == 1


@pytest.mark.parametrize("content", [b"", b"no database at all", b"x" * 100_000])
def test_another_file_at_the_stores_path_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for open_it in (Ledger, Snapshot):
        with pytest.raises(StoreError) as caught, open_it(path):
            pass
        assert caught.value.code == "store-invalid"
    assert path.read_bytes() == content


def test_a_ledger_that_another_program_has_open_is_locked_and_a_broken_one_is_no_store(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.commit(outcome(1))
    ledger_file = StoreFiles.at(path).ledger
    code = f"import duckdb, sys; c = duckdb.connect({str(ledger_file)!r}); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(StoreError) as caught, Ledger(path):
        pass
    assert caught.value.code == "store-locked"
    holder.communicate()
    ledger_file.write_bytes(b"x" * 100_000)
    with pytest.raises(StoreError) as caught, Ledger(path):
        pass
    assert caught.value.code == "store-invalid"


def test_another_programs_database_is_left_alone(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table meta (key varchar, value varchar); create table mine (a int)")
    shutil.copy(path, StoreFiles.at(path).ledger)
    for open_it in (Ledger, Snapshot):
        with pytest.raises(StoreError) as caught, open_it(path):
            pass
        assert caught.value.code == "store-invalid"


def test_a_snapshot_without_its_ledger_is_never_overwritten(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.commit(outcome(1))
        ledger.publish()
    StoreFiles.at(path).ledger.unlink()
    with pytest.raises(StoreError) as caught, Ledger(path):
        pass
    assert caught.value.code == "store-invalid"
    with Snapshot(path) as snapshot:
        assert len(snapshot.rows("from calls")) == 1


def test_odd_paths_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / 'it\'s a "store" 📞' / "calls"
    with Ledger(path) as ledger:
        ledger.commit(outcome(1))
        ledger.publish()
        ledger.rewrite()
    with Snapshot(path) as snapshot:
        assert len(snapshot.rows("from calls")) == 1


def test_the_key_is_the_owners_alone(path: Path) -> None:
    with Ledger(path) as ledger:
        assert ledger.key == ledger.key
        assert len(ledger.key) == 32
    assert StoreFiles.at(path).key.stat().st_mode & 0o777 == 0o600


def test_the_ledger_does_not_grow_with_re_runs(path: Path) -> None:
    sizes = []
    with Ledger(path) as ledger:
        for number in range(60):
            ledger.commit(*(outcome(call, text=f"version {number}") for call in range(5)))
            if number % 20 == 19:
                ledger.finish()
                sizes.append(StoreFiles.at(path).ledger.stat().st_size)
    assert sizes[-1] <= sizes[0] * 1.1
    assert "version 18" not in dump(StoreFiles.at(path).ledger)


# --- queries of others -------------------------------------------------------------------------------------------------


@pytest.fixture
def stored(path: Path) -> Path:
    with Ledger(path) as ledger:
        ledger.commit(outcome(0xAB), outcome(0xAC))
        ledger.publish()
    return path


@pytest.mark.parametrize(
    "sql", ["select * from calls", "from turns", "with a as (from calls) from a", "describe calls"]
)
def test_questions_are_answered(stored: Path, sql: str) -> None:
    with Snapshot(stored) as snapshot:
        assert snapshot.user_query(sql).rows


@pytest.mark.parametrize(
    "sql",
    [
        "delete from calls", "drop table calls", "create table x (a int)", "select 1; select 2", "", "nonsense", "select nope from calls",
        "copy calls to '/tmp/x.csv'", "attach '/tmp/x.duckdb'", "select * from read_text('/etc/passwd')", "from '/etc/passwd'",
        "set enable_external_access = true", "install fts", "select * from glob('/*')", "call pragma_version()",
        "select 'Ines'::int",
    ],
)  # fmt: skip
def test_anything_but_a_question_is_refused(stored: Path, sql: str) -> None:
    with Snapshot(stored) as snapshot:
        with pytest.raises(StoreError) as caught:
            snapshot.user_query(sql)
        assert caught.value.code == "query-invalid"
        assert "Ines" not in str(caught.value)
        assert len(snapshot.rows("from calls")) == 2


def test_limits_of_rows_and_time(stored: Path) -> None:
    with Snapshot(stored) as snapshot:
        some = snapshot.user_query("from range(100)", limit=7)
        assert (len(some.rows), some.truncated) == (7, True)
        assert not snapshot.user_query("from range(7)", limit=7).truncated
        with pytest.raises(StoreError, match="longer"):
            snapshot.user_query("select count(*) from range(100000000000) a, range(1000000) b", timeout_s=0.2)
        assert snapshot.user_query("select 1").rows == [(1,)]


def test_calls_are_found_by_the_beginning_of_their_id(stored: Path) -> None:
    with Snapshot(stored) as snapshot:
        whole = f"{0xAB:016x}"
        assert snapshot.call_id(whole) == whole
        for prefix in ("", "0000", "ffff", "%"):
            with pytest.raises(StoreError) as caught:
                snapshot.call_id(prefix)
            assert caught.value.code == "call-missing"


def test_reading_imports_no_model_library() -> None:
    code = "import sys, callkit.store.reader, callkit.store.ledger, callkit.app.process; print([m for m in ('torch', 'transformers', 'pandas') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


@settings(max_examples=8, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8), min_size=1, max_size=3))
def test_any_words_survive_the_store(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("store") / "calls.duckdb"
    words = tuple(model.SafeWord(0.0, 1.0, text, 0, 1.0, "en") for text in texts)
    turns = (model.SafeTurn(0, "S0", "agent", None, 0.0, 1.0, words),)
    with Ledger(path) as ledger:
        ledger.commit(outcome(1, turns=turns))
        found = ledger.connection.execute("select text from words order by word").fetchall()
        assert [text for (text,) in found] == texts
        assert ledger.facet(f"{1:016x}", "turns") == turns
