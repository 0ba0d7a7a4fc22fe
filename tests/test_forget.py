"""What is erased is gone: by bytes, by values, from every file of the store."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from callkit.app.forget import forget, forget_customer, purge
from callkit.config import Config, from_dict
from callkit.errors import StoreError
from callkit.store import database
from callkit.store.files import StoreFiles
from callkit.store.ledger import Ledger
from callkit.store.reader import Snapshot
from tests.test_store import outcome
from tests.toys import Toys, bytes_below, dump, write_wav

PLAIN = Config()
WORD = "quetzalcoatl"
FIRST = 0xFEED_BEEF_CAFE_D000


def everything(store: Path) -> str:
    """All values of both databases and, lest compression hides them, all bytes of the store's folder."""
    return dump(store) + dump(StoreFiles.at(store).ledger) + bytes_below(store.parent).decode("latin-1")


def fill(path: Path, *texts: str) -> list[str]:
    """A store with one call a text, with audio and a vault folder each."""
    files = StoreFiles.at(path)
    with Ledger(path) as ledger:
        numbers = range(FIRST, FIRST + len(texts))
        ids = [f"{number:016x}" for number in numbers]
        ledger.commit(*(outcome(number, text) for number, text in zip(numbers, texts, strict=True)))
        ledger.publish()
        files.audio.mkdir()
        for call_id, text in zip(ids, texts, strict=True):
            (files.audio / f"{call_id}.flac").write_bytes(text.encode())
            (files.vault / call_id).mkdir(parents=True)
            (files.vault / call_id / "words").write_bytes(text.encode())
    return ids


@pytest.fixture(params=["as it comes", "uncompressed"])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store's path; once with DuckDB's compression off, so that bytes show what a file holds."""
    if request.param == "uncompressed":
        monkeypatch.setitem(database.WRITER, "force_compression", "uncompressed")
    return tmp_path / "calls.duckdb"


def test_a_forgotten_call_leaves_no_byte_and_the_others_stay(path: Path) -> None:
    gone, kept = fill(path, WORD, "kept")
    assert WORD in everything(path)
    assert forget([gone], store=path, config=PLAIN).call_ids == (gone,)
    assert WORD not in everything(path)
    assert gone not in everything(path)
    with Snapshot(path) as snapshot:
        assert snapshot.rows("select call_id from calls") == [{"call_id": kept}]
    assert (StoreFiles.at(path).audio / f"{kept}.flac").exists()


def test_replaced_text_leaves_no_byte_either(path: Path) -> None:
    (call_id,) = fill(path, WORD)
    with Ledger(path) as ledger:
        ledger.commit(outcome(FIRST, "redacted better"))
        ledger.finish()
    files = StoreFiles.at(path)
    (files.audio / f"{call_id}.flac").unlink()
    (files.vault / call_id / "words").unlink()
    assert WORD not in everything(path)


def test_an_erasure_that_was_cut_short_is_finished_at_the_next_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, _ = fill(path, WORD, "kept")

    def killed(self: Ledger) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(Ledger, "rewrite", killed)
        with pytest.raises(KeyboardInterrupt):
            forget([gone], store=path, config=PLAIN)
    assert WORD in everything(path)
    purge(store=path, config=PLAIN)
    assert WORD not in everything(path)


def test_all_calls_of_a_customer(toys: Toys) -> None:
    toys.make(3)
    manifest = toys.recordings / "calls.csv"
    rows = ["call-00.wav,Ines Ortega", "call-01.wav,Someone Else", "call-02.wav,INES ORTEGA "]
    manifest.write_text("\n".join(["path,customer", *rows]) + "\n")
    toys.run(manifest)
    assert "ortega" not in everything(toys.store).lower().replace(str(toys.folder).lower(), "")
    report = forget_customer("ines ortega", store=toys.store, config=PLAIN)
    assert len(report.call_ids) == 2
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("select count(*) as n from calls") == [{"n": 1}]
    assert forget_customer("nobody", store=toys.store, config=PLAIN).call_ids == ()


def test_failed_recordings_can_be_forgotten_too(toys: Toys) -> None:
    toys.make(1)
    (toys.recordings / "bad.wav").write_text("no recording")
    (failed,) = toys.run().failed
    forget([failed.call_id[:8]], store=toys.store, config=PLAIN)
    assert failed.call_id not in everything(toys.store)


def test_one_wrong_id_and_nothing_is_erased(path: Path) -> None:
    gone, _ = fill(path, WORD, "kept")
    for wrong in ("ffff", "feed", ""):
        with pytest.raises(StoreError) as caught:
            forget([gone, wrong], store=path, config=PLAIN)
        assert caught.value.code == "call-missing"
    with Snapshot(path) as snapshot:
        assert len(snapshot.rows("from calls")) == 2


def test_erasing_from_no_store_makes_none(tmp_path: Path) -> None:
    for erase in (
        lambda: forget(["x"], store=tmp_path / "calls.duckdb", config=PLAIN),
        lambda: forget_customer("x", store=tmp_path / "calls.duckdb", config=PLAIN),
        lambda: purge(store=tmp_path / "calls.duckdb", config=PLAIN),
    ):
        with pytest.raises(StoreError) as caught:
            erase()
        assert caught.value.code == "store-missing"
    assert list(tmp_path.iterdir()) == []


def test_purge_erases_what_is_older_than_the_retention(tmp_path: Path) -> None:
    path = tmp_path / "calls.duckdb"
    fill(path, "a", "b")  # both began on 2024-05-01
    later = datetime(2024, 5, 31)
    assert purge(store=path, config=PLAIN, now=later).call_ids == ()
    keep = from_dict({"store": {"retention_days": 40}})
    assert purge(store=path, config=keep, now=later).call_ids == ()
    short = from_dict({"store": {"retention_days": 20}})
    assert len(purge(store=path, config=short, now=later).call_ids) == 2
    with Snapshot(path) as snapshot:
        assert snapshot.rows("from calls") == []


def test_a_call_of_unknown_age_counts_from_when_it_was_stored(toys: Toys) -> None:
    toys.make(1)
    toys.run()
    config = from_dict({"store": {"retention_days": 1}})
    assert purge(store=toys.store, config=config).call_ids == ()
    assert len(purge(store=toys.store, config=config, now=datetime(2100, 1, 1)).call_ids) == 1


def test_files_of_no_call_are_cleared_away(toys: Toys) -> None:
    write_wav(toys.recordings / "x.wav")
    toys.run()
    audio = StoreFiles.at(toys.store).audio
    audio.mkdir()
    for name in ("0123.flac", ".0123.flac.tmp"):
        (audio / name).write_text("left over")
    toys.run()
    assert list(audio.iterdir()) == []
