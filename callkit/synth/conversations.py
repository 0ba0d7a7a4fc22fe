"""Conversations with planted personal data, as text: thousands a second, for work on redaction.

Questions and answers across turns, values said in pieces, corrections, read-backs, and numbers that are nobody's. The words
are in `carriers.toml` and `names.toml`; a carrier belongs to the half "dev" or "test" for good, so that wording never seen
in development can be kept for judging.
"""

from __future__ import annotations

import hashlib
import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from callkit.synth import forms
from callkit.synth.forms import Value

Half = Literal["all", "dev", "test"]
#: A turn while it is written: its role, and (text, entity) stretches with "" for what is nobody's.
Stretches = list[tuple[str, str]]

#: What people get wrong and say again: runs of digits.
_CORRECTED = ("CARD", "SSN", "PHONE", "BANK_ACCOUNT", "ROUTING_NUMBER", "ACCOUNT", "PIN")
_MOST_PIECES = 4
_SLOTS = ("price", "duration", "error", "option", "version", "count", "when", "hour", "percent", "speed", "year")


def conversations(count: int, *, seed: int = 0, half: Half = "all") -> Iterator[dict[str, Any]]:
    """Yield `count` conversations, each `{"id", "turns": [{"role", "text", "pii": [{"type", "start", "end"}]}]}`.

    Offsets are code points, half-open. The same seed and half give the same conversations.
    """
    carriers = _carriers(half)
    for number in range(count):
        rng = random.Random(f"{seed}/{half}/{number}")
        yield {"id": f"{half}-{seed}-{number}", "turns": _Talk(rng, carriers).turns()}


class _Talk:
    """One conversation in the making. `written`: does its recogniser write numbers as digits?"""

    def __init__(self, rng: random.Random, carriers: Mapping[str, Any]) -> None:
        self.rng = rng
        self.carriers = carriers
        self.names = _data("names")
        self.written = rng.random() < 0.35
        self.plain = rng.random() < 0.12  # no capitals, no punctuation
        self.lines: list[tuple[str, Stretches]] = []

    def turns(self) -> list[dict[str, Any]]:
        self.greet()
        makers = [lambda maker=maker: maker(self.rng) for maker in forms.NUMBERS]
        makers += [lambda maker=maker: maker(self.rng, self.names) for maker in forms.NAMED]
        for _ in range(self.rng.randint(1, 6)):
            self.smalltalk()
            self.exchange(self.rng.choice(makers)())
            if self.rng.random() < 0.6:
                self.nobodys()
        self.add("agent", [(self.rng.choice(self.carriers["talk"]["closing"]), "")])
        return [_assemble(role, stretches, self.plain) for role, stretches in self.lines]

    def greet(self) -> None:
        agent = self.rng.choice(self.names["first"])
        line = self.rng.choice(self.carriers["talk"]["greeting"])
        line = line.replace("{company}", self.rng.choice(self.names["companies"]))
        self.add("agent", _fill(line.replace("{agent}", "{x}"), [(agent, "PERSON")]))

    def smalltalk(self) -> None:
        for role in ("customer", "agent"):
            if self.rng.random() < 0.5:
                self.add(role, [(self.rng.choice(self.carriers["talk"][role]), "")])

    def nobodys(self) -> None:
        """A number that must stay."""
        negative = self.carriers["negative"]
        role = self.rng.choice(("agent", "customer"))
        if role == "customer" and self.rng.random() < 0.3:
            self.add("agent", [(self.rng.choice(negative["ask"]), "")])
        line = self.rng.choice(negative[role])
        for slot in _SLOTS:
            while "{" + slot + "}" in line:
                line = line.replace("{" + slot + "}", _nobodys(self.rng, slot, self.written), 1)
        self.add(role, [(line, "")])

    def exchange(self, value: Value) -> None:
        """A value asked for or told, in one of the ways of real calls."""
        own = self.carriers[value.entity]
        asked = self.rng.random() < 0.75
        if asked:
            self.add("agent", [(self.rng.choice(own["ask"]), "")])
        line = self.rng.choice(own["answer"] if asked else own["tell"])
        parts = value.say(self.rng, self.written)
        way = self.rng.random()
        if asked and way < 0.15 and len(parts) > 1:
            self.in_pieces(value.entity, parts)
        elif asked and way < 0.27 and value.entity in _CORRECTED and len(set(parts[0].split())) > 1:
            self.corrected(value.entity, line, parts)
        else:
            self.add("customer", _fill(line, _said(self.rng, value.entity, parts)))
        if self.rng.random() < 0.35:
            self.read_back(value)

    def in_pieces(self, entity: str, parts: Sequence[str]) -> None:
        parts = [*parts[: _MOST_PIECES - 1], ", ".join(parts[_MOST_PIECES - 1 :])][: len(parts)]
        for place, part in enumerate(parts):
            lead = self.rng.choice(self.carriers["between"]["filler"]) if place else ""
            self.add("customer", [(lead, ""), (part, entity), (".", "")])
            if place < len(parts) - 1:
                self.add("agent", [(self.rng.choice(self.carriers["between"]["agent"]), "")])

    def corrected(self, entity: str, line: str, parts: Sequence[str]) -> None:
        """The first part wrong, then the whole."""
        wrong = parts[0].split()
        while wrong == parts[0].split():
            self.rng.shuffle(wrong)
        start = _said(self.rng, entity, [" ".join(wrong)])
        repair = [(", " + self.rng.choice(self.carriers["between"]["correction"]), "")]
        self.add("customer", _fill(line, start + repair + _said(self.rng, entity, parts)))

    def read_back(self, value: Value) -> None:
        again = _said(self.rng, value.entity, value.say(self.rng, self.written))
        self.add("agent", _fill(self.rng.choice(self.carriers["readback"]["agent"]), again))
        if self.rng.random() < 0.12:
            right = _said(self.rng, value.entity, value.say(self.rng, self.written))
            self.add("customer", _fill(self.rng.choice(self.carriers["readback"]["wrong"]), right))
        else:
            self.add("customer", [(self.rng.choice(self.carriers["readback"]["customer"]), "")])

    def add(self, role: str, stretches: Stretches) -> None:
        self.lines.append((role, stretches))


