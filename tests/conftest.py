"""Fixtures shared by the tests: where recordings and texts to test against are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.toys import PLUGIN, Toys

REPOSITORY = Path(__file__).resolve().parent.parent

# The same examples in every run, so that a change is judged by itself: `HYPOTHESIS_PROFILE=default` looks for new ones.
settings.register_profile("same", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="session")
def sample_calls() -> Path:
    """The sample calls that come with callkit."""
    return REPOSITORY / "sample_calls"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Public recordings and texts that lie beside the checkout, not in it. Users don't have them."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the public recordings at ../shared/data, which are not part of the project")
    return folder


@pytest.fixture(scope="session")
def demo_results() -> dict[str, Any]:
    """What `callkit bench sample_calls` reports: the real pipeline over the sample calls, once for all tests."""
    from callkit.app import bench

    return bench.run([REPOSITORY / "sample_calls"])


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toys:
    """Recordings, a store and a third party's toy stages; see `tests/toys.py`."""
    world = Toys(tmp_path)
    world.recordings.mkdir()
    monkeypatch.syspath_prepend(str(PLUGIN))
    monkeypatch.setenv("PYTHONPATH", world.environment()["PYTHONPATH"])
    monkeypatch.setenv("TOY_LOG", str(world.log))
    return world
