"""What a spoken or written number is: the conversation decides.

Each run of digits and letters (`callkit.text.spoken`) gets the kind that the nearest words name: in its own turn, or in
the question of the other side. Runs said in pieces over several turns, with "mhm" or a read-back between, are one number.
The words, lengths and scores are data: `rules/numbers.toml`. What nobody names is judged by its shape alone.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from callkit.text.found import CORRECTIONS, Finding, Utterance, same_side, words_pattern
from callkit.text.language import LANGUAGES
from callkit.text.spoken import Item, Run

#: So many words may stand between what names a number and the number; more where it is a secret ("let me flip it over").
_GAP = 7
_SECRET_GAP = 12
_NEXT_NUMBER = 12  # characters between what names a number and the number
_SECRET_SCORE = 0.96
#: How many turns back a question still explains an answer.
REACH = 8
RECOGNIZER = "callkit:number"
#: The country that an IBAN begins with, written in one word with its first digits: "DE44".
_COUNTRY_BEFORE = re.compile(r"(?<![^\W_])[A-Z]{2}$")
#: Groups of capitals and digits, with nothing else in their sentence but how an answer begins.
_CODE_ALONE = re.compile(
    r"(?:^|[.:?!] |\b(?:it's|It's|is|yes|Yes|yeah|Yeah|sure|Sure),? )((?:[A-Z\d]{1,10}[ -]){1,6}[A-Z\d]{1,10})(?=[.,?!]|$)"
)


@dataclass(frozen=True)
class Rule:
    """One kind of number: the words that name it and the lengths it may have.

    `entity` "" means not personal; `firm`: not even where the number looks like a personal one.
    """

    name: str
    entity: str
    length: tuple[int, int]
    cues: re.Pattern[str]
    score: float
    part: bool
    firm: bool
    needs: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that name a kind of number: [start, end) in their turn. `ending`: they ask for, or tell, its last digits."""

    start: int
    end: int
    rule: Rule
    ending: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A run and where it was said."""

    turn: int
    run: Run


@cache
def rules() -> tuple[Rule, ...]:
    """The table of rules."""
    return tuple(
        Rule(
            name=entry["name"],
            entity=entry["entity"],
            length=(entry["length"][0], entry["length"][1]),
            cues=words_pattern(entry["cues"]),
            score=entry.get("score", 0.0),
            part=entry.get("part", False),
            firm=entry.get("firm", False),
            needs=re.compile(entry["needs"]) if "needs" in entry else None,
        )
        for entry in table()["rule"]
    )


@cache
def table() -> dict[str, Any]:
    """`rules/numbers.toml` as it stands."""
    return tomllib.loads(files("callkit.text").joinpath("rules/numbers.toml").read_text("utf-8"))


@cache
def _answer() -> dict[str, frozenset[str]]:
    """Words that may stand around an answer, and numbers that are nobody's."""
    answer = table()["answer"]
    return {
        "lead": frozenset(answer["lead"].split()),
        "tail": frozenset(answer["tail"].split()),
        "harmless": frozenset(answer["harmless"]),
    }


@cache
def _units() -> dict[str, re.Pattern[str]]:
    units = table()["units"]
    return {
        "before": re.compile(r"(?<!\w)(?:" + "|".join(units["before"]) + r")$"),
        "about": re.compile(r"(?<!\w)(?:" + "|".join(units["about"]) + r")$"),
        "after": re.compile("(?:" + "|".join(units["after"]) + ")"),
    }


_ANSWER_LINK = re.compile(
    r"(?: |\W{0,2}(?:is|are|was|'s|as|for|would be|being|on|that's|that is|this is|which is|it's) )?(?:(?:the|my|your|our|his|her|its|that|this) )?$"
)
_MENDED = words_pattern(CORRECTIONS)
_CORRECTION = words_pattern(
    [
        *CORRECTIONS,
        *("wrong", "instead", "should be", "mistake", "misread"),
        "(?:last|first|second|third|fourth|final|middle) (?:one|digit|number|two|three|four|part)",
    ]
)
_BACKCHANNEL = re.compile(
    r"(?:\W|sí|si|claro|vale|ajá|gracias|adelante|el|es|mm|hm+|mhm|uh|huh|um|yes|yeah|yep|yup|ok|okay|right|alright|all right|sure|got it|got that|go ahead|go on|continue|and|next|correct|perfect|great|thanks|thank you|please|ma|ma'am|madam|sir|miss|love|lovely|mate|ja|ya|aye|i see|and then|then|keep going|i'm listening|ready|whenever you're ready|take your time|the rest|what's next|all right then|cool|good|that's right|exactly|uh-huh|mm-hmm)*"
)
#: "the card ending in", "the last four of your social": so many of the digits are said, and no more.
_ENDING = re.compile(r"\b(?:ending|ends|last)\b")
_ENDING_LENGTH = (2, 6)
_CALLED_NUMBER = re.compile(r"\b(?:number|numbers|call|dial|ring|phone)(?:'s| is| are|:)?(?: us)?(?: at| on)?\W*$")
_YEAR = re.compile(r"(?:19|20)\d\d")
_YEAR_BEFORE = re.compile(
    r"(?:in|since|from|of|year|until|during|to|and|january|february|march|april|may|june|july|august|september|october|november|december|back in|early|late|summer|spring|fall|winter|model)\W*$"
)


