"""The figures below which the suite fails, on the sample calls, with the default settings and the real models."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from callkit.resources import resource

FLOORS = tomllib.loads((resource("config") / "floors.toml").read_text(encoding="utf-8"))

#: Role accuracy of each kind of recording.
STEREO_ROLES, MONO_ROLES = 0.97, 0.93


@pytest.mark.model
@pytest.mark.parametrize("figure", FLOORS)
def test_the_sample_calls_reach_their_floors(figure: str, demo_results: dict[str, Any]) -> None:
    bound, entry = FLOORS[figure], demo_results["overall"][figure]
    assert bound.get("least", float("-inf")) <= entry["value"] <= bound.get("most", float("inf"))


@pytest.mark.model
@pytest.mark.parametrize("kind", ["CARD", "CVV", "PIN"])
def test_nothing_that_pays_or_unlocks_leaks(kind: str, demo_results: dict[str, Any]) -> None:
    assert demo_results["overall"][f"leak_rate.{kind}"]["value"] == 0


@pytest.mark.model
def test_roles_are_right_on_stereo_and_on_mono(demo_results: dict[str, Any], sample_calls: Path) -> None:
    import json

    right: dict[bool, list[float]] = {True: [], False: []}
    for file in demo_results["parts"][0]["files"]:
        truth = json.loads((sample_calls / file["file"]).with_suffix(".json").read_text())
        if "role_accuracy" in file["figures"]:
            right[truth["layout"] == "stereo"].append(file["figures"]["role_accuracy"])
    assert sum(right[True]) / len(right[True]) >= STEREO_ROLES
    assert sum(right[False]) / len(right[False]) >= MONO_ROLES


@pytest.mark.model
def test_nobody_is_heard_on_the_silent_line(demo_results: dict[str, Any]) -> None:
    files = {file["file"]: file["figures"] for file in demo_results["parts"][0]["files"]}
    assert files["silent-line.wav"]["hallucinated_words_per_min"] == 0


def test_every_floor_is_a_figure_of_bench() -> None:
    from callkit.bench.figures import FIGURES

    assert set(FLOORS) <= set(FIGURES)
    assert all(set(bound) <= {"least", "most"} for bound in FLOORS.values())
