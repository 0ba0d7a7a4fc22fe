"""Where the folders that come with callkit are: `config`, `dashboards`, `sample_calls`."""

from __future__ import annotations

from pathlib import Path


def resource(name: str) -> Path:
    """The folder `name`: inside an installed wheel (`callkit/_share/`), or at the top of a checkout."""
    package = Path(__file__).resolve().parent
    shared = package / "_share" / name
    return shared if shared.exists() else package.parent / name