def _said(rng: random.Random, entity: str, parts: Sequence[str]) -> Stretches:
    """A whole value: its parts with commas, as one stretch."""
    return [((", " if rng.random() < 0.75 else " ").join(parts), entity)]


def _fill(line: str, value: Stretches) -> Stretches:
    before, _, after = line.partition("{x}")
    return [(before, ""), *value, (after, "")]


def _assemble(role: str, stretches: Stretches, plain: bool) -> dict[str, Any]:
    text, pii = "", []
    for piece, entity in stretches:
        if plain:
            kept = piece if entity in ("EMAIL", "IP", "URL") else "".join(c for c in piece if c not in ",.!?")
            piece = " ".join(kept.lower().split()) if entity else kept.lower()
        elif not text:
            piece = piece[:1].upper() + piece[1:]
        if entity:
            pii.append({"type": entity, "start": len(text), "end": len(text) + len(piece)})
        text += piece
    return {"role": role, "text": text, "pii": pii}


def _nobodys(rng: random.Random, slot: str, written: bool) -> str:
    """A price, duration, version ... in words or digits."""
    n = rng.randint(2, 99)

    def say(value: int) -> str:
        return str(value) if written else forms.number(value)

    match slot:
        case "price":
            dollars, cents = rng.choice((n, rng.randint(100, 2400))), rng.choice((0, 0, 50, 95, 99))
            if written:
                return f"${dollars}.{cents:02}" if cents else f"${dollars:,}"
            tail = rng.choice((f" and {forms.number(cents)} cents", f" {forms.number(cents)}")) if cents else ""
            return (
                f"{forms.number(dollars)} dollars{tail}" if "and" in tail or not tail else forms.number(dollars) + tail
            )
        case "duration":
            return f"{say(rng.randint(2, 60))} {rng.choice(('minutes', 'hours', 'days', 'weeks', 'business days'))}"
        case "error":
            code = str(rng.randint(100, 9999))
            return code if written else forms.digits(rng, code)
        case "option":
            return say(rng.randint(1, 9))
        case "version":
            parts = [rng.randint(1, 18), rng.randint(0, 12), rng.randint(0, 9)][: rng.choice((2, 3))]
            return ".".join(map(str, parts)) if written else " point ".join(map(forms.number, parts))
        case "when":
            day = f"{rng.choice(forms.MONTHS)} {forms.ordinal(rng.randint(1, 28))}"
            return rng.choice(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", day))
        case "hour":
            return (
                f"{say(rng.randint(1, 12))} {rng.choice(('am', 'pm', 'thirty', 'fifteen'))}"
                if not written
                else (f"{rng.randint(1, 12)}:{rng.choice(('00', '15', '30'))}")
            )
        case "percent":
            return f"{n}%" if written else f"{forms.number(n)} percent"
        case "speed":
            return f"{say(rng.choice((50, 100, 250, 500)))} {rng.choice(('megabits', 'megs', 'gigabytes'))}"
        case "year":
            when = rng.randint(2001, 2026)
            return str(when) if written else forms.year(when)
    return say(n)


@cache
def _data(name: str) -> Mapping[str, Any]:
    return tomllib.loads((files("callkit.synth") / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def _carriers(half: Half) -> Mapping[str, Any]:
    """The carriers of a half; a list of which a half would hold nothing is kept whole."""
    return {
        section: {kind: _half(lines, half) for kind, lines in kinds.items()}
        for section, kinds in _data("carriers").items()
    }


def _half(lines: Sequence[str], half: Half) -> Sequence[str]:
    if half == "all":
        return lines
    want = 0 if half == "dev" else 1
    own = [line for line in lines if hashlib.sha256(line.encode()).digest()[0] % 2 == want]
    return own or lines
