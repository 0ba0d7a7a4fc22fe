"""The vault: raw words encrypted, only when asked for, never a CVV or PIN."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from callkit import model
from callkit.app.forget import forget
from callkit.errors import CallkitError
from callkit.store.files import StoreFiles
from callkit.vault import KEY_VARIABLE, SCRUBBED, Vault, scrub
from tests.toy_plugin.toy_stages import CVV, SECRET
from tests.toys import Toys, bytes_below

WORDS = tuple(
    model.Word(float(at), at + 0.9, text, at % 2) for at, text in enumerate("code is seven three one thanks".split())
)
TURN = model.Turn(0, "S0", "customer", None, 0.0, 6.0, WORDS)
SECRET_CODE = model.Redaction(0, 2, 4, 2, 2.0, 4.9, "CVV", 1.0, "cvv")


def texts(words: tuple[model.Word, ...]) -> list[str]:
    return [word.text for word in words]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "calls.vault", Fernet.generate_key().decode())


def test_words_and_turns_come_back_without_the_cvv(vault: Vault) -> None:
    vault.keep("c1", {"words": WORDS, "raw_turns": (TURN,), "redactions": (SECRET_CODE,)})
    expected = ["code", "is", SCRUBBED, SCRUBBED, SCRUBBED, "thanks"]
    assert texts(vault.read("c1", "words")) == expected
    assert texts(vault.read("c1", "raw_turns")[0].words) == expected
    assert vault.read("c1", "phrases") is None


def test_only_cvv_and_pin_are_taken_out() -> None:
    card = model.Redaction(0, 0, 1, 0, 0.0, 1.9, "CARD", 1.0, "card")
    pin = model.Redaction(0, 5, 5, 5, 5.0, 5.9, "PIN", 1.0, "pin")
    assert texts(scrub(WORDS, [card])) == texts(WORDS)
    assert texts(scrub(WORDS, [card, pin])) == [*texts(WORDS)[:5], SCRUBBED]


def test_a_translation_spoken_at_the_same_time_goes_too() -> None:
    phrase = model.Phrase(0.0, 6.0, "the code is seven three one")
    later = model.Phrase(6.0, 7.0, "thank you")
    assert [one.text for one in scrub((phrase, later), [SECRET_CODE])] == [SCRUBBED, "thank you"]


def test_nothing_is_readable_on_disk_and_only_by_its_owner(vault: Vault) -> None:
    vault.keep("c1", {"words": WORDS, "redactions": ()})
    assert b"thanks" not in bytes_below(vault.folder)
    assert (vault.folder / "c1").stat().st_mode & 0o777 == 0o700


def test_keys_that_are_none_or_wrong(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.keep("c1", {"words": WORDS, "redactions": ()})
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    for attempt in (
        lambda: Vault.from_environment(tmp_path),
        lambda: Vault(tmp_path, "no key"),
        lambda: Vault(vault.folder, Fernet.generate_key().decode()).read("c1", "words"),
    ):
        with pytest.raises(CallkitError) as caught:
            attempt()
        assert caught.value.code == "vault-key"


def test_what_was_not_judged_is_not_kept(vault: Vault) -> None:
    with pytest.raises(KeyError):
        vault.keep("c1", {"words": WORDS})
    assert not vault.folder.exists()


def test_a_run_keeps_raw_words_only_when_asked(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    toys.make(1)
    toys.run()
    files = StoreFiles.at(toys.store)
    assert not files.vault.exists()
    config = toys.config(vault={"keep_private": True})
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(CallkitError) as caught:
        toys.run(config=config)
    assert caught.value.code == "vault-key"
    monkeypatch.setenv(KEY_VARIABLE, Fernet.generate_key().decode())
    (call_id,) = toys.run(config=config).processed  # fresh, but its raw words were not kept yet
    vault = Vault(files.vault, os.environ[KEY_VARIABLE])
    for name in ("words", "raw_turns"):
        kept = repr(texts(vault.read(call_id, name) if name == "words" else vault.read(call_id, name)[0].words))
        assert SECRET.split()[0] in kept
        assert CVV not in kept
    assert toys.run(config=config).reused == (call_id,)
    assert SECRET.split()[0].encode() not in bytes_below(toys.store.parent)
    forget([call_id], store=toys.store, config=config)
    assert not (files.vault / call_id).exists()
