"""Agent or customer: by what each says, who greets, the channel map and the company's name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp

from callkit.model import Role
from callkit.resources import resource

#: The first to speak on an inbound call is the one who answers it (in nats).
SPEAKS_FIRST = 0.8
COMPANY_NAME = 2.5
EARLY_TURNS = 3


@dataclass(frozen=True, slots=True)
class Cue:
    """One pattern of `config/roles.toml`."""

    pattern: re.Pattern[str]
    weight: float
    most: int
    early: bool


@dataclass(frozen=True, slots=True)
class Cues:
    """The whole of `config/roles.toml`."""

    agent: tuple[Cue, ...]
    customer: tuple[Cue, ...]
    ivr: tuple[Cue, ...]
    transfer: tuple[Cue, ...]
    introductions: tuple[re.Pattern[str], ...]
    backchannels: frozenset[str]


def cue_text() -> str:
    """The cue file as it stands: part of a stage's identity."""
    return (resource("config") / "roles.toml").read_text(encoding="utf-8")


@cache
def cues() -> Cues:
    data = tomllib.loads(cue_text())

    def read(section: str) -> tuple[Cue, ...]:
        return tuple(
            Cue(re.compile(cue["match"], re.IGNORECASE), cue["weight"], cue.get("most", 1), cue.get("early", False))
            for cue in data[section]["cues"]
        )

    return Cues(
        agent=read("agent"),
        customer=read("customer"),
        ivr=read("ivr"),
        transfer=read("transfer"),
        introductions=tuple(re.compile(pattern) for pattern in data["introduction"]["match"]),
        backchannels=frozenset(data["backchannel"]["words"]),
    )


def score(turns: Sequence[str], found: Sequence[Cue]) -> float:
    """Weight of the cues in one speaker's turns, each counted at most as often as it may."""
    total = 0.0
    for cue in found:
        texts = turns[:EARLY_TURNS] if cue.early else turns
        hits = sum(len(cue.pattern.findall(text)) for text in texts)
        total += cue.weight * min(hits, cue.most)
    return total


def agent_evidence(turns: Sequence[str], company_names: Sequence[str] = ()) -> float:
    """How much likelier (nats) it is that these are an agent's turns than a customer's."""
    table = cues()
    evidence = score(turns, table.agent) - score(turns, table.customer)
    early = " ".join(turns[:EARLY_TURNS]).casefold()
    if any(name.casefold() in early for name in company_names):
        evidence += COMPANY_NAME
    return evidence


def assign_roles(
    turns: Mapping[str, Sequence[str]],
    first: str,
    *,
    fixed: Mapping[str, Role] | None = None,
    direction: str | None = None,
    company_names: Sequence[str] = (),
) -> dict[str, tuple[Role, float]]:
    """Role and confidence of each speaker, from what each says in his turns; speakers in the order in which they begin.

    `first` speaks first; `fixed` holds what the channel map says. The speaker with the most of an agent's words is the
    agent, the one with the least is the customer; of any other, one who sounds like an agent is an agent too, and who of
    the agents comes later is the second.
    """
    fixed = fixed or {}
    evidence = {name: agent_evidence(texts, company_names) for name, texts in turns.items()}
    if first in evidence:
        evidence[first] += -SPEAKS_FIRST if direction == "outbound" else SPEAKS_FIRST
    roles: dict[str, tuple[Role, float]] = {name: (role, 1.0) for name, role in fixed.items() if name in turns}
    free = sorted((name for name in turns if name not in roles), key=lambda name: -evidence[name])
    taken = {role for role, _ in roles.values()}
    if len(free) == 1 and not taken & {"agent", "customer"}:
        name = free.pop()
        role: Role = "agent" if evidence[name] >= 0 else "customer"
        roles[name] = (role, certainty(abs(evidence[name])))
    if free and "agent" not in taken:
        name = free.pop(0)
        against = min((evidence[other] for other in free), default=0.0)
        roles[name] = ("agent", certainty(evidence[name] - against))
    if free and "customer" not in taken:
        name = free.pop()
        agent = max((evidence[other] for other in turns if other != name), default=0.0)
        roles[name] = ("customer", certainty(agent - evidence[name]))
    for name in free:
        roles[name] = ("agent_2", certainty(evidence[name])) if evidence[name] > 1.0 else ("unknown", 0.5)
    agents = [name for name in turns if name not in fixed and roles[name][0] in ("agent", "agent_2")]
    for place, name in enumerate(agents):
        if "agent" not in taken:
            roles[name] = ("agent_2" if place else "agent", roles[name][1])
    return roles


def certainty(evidence: float) -> float:
    """Probability from evidence in nats."""
    return round(1 / (1 + exp(-max(-30.0, min(30.0, evidence)))), 3)


def is_machine(text: str) -> bool:
    """Is this turn an announcement or a menu?"""
    return score([text], cues().ivr) >= 2.0


def hands_on(text: str) -> bool:
    """Does this turn hand the call to somebody else?"""
    return score([text], cues().transfer) > 0


def own_name(text: str) -> str:
    """The name by which somebody introduces himself in this turn, "" where he does not."""
    for pattern in cues().introductions:
        found = pattern.search(text)
        if found:
            return found.group(1).casefold()
    return ""


def is_backchannel(text: str) -> bool:
    """Nothing but what a listener says to show that he listens?"""
    plain = re.sub(r"[^\w' -]+", " ", text.casefold()).strip()
    words = cues().backchannels
    return plain in words or (bool(plain) and all(word in words for word in plain.split()))
