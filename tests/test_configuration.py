"""Settings as rows and as files: the files in config/ say what the code says."""

from __future__ import annotations

import tomllib

import pytest

from callkit import config
from callkit.app import configuration
from callkit.errors import ConfigError
from callkit.resources import resource


def test_the_file_of_defaults_is_the_code():
    text = (resource("config") / "callkit.toml").read_text("utf-8")
    assert text == configuration.as_toml(config.Config()), "run: callkit config --defaults --toml > config/callkit.toml"


def test_the_file_of_defaults_loads_to_the_defaults():
    assert config.load(resource("config") / "callkit.toml") == config.Config()


def test_every_setting_says_what_it_is_for():
    for setting in configuration.settings():
        assert len(setting.about) > 15, setting.name
        assert setting.type, setting.name


def test_a_changed_value_stands_beside_its_default():
    rows = {row.name: row for row in configuration.settings(config.load(overrides=["transcribe.beam_size=1"]))}
    assert (rows["transcribe.beam_size"].value, rows["transcribe.beam_size"].default) == ("1", "5")


@pytest.mark.parametrize("profile", configuration.profiles(), ids=lambda profile: profile["profile"])
def test_profiles_load_and_say_what_they_are_for(profile):
    assert config.load(profile=profile["profile"]) != config.Config()
    assert len(profile["about"]) > 15


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        'quote " and \\ backslash',
        "tab\tnew\nline",
        "ünïcödé 🙂",
        3,
        -0.5,
        True,
        ("a", "b c"),
        {"a b": "c"},
        (),
    ],
)
def test_values_are_written_as_toml_reads_them(value):
    read = tomllib.loads(f"value = {configuration.to_toml(value)}")["value"]
    assert read == (list(value) if isinstance(value, tuple) else value)


@pytest.mark.parametrize(
    ("override", "code", "says"),
    [
        ("transcribe.beam_sise=1", "config-unknown", "transcribe.beam_size"),
        ("transcriber.beam_size=1", "config-unknown", "transcribe"),
        ("transcribe.beam_size=fast", "config-invalid", "beam_size"),
        ("transcribe.beam_size=0", "config-invalid", "beam_size"),
        ("transcribe.beam_size", "config-invalid", "section.key=value"),
        ("audio.keep_muted=1", "config-invalid", "keep_muted"),
    ],
)
def test_a_wrong_setting_is_named(override, code, says):
    with pytest.raises(ConfigError) as caught:
        config.load(overrides=[override])
    assert caught.value.code == code
    assert says in str(caught.value)


def test_later_wins(tmp_path, monkeypatch):
    file = tmp_path / "callkit.toml"
    file.write_text('[transcribe]\nbeam_size = 3\nmodel = "whisper-base"\n')
    loaded = config.load(file, profile="fast", overrides=["transcribe.beam_size=2"])
    assert (loaded.transcribe.beam_size, loaded.transcribe.model) == (2, "whisper-base")
    monkeypatch.chdir(tmp_path)
    assert config.load().transcribe.beam_size == 3, "callkit.toml in the working folder"


@pytest.mark.parametrize("content", ["[transcribe\n", "transcribe = 3\n", "\xff\xfe"])
def test_a_broken_file_is_one_clear_error(tmp_path, content):
    file = tmp_path / "callkit.toml"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        config.load(file)
    assert caught.value.hint
