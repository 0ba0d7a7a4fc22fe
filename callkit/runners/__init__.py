"""How calls are spread over processes or machines: jobs in, safe Outcomes out."""

from __future__ import annotations

import importlib

from callkit.errors import ConfigError
from callkit.protocols import Runner
from callkit.runners.jobs import CallJob, CallProgress, Job, Setup

#: Name in `[pipeline] runner` -> class, built as `Class(setup, progress)`.
RUNNERS = {
    "local": "callkit.runners.local:LocalRunner",
    "inline": "callkit.runners.inline:InlineRunner",
    "ray": "callkit.runners.ray:RayRunner",
}


def build_runner(setup: Setup, progress: CallProgress) -> Runner:
    """The runner that a configuration names. Starts nothing yet."""
    name = setup.config.pipeline.runner
    if name not in RUNNERS:
        known = ", ".join(RUNNERS)
        raise ConfigError("config-invalid", f"there is no runner {name}", f"[pipeline] runner is one of {known}")
    module, _, attribute = RUNNERS[name].partition(":")
    runner: Runner = getattr(importlib.import_module(module), attribute)(setup, progress)
    return runner


__all__ = ["RUNNERS", "CallJob", "CallProgress", "Job", "Setup", "build_runner"]