_EXPIRY_BETWEEN = re.compile(
    r"\bexp|\d ?/ ?\d|valid|(?:january|february|march|april|may|june|july|august|september|october|november|december)"
)
#: "That's the one", "the wrong one": no digit.
_PRONOUN = re.compile(
    r"\b(?:the|this|that|which|another|other|old|new|right|wrong|same|correct|every|each|no|any|only) $"
)
#: "3 p.m.", of which the letters are read as a spelling, and "the 3.1 one".
_CLOCK = re.compile(r"[\w -]{1,14} [ap]\.? ?m\.?")
_CLOCK_LETTERS = re.compile(r"\d{1,2}\.\d{1,2} one")
#: Round sums: "you'll reach Gold at 50,000".
_ROUND = re.compile(r"\d{1,3}(?:,\d{3})*,000")
#: "They're 1,499 and 1,620", "the meter's at 48,213": sums, whatever was spoken of before.
_SUMS = re.compile(r"\d{1,3}(?:,\d{3})+(?: and \d{1,3}(?:,\d{3})+)*")
_NO_SUMS = frozenset({"ACCOUNT", "ADDRESS", "PHONE", "DATE_OF_BIRTH", "BANK_ACCOUNT"})
#: "150, 500 and 900": a list of numbers.
_LIST = re.compile(r"\d{2,4}(?:, \d{2,4})* and \d{2,4}")
#: "Star one nine oh four", "one nine seven two, hash": keys that are pressed with a code.
_KEY_BEFORE = re.compile(r"(?<!\w)(?:star|hash|pound|asterisk),? $")
#: "the postcode is e seventeen six j l"
_LETTER_BEFORE = re.compile(r"(?<=\bis )[a-z] $")
_KEY_AFTER = re.compile(r",? (?:then |and )*(?:star|hash|pound|asterisk)(?: key| sign)?(?!\w)")
#: "... five nine, and A at the end"
_LETTER_AT_END = re.compile(
    r",? (?:and )?(?:then )?(?:an? |the letter )?[a-z](?: (?:for|as in) \w+)? (?:at|on) the end(?!\w)"
)
#: "One ending in 3318 and one in 0576": the last is no digit.
_AND_ONE = re.compile(r"\d{3,}(?: and one)+")
#: A house is said "number ten".
_NUMBER_LEAD = re.compile(r"(?<!\w)(?:number|no\.?) $", re.I)


