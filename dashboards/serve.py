"""Streamlit's server over app.py, with what every page needs loaded before the first visitor asks for one.

Streamlit imports an app at its first visit, which would make that visitor wait for pandas, Altair and DuckDB.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path


def load() -> None:
    """Import what the pages import, draw a chart and open the store once. Not in a thread beside the server: an import
    that two threads begin at once can fail in one of them.
    """
    import altair as alt
    import pandas as pd

    import data
    import gate  # noqa: F401 - it has to be there before the first upload

    alt.Chart(pd.DataFrame({"x": [0]})).mark_bar().encode(x="x:Q").to_dict()
    data.warm()


def main() -> None:
    """Serve until stopped."""
    from streamlit.web import cli

    logging.disable(logging.WARNING)  # Streamlit warns that there is no server yet to keep answers for
    load()
    logging.disable(logging.NOTSET)
    sys.argv = ["streamlit", "run", str(Path(__file__).with_name("app.py")), *sys.argv[1:]]
    cli.main()


if __name__ == "__main__":
    main()
