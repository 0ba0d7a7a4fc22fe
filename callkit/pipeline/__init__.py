"""Plans, freshness keys and running one call: pure, no library, no disk."""

from callkit.pipeline.plan import Plan
from callkit.pipeline.run import Cached, Work, needs_recording, run_call, run_calls, stale_stages

__all__ = ["Cached", "Plan", "Work", "needs_recording", "run_call", "run_calls", "stale_stages"]
