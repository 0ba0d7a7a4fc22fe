"""All personal data of a conversation: the finders, one after the other, and what remains where they disagree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from callkit.text.again import said_again
from callkit.text.contacts import ContactFinder
from callkit.text.dates import DateFinder
from callkit.text.dates import said_again as dates_again
from callkit.text.found import Finding, Utterance
from callkit.text.language import LANGUAGES
from callkit.text.names import NameFinder
from callkit.text.numbers import NumberFinder
from callkit.text.places import AddressFinder
from callkit.text.secrets import SecretFinder

#: Every kind of personal data callkit finds, and what it is.
ENTITIES: dict[str, str] = {
    "CARD": "payment card number, whole or in part",
    "CVV": "card security code",
    "CARD_EXPIRY": "card expiry date",
    "PIN": "PIN, passcode or one-time code",
    "PASSWORD": "password or answer to a security question",
    "SSN": "social security, national insurance or tax number, whole or in part",
    "BANK_ACCOUNT": "bank account number",
    "ROUTING_NUMBER": "routing number, sort code or the like",
    "IBAN": "international bank account number",
    "ACCOUNT": "account, policy, member, customer, case or order number",
    "DRIVER_LICENSE": "driver's licence number",
    "PASSPORT": "passport number",
    "PHONE": "telephone number",
    "EMAIL": "e-mail address",
    "IP": "IP address",
    "URL": "web address that leads to a person",
    "PERSON": "person's name",
    "ADDRESS": "postal address or postcode",
    "DATE_OF_BIRTH": "date of birth",
}


@dataclass
class Memory:
    """What is known from earlier parts of a conversation that is read in pieces. Private."""

    names: dict[str, None] = field(default_factory=dict, repr=False)
    numbers: dict[str, str] = field(default_factory=dict, repr=False)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    dates: dict[str, str] = field(default_factory=dict, repr=False)

    def shrink(self, most: int = 500) -> None:
        """Forget the oldest of what is more than `most`, so that a stream without an end stays small."""
        for known in (self.names, self.numbers, self.secrets, self.dates):
            while len(known) > most:
                known.pop(next(iter(known)))


#: What may never be kept (PCI DSS 3.3.1): where such a finding overlaps another, it decides the kind.
SECRETS = frozenset({"CVV", "PIN", "PASSWORD"})


def find(
    conversation: Sequence[Utterance], memory: Memory | None = None, wanted: Callable[[Finding], bool] | None = None
) -> list[Finding]:
    """Every finding, sorted by turn and place, none overlapping another. `memory` is read and added to.

    Findings that are not `wanted` are left out before overlaps are settled: what is kept hides nothing beneath it.
    """
    memory = memory or Memory()
    found: list[Finding] = []
    taken: list[list[tuple[int, int]]] = [list(utterance.placeholders) for utterance in conversation]

    def add(more: Iterable[Finding]) -> None:
        for finding in list(more):
            found.append(finding)
            taken[finding.turn].append((finding.start, finding.end))

    add(ContactFinder(conversation).find())
    dates = DateFinder(conversation)
    add(dates.find())
    for turn, spans in enumerate(dates.spans):
        taken[turn].extend((span.start, span.end) for span in spans)
    add(AddressFinder(conversation, taken).find())
    add(SecretFinder(conversation).find())
    add(_validated(conversation))
    add(said_again(conversation, found, taken, memory.secrets))
    add(NameFinder(conversation, taken, memory.names).find())
    add(
        NumberFinder(
            conversation, taken, memory.numbers, [[span.start for span in spans] for spans in dates.spans]
        ).find()
    )
    add(dates_again(conversation, dates.spans, found, memory.dates))
    kept = [finding for finding in found if wanted is None or wanted(finding)]
    return [_flagged(finding, conversation) for finding in settle(kept, conversation)]


def _flagged(finding: Finding, conversation: Sequence[Utterance]) -> Finding:
    """A finding in a language without rules of its own says that only digits and letters were looked at."""
    language = conversation[finding.turn].language
    if language in LANGUAGES:
        return finding
    return replace(finding, rule=f"{finding.rule} ({language}: only digits and letters are searched)")


def _validated(conversation: Sequence[Utterance]) -> Iterable[Finding]:
    """Formats that a model's recognizers have checked by themselves."""
    for turn, utterance in enumerate(conversation):
        for hint in utterance.hints:
            if hint.entity == "IBAN":
                yield Finding(turn, hint.start, hint.end, hint.entity, hint.score, hint.recognizer, "validated format")


def settle(found: Sequence[Finding], conversation: Sequence[Utterance]) -> list[Finding]:
    """One finding where several overlap: the surest one's kind, over all that any of them covers. Placeholders stay."""
    kept: list[Finding] = []
    for finding in sorted(found, key=lambda finding: (finding.turn, finding.start, -finding.end)):
        if any(finding.start < end and start < finding.end for start, end in conversation[finding.turn].placeholders):
            continue
        last = kept[-1] if kept else None
        if last is None or last.turn != finding.turn or finding.start >= last.end:
            kept.append(finding)
            continue
        sure = max(last, finding, key=lambda one: (one.entity in SECRETS, one.score))
        kept[-1] = Finding(
            finding.turn,
            last.start,
            max(last.end, finding.end),
            sure.entity,
            sure.score,
            sure.recognizer,
            sure.rule,
            sure.value,
        )
    return kept
