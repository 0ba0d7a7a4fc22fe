"""The results as one page that needs nothing else: tables, and plots of accuracy against speed as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from callkit.bench.figures import figure_of

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--dim:#888;--a:#2563eb;--b:#d97706;--c:#059669;--d:#9333ea}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:left}td.n{text-align:right}
.dim{color:var(--dim)}.scroll{overflow-x:auto}svg{max-width:100%;height:auto}text{fill:currentColor;font:12px system-ui}
"""
_COLOURS = ("var(--a)", "var(--b)", "var(--c)", "var(--d)")
#: What is plotted, where there is evidence, and the times it is plotted against: the first of them that all systems have.
_PLOTTED = {
    "wer": ("rtf.transcribe",),
    "der": ("rtf.diarize",),
    **dict.fromkeys(("cpwer", "role_accuracy", "leak_rate"), ("rtf",)),
    **dict.fromkeys(("pii_recall", "sentiment_macro_f1", "rouge_l"), ("seconds_per_1000", "rtf")),
}
_WIDTH, _HEIGHT, _PAD = 420, 260, 46


def page(report: dict[str, Any]) -> str:
    """The report of `callkit.app.bench` as HTML."""
    body = [f"<h1>callkit bench</h1><p class=dim>{escape(report['made'])}</p>"]
    body += [f"<p>{escape(said)}</p>" for said in report["sentences"]]
    for part in report["parts"]:
        body.append(f"<h2>{escape(part['name'])}</h2>{_plots(part)}{_overall(part)}{_ratios(part)}{_files(part)}")
    if report["problems"]:
        items = "".join(f"<li>{escape(problem['text'])}</li>" for problem in report["problems"])
        body.append(f"<h2>Labels that could not be used</h2><ul>{items}</ul>")
    head = f"<meta charset=utf-8><meta name=viewport content='width=device-width'><title>callkit bench</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{''.join(body)}</body></html>\n"


def shown(name: str, value: float | None) -> str:
    """A value as printed: shares and times to three places, memory to whole megabytes."""
    if value is None:
        return ""
    return f"{value:.0f}" if figure_of(name).unit == "MB" else f"{value:.3f}"


def interval(name: str, entry: dict[str, Any]) -> str:
    """The 95 % interval as printed, "" where there is none."""
    return f"{shown(name, entry['low'])} to {shown(name, entry['high'])}" if entry["low"] is not None else ""


def _overall(part: dict[str, Any]) -> str:
    rows = []
    for system, figures in part["systems"].items():
        for name, entry in figures.items():
            rows.append(
                (system, name, shown(name, entry["value"]), interval(name, entry), entry["n"], figure_of(name).about)
            )
    return _table(("system", "figure", "value", "95 % interval", part["units"], "meaning"), rows, numbers=(2, 3, 4))


def _ratios(part: dict[str, Any]) -> str:
    rows = [
        (
            ratio["figure"],
            ratio["against"],
            shown(ratio["figure"], ratio["ours"]),
            shown(ratio["figure"], ratio["theirs"]),
            f"{ratio['ratio']['value']:.2f}",
            "" if ratio["ratio"]["low"] is None else f"{ratio['ratio']['low']:.2f} to {ratio['ratio']['high']:.2f}",
            {"ours": "callkit", "theirs": ratio["against"]}.get(ratio["better"], "not clear"),
        )
        for ratio in part["ratios"]
    ]
    header = ("figure", "against", "ours", "theirs", "ratio", "95 % interval", "better")
    return _table(header, rows, numbers=(2, 3, 4, 5)) if rows else ""


def _files(part: dict[str, Any]) -> str:
    names = list(dict.fromkeys(name for file in part["files"] for name in file["figures"] if "." not in name))
    rows = [
        (file["file"], file["system"], *(shown(name, file["figures"].get(name)) for name in names))
        for file in part["files"]
    ]
    if not rows:
        return ""
    table = _table(("file", "system", *names), rows, numbers=tuple(range(2, len(names) + 2)))
    return f"<h3>Each file</h3><div class=scroll>{table}</div>"


def _plots(part: dict[str, Any]) -> str:
    plots = []
    for name, times in _PLOTTED.items():
        shown_on = {system: figures for system, figures in part["systems"].items() if name in figures}
        time = next((time for time in times if all(time in figures for figures in shown_on.values())), None)
        if shown_on and time:
            points = [
                (system, figures[time]["value"], figures[name], _COLOURS[number % len(_COLOURS)])
                for number, (system, figures) in enumerate(shown_on.items())
            ]
            plots.append(_plot(name, time, points))
    return "".join(plots)


def _plot(name: str, time: str, points: Sequence[tuple[str, float, dict[str, Any], str]]) -> str:
    """One figure (up) against processing time (right), with its interval as a bar."""
    most = max(speed for _, speed, _, _ in points) * 1.25 or 1.0
    top = max(max(entry["value"], entry["high"] or 0.0) for _, _, entry, _ in points) * 1.1 or 1.0

    def x(speed: float) -> float:
        return _PAD + speed / most * (_WIDTH - 2 * _PAD)

    def y(value: float) -> float:
        return _HEIGHT - _PAD - value / top * (_HEIGHT - 2 * _PAD)

    marks = []
    for system, speed, entry, colour in points:
        if entry["low"] is not None:
            ends = f"y1={y(entry['low']):.1f} y2={y(entry['high']):.1f}"
            marks.append(
                f"<line x1={x(speed):.1f} x2={x(speed):.1f} {ends} stroke='{colour}' stroke-width=2 opacity=.5 />"
            )
        marks.append(f"<circle cx={x(speed):.1f} cy={y(entry['value']):.1f} r=5 fill='{colour}' />")
        marks.append(f"<text x={x(speed) + 8:.1f} y={y(entry['value']) + 4:.1f}>{escape(system)}</text>")
    base, left = _HEIGHT - _PAD, _PAD
    axes = (
        f"<path d='M{left} {_PAD / 2:.0f}V{base}H{_WIDTH - _PAD / 2:.0f}' fill=none stroke='currentColor' opacity=.5 />"
        f"<text x={left} y={base + 16}>0</text><text x={x(most):.0f} y={base + 16} text-anchor=end>{most:.3g}</text>"
        f"<text x={left - 6} y={y(top) + 4:.0f} text-anchor=end>{top:.2g}</text>"
        f"<text x={_WIDTH / 2:.0f} y={_HEIGHT - 8} text-anchor=middle>{escape(time)}</text>"
        f"<text x={left} y=14>{escape(name)}</text>"
    )
    return f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' width={_WIDTH} role=img aria-label='{escape(name)} against speed'>{axes}{''.join(marks)}</svg>"


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]], *, numbers: Sequence[int]) -> str:
    head = "".join(f"<th>{escape(str(name))}</th>" for name in header)
    lines = []
    for row in rows:
        cells = "".join(
            f"<td{' class=n' if place in numbers else ''}>{escape(str(cell))}</td>" for place, cell in enumerate(row)
        )
        lines.append(f"<tr>{cells}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
