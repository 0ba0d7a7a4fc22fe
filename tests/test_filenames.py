"""File names as text that may carry personal data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callkit.text.filenames import safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("billing-dispute.wav", "billing-dispute.wav"),
        ("call-07.wav", "call-07.wav"),
        ("John_Smith_+1-415-555-0132_billing.WAV", "billing.wav"),
        ("2024-05-01_5551234567.mp3", "recording.mp3"),
        ("call with María Pérez.opus", "call-with.opus"),
        ("card 4111 1111 1111 1111.flac", "card.flac"),
        ("O'Brien\n\U0001f600.wav", "recording.wav"),
        ("no_suffix_refund", "no-refund"),
        ("", "recording"),
        (".wav", "recording.wav"),
    ],
)
def test_only_harmless_words_stay(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text())
def test_any_name_is_taken_and_twice_is_once(name: str) -> None:
    safe = safe_name(name)
    assert safe_name(safe) == safe
    assert sum(char.isdigit() for char in safe) <= 3  # "07" and the 3 of ".mp3"