class NumberFinder:
    """Finds the personal numbers of a conversation.

    `taken` are stretches that other finders have explained; `known` numbers found earlier and their kinds, added to;
    `dated` says where each turn holds dates.
    """

    def __init__(
        self,
        conversation: Sequence[Utterance],
        taken: Sequence[Sequence[tuple[int, int]]],
        known: dict[str, str] | None = None,
        dated: Sequence[Sequence[int]] | None = None,
    ) -> None:
        self.dated = dated or [()] * len(conversation)
        self.conversation = conversation
        self.known = {} if known is None else known
        self.pieces = [
            [
                run
                for whole in utterance.runs
                for run in _free(_without_one(whole, utterance), taken[turn])
                if self.counts(run, utterance)
            ]
            for turn, utterance in enumerate(conversation)
        ]
        self._cues: dict[int, list[Cue]] = {}

    def find(self) -> Iterator[Finding]:
        """Numbers by context, then by shape; then what was already found, said again or corrected."""
        found = {(finding.turn, finding.start): finding for chain in self.chains() for finding in self.judge(chain)}
        yield from found.values()
        self.known.update(
            (finding.value, finding.entity) for finding in found.values() if sum(map(str.isdecimal, finding.value)) >= 3
        )
        sensitive = {turn: finding.entity for (turn, _), finding in found.items()}
        starts = {(turn, start + shift) for turn, start in found for shift in range(4)}
        for turn, found_here in enumerate(self.pieces):
            for run in found_here:
                if (turn, run.start) not in starts:
                    yield from self.again(Piece(turn, run), sensitive)
        for turn, utterance in enumerate(self.conversation):
            for match in _CODE_ALONE.finditer(utterance.text) if utterance.cased else ():
                yield from self.written_code(turn, match)

    def written_code(self, turn: int, match: re.Match[str]) -> Iterator[Finding]:
        """A sentence that is no more than groups of capitals and digits: "BKLPK 4471 Q." """
        value = "".join(filter(str.isalnum, match[1]))
        digits = sum(map(str.isdecimal, value))
        if len(value) >= 8 and digits >= 3 and len(value) - digits >= 3:
            yield Finding(turn, *match.span(1), "ACCOUNT", 0.5, RECOGNIZER, "letters and digits", value)

    def again(self, piece: Piece, sensitive: Mapping[int, str]) -> Iterator[Finding]:
        """A number that repeats a known one, or part of it, or mends one just said."""
        value = piece.run.value
        if len(value) >= 3 and not (self.has_unit(piece) and len(value) < 5):
            for known, entity in self.known.items():
                if value == known or (len(value) >= 4 and (value in known or known in value)) or _one_off(value, known):
                    yield self.finding(piece, entity, 0.85, "said again")
                    return
        if not self.tail_fits(piece) or self.strangers(piece) > 2:
            return
        others = (Piece(piece.turn, run) for run in self.conversation[piece.turn].runs)
        if any(map(self.has_unit, others)) or not self.mends(piece):
            return
        for back in (0, 1, 2, 3):
            if piece.turn - back in sensitive and self.conversation[piece.turn].word_count <= 14:
                yield self.finding(piece, sensitive[piece.turn - back], 0.7, "correction")
                return

    def mends(self, piece: Piece) -> bool:
        """Does somebody take back what was said, right before a number or after it: "no, it's 43", "43, not 44"?"""
        lower, run = self.conversation[piece.turn].lower, piece.run
        for match in _CORRECTION.finditer(lower):
            between = lower[match.end() : run.start] if match.end() <= run.start else ""
            if match.start() < run.end + 30 and all(
                word in _answer()["lead"] or _CORRECTION.fullmatch(word)
                for word in re.findall(r"[^\W\d_][\w']*", re.sub(r"[^.?!]*\d[^.?!]*", "", between))
            ):
                return True
        return False

    def counts(self, run: Run, utterance: Utterance) -> bool:
        """May a run be a number? Letters alone are one as a short code, or as a piece said in a turn of its own."""
        if utterance.lower[max(0, run.start - 2) : run.start] == "0x":
            return False  # hexadecimal: an error code, an address in memory
        if utterance.lower[run.start : run.end] == "one" and _PRONOUN.search(utterance.lower[: run.start]):
            return False
        if _CLOCK.fullmatch(utterance.lower, run.start, run.end) or _CLOCK_LETTERS.fullmatch(
            utterance.lower, run.start, run.end
        ):
            return False
        if run.digits or 5 <= len(run.letters) <= 8:
            return True
        alone = utterance.lower[: run.start] + utterance.lower[run.end :]
        return len(run.letters) <= 4 and bool(_BACKCHANNEL.fullmatch(alone))

    # --- pieces of one number ---

    def chains(self) -> list[list[Piece]]:
        """Runs grouped into numbers: a run that ends its turn goes on in the same side's next turn that begins with one."""
        chains: list[list[Piece]] = []
        open_chain: dict[str, list[Piece]] = {}
        for turn, found in enumerate(self.pieces):
            speaker = self.conversation[turn].speaker
            for place, run in enumerate(found):
                piece = Piece(turn, run)
                chain = open_chain.get(speaker)
                if chain and place == 0 and self.goes_on(chain[-1], piece):
                    chain.append(piece)
                else:
                    chain = [piece]
                    chains.append(chain)
                    open_chain[speaker] = chain
        return chains

    def goes_on(self, last: Piece, piece: Piece) -> bool:
        if piece.turn == last.turn or piece.turn - last.turn > 4:
            return False
        before, after = self.conversation[last.turn], self.conversation[piece.turn]
        if not _BACKCHANNEL.fullmatch(before.lower[last.run.end :]) or not _BACKCHANNEL.fullmatch(
            after.lower[: piece.run.start]
        ):
            return False
        if not self.tail_fits(piece) or self.has_unit(piece):
            return False
        return all(self.is_listening(turn) for turn in range(last.turn + 1, piece.turn))

    def is_listening(self, turn: int) -> bool:
        """Is a turn no more than "mhm", or the repeating of numbers?"""
        utterance = self.conversation[turn]
        rest, place = "", 0
        for run in self.pieces[turn]:
            rest, place = rest + utterance.lower[place : run.start] + " ", run.end
        return bool(_BACKCHANNEL.fullmatch(rest + utterance.lower[place:]))

    # --- what it is ---

    def judge(self, chain: list[Piece]) -> Iterator[Finding]:
        whole = "".join(piece.run.value for piece in chain)
        if len(chain) > 1:
            rule = self.named(chain[0], len(whole))
            if rule is not None and rule.entity:
                for piece in chain:
                    yield self.finding(piece, rule.entity, rule.score, f"{rule.name}, in pieces")
                return
            shape = shape_of(whole, chain)
            if rule is None and shape is not None and len(whole) >= 7:
                for piece in chain:
                    yield self.finding(piece, shape[0], shape[1], f"{shape[2]}, in pieces")
                return
        for piece in chain:
            yield from self.judge_alone(piece)

    def judge_alone(self, piece: Piece) -> Iterator[Finding]:
        run, length = piece.run, len(piece.run.value)
        rule = self.named(piece, length)
        born = rule is not None and rule.entity == "DATE_OF_BIRTH" and bool(_YEAR.fullmatch(run.value))  # "in 1990"
        if self.has_unit(piece) and length < 7 and not born:
            return
        if (
            rule is not None
            and rule.entity in _NO_SUMS
            and _SUMS.fullmatch(self.conversation[piece.turn].text, run.start, run.end)
        ):
            return
        if rule is not None:
            if rule.entity:
                yield self.finding(piece, rule.entity, rule.score, rule.name)
                return
            if length <= 6 or (rule.firm and not luhn(run.digits)):
                return
        text = self.conversation[piece.turn].text
        listed = any(pattern.fullmatch(text, run.start, run.end) for pattern in (_LIST, _SUMS))
        shape = None if listed else shape_of(run.value, [piece], text)
        if len(self.mended(piece)) > 1 and max(self.mended(piece)) < 7:
            return
        unknown = self.conversation[piece.turn].language not in LANGUAGES
        if shape is None and self.follows_card(piece):
            shape = "CVV", 0.7, "after a card and its expiry date"
        if shape is None and unknown and len(run.digits) >= 4:
            shape = "ACCOUNT", 0.5, "four digits or more"
        if shape is not None and (length >= 7 or not self.is_common(piece)):
            yield self.finding(piece, *shape)

    def follows_card(self, piece: Piece) -> bool:
        """Are these the three or four digits after a card number, or its expiry date, in one breath?"""
        utterance, run = self.conversation[piece.turn], piece.run
        if not re.fullmatch(r"\d{3,4}", run.value) or self.has_unit(piece) or not self.tail_fits(piece):
            return False
        cards = [other for other in utterance.runs if other.end <= run.start and len(other.digits) in range(14, 20)]
        if not cards:
            return False
        between = utterance.lower[cards[-1].end : run.start]
        return len(between) < 60 and bool(_EXPIRY_BETWEEN.search(between)) and not re.search(r"[.?!] ", between[:-2])

    def finding(self, piece: Piece, entity: str, score: float, rule: str) -> Finding:
        run = piece.run
        start = run.start
        text = self.conversation[piece.turn].text
        while start > 0 and text[start - 1] in "(+#":
            start -= 1
        lower, end = self.conversation[piece.turn].lower, run.end
        lead = _NUMBER_LEAD.search(text[:start]) if entity == "ADDRESS" else None
        lead = _KEY_BEFORE.search(lower[:start]) if entity == "PIN" else lead
        lead = _LETTER_BEFORE.search(lower[:start]) if rule == "postcode" and lead is None else lead
        lead = _COUNTRY_BEFORE.search(text[:start]) if entity == "IBAN" else lead
        start = lead.start() if lead else start
        tail = (_KEY_AFTER if entity == "PIN" else _LETTER_AT_END).match(lower, end)
        end = tail.end() if tail else end
        return Finding(piece.turn, start, end, entity, score, RECOGNIZER, rule, run.value)

    def has_unit(self, piece: Piece) -> bool:
        """Do the words that touch the number make it an amount, a time, a count, a year?"""
        utterance, run = self.conversation[piece.turn], piece.run
        units = _units()
        ahead = utterance.lower[max(0, run.start - 30) : run.start]
        counted = len(run.items) < 4 or any(item.kind != "digit" for item in run.items)
        if units["before"].search(ahead) or (counted and units["after"].match(utterance.lower, run.end)):
            return True
        if _ROUND.fullmatch(utterance.text, run.start, run.end):
            return True
        by_digits = len(run.items) >= 3 and all(item.kind == "digit" for item in run.items)
        if not by_digits and units["about"].search(ahead):
            return True
        if _YEAR.fullmatch(run.value) and len(run.items) <= 2:
            return bool(_YEAR_BEFORE.search(ahead))
        return bool(re.fullmatch(r"\d{1,4}[.:]\d{1,2}", utterance.text[run.start : run.end]))

    def is_common(self, piece: Piece) -> bool:
        """A number everybody says, such as 911, among other words."""
        return piece.run.value in _answer()["harmless"] and self.strangers(piece) > 0

    def strangers(self, piece: Piece) -> int:
        """How many words before a number, in its sentence, do not belong to an answer."""
        utterance, run = self.conversation[piece.turn], piece.run
        start = max((other.end for other in utterance.runs if other.end <= run.start), default=0)
        ahead = re.split(r"[.?!] ", utterance.lower[start : run.start])[-1]
        return sum(word not in _answer()["lead"] for word in re.findall(r"[^\W\d_][\w']*", ahead))

    def only_answers(self, piece: Piece) -> bool:
        """Is a number all that its turn tells: "it's number ten" """
        utterance, run = self.conversation[piece.turn], piece.run
        words = re.findall(r"[^\W\d_][\w']*", utterance.lower[: run.start])
        return all(word in _answer()["lead"] for word in words) and bool(
            _BACKCHANNEL.fullmatch(utterance.lower[run.end :])
        )

    def tail_fits(self, piece: Piece) -> bool:
        """May what follows a number follow an answer? "two boxes" is none."""
        utterance, run = self.conversation[piece.turn], piece.run
        word = re.match(r" +([^\W\d_][\w']*)", utterance.lower[run.end :])
        return word is None or word.group(1) in _answer()["tail"]

    def named(self, piece: Piece, length: int) -> Rule | None:
        """The rule of the nearest words that name the number, or None."""
        utterance, run = self.conversation[piece.turn], piece.run
        own = self.cues(piece.turn)
        for cue in own:  # "4321 is my PIN"
            link = 0 <= cue.start - run.end <= 25 and _ANSWER_LINK.fullmatch(utterance.lower[run.end : cue.start])
            if link and cue.rule.entity and not self.leads_on(cue, piece) and self.takes(cue, piece, length, near=True):
                return cue.rule
        before = [cue for cue in reversed(own) if cue.end <= run.start]
        gaps = [utterance.lower[cue.end : run.start].count(" ") for cue in before]
        if not run.digits and len(run.letters) < 5:
            before, gaps = [], []
        for exact in (True, False):
            for cue, gap in zip(before, gaps, strict=True):
                fits = self.fits(cue, piece, length)
                reach = _SECRET_GAP if cue.rule.score >= _SECRET_SCORE else _GAP
                if exact and not (fits and gap <= (reach if length < 7 else 30)):
                    continue
                meant = self.takes(cue, piece, length, near=gap <= _GAP) if cue.rule.entity else fits and gap <= 6
                if meant:
                    return cue.rule
        return self.asked(piece, length)

    def leads_on(self, cue: Cue, piece: Piece) -> bool:
        """Does a cue right after a number lead on to another: "ten twenty seven, security code 123"?"""
        said = self.conversation[piece.turn].lower[piece.run.end : cue.start].strip(" ,")
        runs = self.conversation[piece.turn].runs
        return not said and any(0 <= run.start - cue.end <= _NEXT_NUMBER for run in runs)

    def asked(self, piece: Piece, length: int) -> Rule | None:
        """The rule of the question, or the earlier words, that a number answers."""
        run, strangers = piece.run, self.strangers(piece)
        parts = self.mended(piece)
        length = min(length, max(parts)) if len(parts) > 1 else length
        secret = self.secret_asked(piece, length)
        if secret is not None:
            return secret
        if length < 7 and (not self.tail_fits(piece) or strangers > 2 or self.is_common(piece)):
            return None
        if length <= 2 and not (self.is_listening(piece.turn) or self.only_answers(piece)):
            return None
        before = sum(other.start < run.start for other in self.pieces[piece.turn])
        for turn in range(piece.turn - 1, max(-1, piece.turn - 1 - REACH), -1):
            if strangers and length < 7 and turn < piece.turn - 1:
                return None
            cues = [cue for cue in self.cues(turn) if cue.rule.name != "address" or "?" in self.conversation[turn].text]
            if not cues:
                continue
            fitting = [cue for cue in cues if self.takes(cue, piece, length, near=True)]
            exact = [cue for cue in fitting if self.fits(cue, piece, length)]
            if exact and _ENDING.search(self.conversation[turn].lower):
                exact = [cue for cue in fitting if cue.rule.entity and cue.rule.part] or exact  # "the last four's fine"
            ordered = exact or ([] if strangers > 1 or piece.turn - turn > 3 else fitting)
            if ordered:
                several = len(self.pieces[piece.turn]) > 1
                if several and len(ordered) > 1 and before < len(ordered):
                    return ordered[before].rule if exact else ordered[-1].rule
                return max(reversed(ordered), key=lambda cue: cue.rule.score).rule
            if not same_side(self.conversation[turn], self.conversation[piece.turn]):
                return None
        return None

    def secret_asked(self, piece: Piece, length: int) -> Rule | None:
        """The rule of a secret that the turn before asked for: any number of its length is it, whatever else is said."""
        turn = piece.turn - 1
        if turn < 0 or same_side(self.conversation[turn], self.conversation[piece.turn]):
            return None
        cues = [cue for cue in self.cues(turn) if cue.rule.score >= _SECRET_SCORE]
        right = (
            cue.rule for cue in cues if self.takes(cue, piece, length, near=True) and self.fits(cue, piece, length)
        )
        items = piece.run.items
        by_digits = all(item.kind == "digit" for item in items) or [item.kind for item in items] == ["written"]
        wordy = self.strangers(piece) > _SECRET_GAP or self.is_common(piece) or self.has_unit(piece)
        return next(right, None) if by_digits and not wordy else None

    def fits(self, cue: Cue, piece: Piece, length: int) -> bool:
        """Has the number a length of the cue's rule? One that was mended while it was said may be longer."""
        rule = cue.rule
        if cue.ending and _ENDING_LENGTH[0] <= length <= _ENDING_LENGTH[1]:
            return True
        if rule.length[0] <= length <= rule.length[1]:
            return True
        parts = self.mended(piece)
        return len(parts) > 1 and max(parts) <= rule.length[1] and sum(parts) >= rule.length[0]

    def mended(self, piece: Piece) -> list[int]:
        """The lengths of a number's parts between corrections: "four two, no, four three" has two of two."""
        lower, run = self.conversation[piece.turn].lower, piece.run
        parts = [0]
        for place, item in enumerate(run.items):
            if place and _MENDED.search(lower[run.items[place - 1].end : item.start]):
                parts.append(0)
            parts[-1] += len(item.value)
        return parts

    def takes(self, cue: Cue, piece: Piece, length: int, *, near: bool) -> bool:
        """May the cue's rule be about this number?"""
        rule = cue.rule
        own = cue in self.cues(piece.turn)
        if rule.entity == "CARD_EXPIRY" and self.expires_otherwise(piece.turn):
            return False
        if rule.entity == "DATE_OF_BIRTH" and any(not own or start >= cue.end for start in self.dated[piece.turn]):
            return False  # the date itself is said in this turn
        if rule.needs is not None and not self.nearby(rule.needs, piece.turn):
            return False
        if self.fits(cue, piece, length):
            return True
        alone = self.is_listening(piece.turn) or self.only_answers(piece)
        return rule.part and near and (length >= 2 or alone) and length <= rule.length[1]

    def expires_otherwise(self, turn: int) -> bool:
        """Is something that expires spoken of that is no card: a passport, a licence?"""
        near = [other.lower for other in self.conversation[max(0, turn - 3) : turn + 1]]
        other = any(re.search(r"\b(?:passport|licen[cs]e|visa number|permit|warranty)\b", said) for said in near)
        return other and not any(re.search(r"\bcards?\b|\bvisa\b|mastercard|amex|cvv", said) for said in near)

    def nearby(self, pattern: re.Pattern[str], turn: int) -> bool:
        return any(pattern.search(other.lower) for other in self.conversation[max(0, turn - REACH) : turn + 2])

    def cues(self, turn: int) -> list[Cue]:
        """The cues of a turn by place; where several overlap, the longest."""
        if turn not in self._cues:
            text = self.conversation[turn].lower
            found = [
                Cue(match.start(), match.end(), rule, rule.part and bool(_ENDING.search(match.group())))
                for rule in rules()
                for match in rule.cues.finditer(text)
            ]
            found.sort(key=lambda cue: (cue.start - cue.end, cue.start))
            kept: list[Cue] = []
            for cue in found:
                if all(
                    cue.end <= other.start or cue.start >= other.end or (cue.start, cue.end) == (other.start, other.end)
                    for other in kept
                ):
                    kept.append(cue)
            self._cues[turn] = sorted(kept, key=lambda cue: (cue.start, cue.end))
        return self._cues[turn]


