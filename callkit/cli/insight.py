"""What calls are about, over the whole store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callkit.cli.common import config_options, json_option, store_option, verbosity_options

if TYPE_CHECKING:
    from callkit.config import Config


@click.command("topics")
@click.option(
    "--fit", is_flag=True, help="Find topics anew. One that lies where an earlier one did keeps number and name."
)
@click.option(
    "--count", type=click.IntRange(min=2), metavar="N", help="With --fit: so many topics (default: what fits)."
)
@click.option(
    "--examples",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Label every call by a few examples instead: a CSV with the columns text and label.",
)
@click.option("--rename", nargs=2, type=(int, str), metavar="TOPIC NAME", help="Give a topic a name that stays.")
@store_option
@json_option
@config_options
@verbosity_options
def topics_command(
    config: Config,
    fit: bool,
    count: int | None,
    examples: Path | None,
    rename: tuple[int, str] | None,
    store: Path,
    as_json: bool,
) -> None:
    """List what calls are about; find, label or rename topics.

    \b
    Examples:
      callkit topics --fit
      callkit topics --rename 3 "Late delivery"
      callkit topics --examples reasons.csv
    """
    from callkit.app import topics
    from callkit.cli import output

    if sum((fit, examples is not None, rename is not None)) > 1:
        raise click.UsageError("give one of --fit, --examples and --rename")
    if count and not fit:
        raise click.UsageError("--count goes with --fit")
    if fit:
        topics.fit(store, config=config, topics=count or 0)
    elif examples:
        topics.assign(store, examples, config=config)
    elif rename:
        topics.rename(store, *rename)
    known = topics.stored(store)
    total = sum(topic.calls for topic in known)
    rows = [
        {
            "topic": topic.topic,
            "name": topic.name,
            "calls": topic.calls,
            "share": _share(topic.calls, total),
            "source": topic.source,
            "terms": topic.terms,
            "representative_calls": topic.representative_calls,
        }
        for topic in known
    ]
    if as_json:
        output.as_json(rows)
    else:
        output.table(rows, empty="no topics yet: `callkit topics --fit` finds them")


def _share(calls: int, total: int) -> str:
    """The topic's share of the calls with its 95 % interval (Wilson 1927)."""
    from callkit.app import intervals

    found = intervals.share(calls, total)
    if found.value is None or found.low is None or found.high is None:
        return ""
    return f"{found.value:.0%} ({found.low:.0%} to {found.high:.0%})"


COMMANDS = (topics_command,)
