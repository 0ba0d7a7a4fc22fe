"""Find recordings and what is known of them before any model runs: paths, hashes, metadata."""

from callkit.ingest.discover import Found, Problem, discover
from callkit.ingest.identify import Recording, from_bytes, identify, nameless_id
from callkit.ingest.metadata import pseudonym

__all__ = ["Found", "Problem", "Recording", "discover", "from_bytes", "identify", "nameless_id", "pseudonym"]