def shape_of(value: str, pieces: Sequence[Piece], text: str = "") -> tuple[str, float, str] | None:
    """Entity, score and rule of a number that nothing names, by its length and form; None for harmless ones."""
    digits = "".join(char for char in value if char.isdecimal())
    length = len(value)
    items = [item for piece in pieces for item in piece.run.items]
    one_by_one = sum(item.kind == "digit" for item in items)
    if items and all(item.kind == "written" and _YEAR.fullmatch(item.value) for item in items):
        return None  # "a 2015 and a 2021"
    said = text[pieces[0].run.start : pieces[0].run.end]
    if digits == value:
        if 13 <= length <= 19 and luhn(value):
            return "CARD", 0.9, "card by checksum"
        if 14 <= length <= 19:
            return "CARD", 0.6, "card by length"
        if re.fullmatch(r"\d{3}-\d{2}-\d{4}", said):
            return "SSN", 0.85, "written as a social security number"
        if length in (10, 11) or re.fullmatch(r"\d{3}[-. ]\d{4}", said) or (length >= 11 and "+" in said):
            return "PHONE", 0.6, "phone by length"
        if length == 7 and (one_by_one >= 5 or _CALLED_NUMBER.search(text[: pieces[0].run.start].lower())):
            return "PHONE", 0.5, "phone by length"
        if length >= 8:
            return "ACCOUNT", 0.5, "long number"
        if one_by_one >= 4:
            return "ACCOUNT", 0.45, "number said digit by digit"
        return None
    if re.fullmatch(r"[A-Z]{2}\d{2}[A-Z\d]{11,30}", value):
        return "IBAN", 0.7, "shape of an IBAN"
    letters = length - len(digits)
    if len(digits) >= 5 and length >= 8 and letters:
        return "ACCOUNT", 0.5, "letters and digits"
    if len(digits) >= 3 and length >= 6 and letters <= length - 3 and not any(item.weak for item in items):
        return "ACCOUNT", 0.5, "letters and digits"
    return None


def _one_off(one: str, other: str) -> bool:
    """Do two numbers of the same length, five or more, differ in a single place?"""
    return len(one) == len(other) >= 5 and sum(a != b for a, b in zip(one, other, strict=True)) == 1


def luhn(digits: str) -> bool:
    """The check of card numbers (ISO/IEC 7812-1)."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        number = int(char) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def _without_one(run: Run, utterance: Utterance) -> Run:
    """A run without the "and one" that begins what comes next: "one ending in 3318 and one in 0576"."""
    return Run(run.items[:1]) if _AND_ONE.fullmatch(utterance.lower, run.start, run.end) else run


def _free(run: Run, taken: Sequence[tuple[int, int]]) -> list[Run]:
    """What of a run no other finder has explained: "oh four twenty nine, and one one eight" after an expiry date."""
    if not any(run.start < end and start < run.end for start, end in taken):
        return [run]
    parts: list[list[Item]] = [[]]
    for item in run.items:
        if any(item.start < end and start < item.end for start, end in taken):
            parts.append([])
        else:
            parts[-1].append(item)
    return [Run(tuple(part)) for part in parts if any(item.kind != "letter" for item in part)]
