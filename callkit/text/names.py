"""People's names: introduced, addressed, asked for, spelled, and said again once known.

Cues and word lists are data: `rules/names.toml`; well-known first names come from the US census (package `names`). A
named-entity model's people (`hints`) are evidence beside the cues. Once a name is known, it is found wherever it is said
again, also where a recogniser spells it a little differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache

from callkit.text.companies import companies
from callkit.text.found import Finding, Utterance, same_side, words_pattern
from callkit.text.namelists import (
    acronyms,
    all_surnames,
    ambiguous,
    first_names,
    likely_names,
    not_names,
    rules,
    surnames,
)
from callkit.text.spoken import Run, Token

RECOGNIZER = "callkit:name"
_MAX_WORDS = 4
_REACH = 3
_JOINERS = frozenset(
    "- . de van von der den la del da di al el bin st mc o' dos du le mac ní nic ó ibn abu ter ten zu af ap dela das".split()
)
#: What stands before a company's name more often than before a person's.
_COMPANY_BEFORE = re.compile(r"(?:calling|welcome to|at|bank with|the|your|our|my)\W+$")
#: How a name is read back: "alright, Rivera", "let me read that back, Amara Evans".
_READ_BACK = re.compile(
    r"(?:(?:ok|okay|alright|all right|got it|great|perfect|thanks|thank you|so|right|let me (?:read|repeat) that(?: back)?(?: to you)?|that's|that is|so that's|it's|and|um|uh)\W+)+"
)
#: What may follow a name that was announced: "this is Delroy, ...", "I'm Ines from ..."
_NAME_ENDS = re.compile(
    r"\W*$|[,.?!]|'s\b| (?:from|at|with|in|here|speaking|calling|and|or|but|is|was|has|how|again|on|your|what|thanks|thank|i)\b"
)
#: What follows a first name that is a common word too: the end of its phrase, or a surname.
_AMBIGUOUS_ENDS = re.compile(r"\W*$|[,.?!]")
_NEXT_CAPITAL = re.compile(r" [A-Z][a-z'’]\w+")
_AMBIGUOUS_UNCASED = re.compile(
    r"\W*$|,| (?:how|speaking|from|calling|here|with|what can|are you|can i|and)\b| [a-z'-]{3,}\W*$"
)
#: A sentence that is no more than a name: "Oluwaseun Cole. Seun."
_NAME_ALONE = re.compile(r"[.?!] ((?:[A-Z][\w'’-]+ ?){1,3})(?=[.,?!]|$)")
#: What stands before a first name in a text without capitals.
_NAME_BEFORE = re.compile(
    r"(?<!\w)(?:to|with|by|from|called|and|for|about|who|ask|tell|told|met|love|me|my|it was|spoke to|is) $"
)
#: How people are spoken to by name.
_VOCATIVE = re.compile(
    r"(?<!\w)(?:thanks|thank you|hi|hey|hello|okay|ok|sorry|alright|all right|miss|mister|bye|cheers|no worries) $"
)
#: "Nigerian", "Polish", "Portuguese": no names, whatever the model says.
_NATIONS = re.compile(r"(?:ian|ish|ese|ican)s?$")
_PLACE_ENDS = re.compile(
    r"\b(?:beach|street|city|springs?|heights|station|park|island|county|valley|falls|lake|hills?|town|airport|road|avenue|square|bay|bridge|point|creek|river|house|court|north|south|east|west|carolina|dakota|texas)$"
)
_MONTH_NAMES = frozenset({"april", "may", "june", "august"})
_MONTH_BEFORE = re.compile(
    r"(?:\b(?:in|of|since|until|till|by|last|next|this|early|late|mid|to|from|every|each|through|before|after|around|for|on)|\d|th|st|nd|rd)\W$"
)
#: Words before "speaking" that are no names.
_MANNERS = re.compile(r"ly$|ish$|person|one$|public")
#: A title belongs to the name that it stands before, unless it is the longer of the two.
_TITLE = re.compile(r"(?<!\w)(?:mr|mrs|ms|miss|mister|missus|mx|dr|doctor|prof|professor|señora?|señorita)\.? $")
#: How a spelling begins: "capital M, small c, ..."
_SPELLING_LEAD = re.compile(r"(?<!\w)(?:(?:capital|big|small|little|upper ?case|lower ?case|letter) )+$")
_ARTICLE = re.compile(r"(?<!\w)(?:the|a|an|your|my|our|that|this) $")
#: How names of medicines end.
_MEDICINE = re.compile(
    r"(?:olol|pril|statin|cillin|azole|mycin|profen|idine|xetine|azepam|formin|sartan|codone|adine|furantoin|prim|lyte|gynon|asone|olone|amide|cetamol|vir|mab)$"
)
_YES = re.compile(
    r"(?:\W|sí|claro|me llamo|mi nombre es|soy|es|yes|yeah|yep|sure|of course|okay|ok|um|uh|certainly|absolutely|hi|hello|it's|it is|that's|that would be|that'd be|this is|i'm|i am|my name is|my name's|the name is|name is|no problem|well|so|first name|last name|is|and|the|my|full|name|you can call me|spelled|please|thanks|right|oh|just|ah|er|erm|h+m+|gosh|let me see|first|last|middle|surname)*(?<!\w)"
)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    entries = rules()
    return {
        "sure": words_pattern(entries["cues"]["sure"]),
        "likely": words_pattern(sorted(entries["cues"]["likely"], key=len, reverse=True)),
        "titled": words_pattern(entries["cues"]["titled"]),
        "weak": words_pattern(sorted(entries["cues"]["weak"], key=len, reverse=True)),
        "after": re.compile(r"(?:" + "|".join(entries["cues"]["after"]) + r")(?!\w)"),
        "asked": words_pattern(entries["cues"]["asked"]),
    }


#: Names of so many letters are the same where so much of them is ("Kovalsky", "Kowalski").
_LONG_NAME, _ALIKE = 6, 0.74


class NameFinder:
    """Finds the people of a conversation.

    `taken` are stretches that other finders have explained; `known` are names from earlier, and what is found is added.
    """

    def __init__(
        self,
        conversation: Sequence[Utterance],
        taken: Sequence[Sequence[tuple[int, int]]],
        known: dict[str, None] | None = None,
    ) -> None:
        self.conversation = conversation
        self.taken = taken
        self.companies = companies(conversation)
        self.named: set[int] = set()  # turns that say a name, by more than a model's guess
        self.known = {} if known is None else known

    def find(self) -> Iterator[Finding]:
        for turn in range(len(self.conversation)):
            for finding in (*self.introduced(turn), *self.answered(turn), *self.seen(turn)):
                guessed = finding.rule == "model"
                words = self.name_words(finding)
                if (
                    not guessed
                    or len(words) > 1
                    or any(word in first_names() or word in all_surnames() for word in words)
                ):
                    self.known.update(dict.fromkeys(words))
                if not guessed:
                    self.named.add(turn)
                yield finding
        for turn in range(len(self.conversation)):
            yield from self.spelled_as_word(turn)
            for finding in self.spelled(turn):
                self.known.update(dict.fromkeys(self.name_words(finding)))
                yield finding
        for turn in range(len(self.conversation)):
            yield from self.again(turn)

    # --- how names are said ---

    def introduced(self, turn: int) -> Iterator[Finding]:
        """ "My name is ...", "thank you, ...", "... speaking" """
        utterance, patterns = self.conversation[turn], _patterns()
        for tier, score in (("sure", 0.9), ("titled", 0.8), ("likely", 0.75), ("weak", 0.7)):
            for cue in patterns[tier].finditer(utterance.lower):
                rule = "introduced" if tier == "sure" else f"after {cue.group()!r}"
                yield from self.name_at(turn, cue.end(), rule, score, tier)
        for place, token in enumerate(utterance.tokens):
            if place and patterns["after"].match(utterance.lower, token.start):
                end = place - 1 if utterance.tokens[place - 1].norm == "," else place
                first, sure = end, not utterance.cased and token.norm == "speaking"
                while first and self.could_be(utterance.tokens[first - 1], turn, sure=sure and end - first < 2):
                    if sure and _MANNERS.search(utterance.tokens[first - 1].norm):
                        break
                    first -= 1
                if first < end:
                    yield self.finding(turn, utterance.tokens[first], utterance.tokens[end - 1], 0.8, "introduced")
            if utterance.cased and token.norm in ambiguous() and self.has_surname(turn, place):
                yield from self.name_at(turn, token.start, "first name and surname", 0.65, "likely")
            if token.norm in first_names() and not self.is_place(turn, token):
                after_comma = place > 0 and utterance.tokens[place - 1].norm == ","
                if token.text[0].isupper():
                    yield from self.name_at(turn, token.start, "well-known first name", 0.65, "weak")
                elif not utterance.cased and self.has_surname(turn, place):
                    yield self.finding(turn, token, utterance.tokens[place + 1], 0.65, "first name and surname")
                elif (
                    not utterance.cased and len(token.norm) > 3 and _NAME_BEFORE.search(utterance.lower[: token.start])
                ):
                    if not self.in_run(utterance, token):
                        yield from self.name_at(turn, token.start, "well-known first name", 0.6, "weak")
                elif after_comma and len(token.norm) > 3 and not self.in_run(utterance, token):
                    yield self.finding(turn, token, token, 0.6, "addressed")

    def has_surname(self, turn: int, place: int) -> bool:
        """Does a surname that is no common word follow: "Chase Nakamura", "Hope Asante-Mills"?"""
        tokens = self.conversation[turn].tokens
        if place + 1 >= len(tokens):
            return False
        name, after = tokens[place], tokens[place + 1]
        surname = after.norm in all_surnames() or (after.norm.partition("-")[0] in all_surnames())
        if not self.conversation[turn].cased:
            told = len(name.text) > 3 and len(after.text) > 3 and not _PLACE_ENDS.search(after.norm)
            return told and surname and after.start == name.end + 1 and not self.in_run(self.conversation[turn], after)
        if not name.text[0].isupper():
            return False
        title = len(after.text) > 1 and after.text[0].isupper() and after.text[1:] != after.text[1:].upper()
        return after.start == name.end + 1 and title and surname and after.norm not in first_names()

    def answered(self, turn: int) -> Iterator[Finding]:
        """The answer to "may I have your name?", or the reading back of one."""
        asked = _patterns()["asked"]
        if turn and turn - 1 in self.named and not same_side(self.conversation[turn - 1], self.conversation[turn]):
            echo = _READ_BACK.match(self.conversation[turn].lower)
            if echo and self.conversation[turn].word_count <= 10:
                yield from self.name_at(turn, echo.end(), "read back", 0.75, "sure")
        for back in range(turn - 1, max(-1, turn - 1 - _REACH), -1):
            question = self.conversation[back]
            if same_side(question, self.conversation[turn]):
                continue
            if asked.search(question.lower):
                lead = _YES.match(self.conversation[turn].lower)
                short = self.conversation[turn].word_count <= 12
                start = lead.end() if lead else 0
                yield from self.name_at(turn, start, "asked for", 0.85, "sure" if short else "likely")
                if self.conversation[turn].cased:
                    for more in _NAME_ALONE.finditer(self.conversation[turn].text, start):
                        yield from self.name_at(turn, more.start(1), "asked for", 0.75, "sure")
                return
            if question.word_count > 4:
                return

    def seen(self, turn: int) -> Iterator[Finding]:
        """What the model takes for people, where the words could be names."""
        utterance = self.conversation[turn]
        tokens = utterance.tokens
        for hint in utterance.hints:
            if hint.entity != "PERSON":
                continue
            places = [
                place for place, token in enumerate(tokens) if hint.start <= token.start and token.end <= hint.end
            ]
            if any(utterance.tokens[place].norm.isdecimal() for place in self.from_before(places)):
                continue  # a street, with its house number
            for words in self.groups([tokens[place] for place in places], turn):
                if len(words) == 1 and (len(words[0].text) < 3 or _MEDICINE.search(words[0].norm)):
                    continue
                known = words[0].norm in first_names()
                if (
                    utterance.cased
                    and words[0].text[0].islower()
                    and _ARTICLE.search(utterance.lower[: words[0].start])
                ):
                    continue
                if len(words) == 1 and self.is_opening(turn, words[0]):
                    continue
                if known or not _COMPANY_BEFORE.search(utterance.lower[: words[0].start]):
                    score = min(hint.score, 0.7 if known or len(words) > 1 else 0.55)
                    yield self.finding(turn, words[0], words[-1], score, "model", hint.recognizer)

    def is_opening(self, turn: int, word: Token) -> bool:
        """Has a word its capital from the beginning of a sentence, and is no name of the census? The model errs there."""
        before = self.conversation[turn].text[: word.start].rstrip()
        begins = (not before and word.end < len(self.conversation[turn].text.rstrip(" .!?"))) or before[-1:] in (
            ".",
            "!",
            "?",
        )
        return begins and word.norm not in first_names() and word.norm not in all_surnames()

    def groups(self, tokens: Sequence[Token], turn: int) -> list[list[Token]]:
        """The names in a stretch that a model takes for one: "Jeff, Amanda" is two."""
        groups: list[list[Token]] = [[]]
        for token in tokens:
            follows = bool(groups[-1]) and self.could_follow(token, self.conversation[turn])
            if follows or self.could_be(token, turn, sure=False):
                groups[-1].append(token)
            elif groups[-1] and token.norm not in _JOINERS:
                groups.append([])
        return [group for group in groups if group]

    def from_before(self, places: Sequence[int]) -> Sequence[int]:
        """The places of a span and the one before it."""
        return [*([places[0] - 1] if places and places[0] else []), *places]

    def again(self, turn: int) -> Iterator[Finding]:
        """A known name, said again."""
        utterance = self.conversation[turn]
        stretch: list[Token] = []
        for place, token in enumerate(utterance.tokens):
            if self.is_known(token, turn):
                before = utterance.tokens[place - 1] if place else None
                if not stretch and before is not None and self.is_first_name_of(before, token, turn):
                    stretch.append(before)
                stretch.append(token)
            elif stretch and (token.norm not in _JOINERS or token.norm == "."):
                yield self.finding(turn, stretch[0], stretch[-1], 0.62, "known name")
                stretch = []
        if stretch:
            yield self.finding(turn, stretch[0], stretch[-1], 0.62, "known name")

    def is_first_name_of(self, before: Token, known: Token, turn: int) -> bool:
        """Is the word before a known surname its first name: "amit coleman, correct?" """
        utterance = self.conversation[turn]
        if known.start - before.end != 1 or before.norm in _JOINERS or len(before.text) < 3:
            return False
        starts = before.start == 0 or before.text[0].isupper()
        family = known.norm in surnames() or known.norm not in first_names()
        return starts and family and self.could_be(before, turn, sure=not utterance.cased)

    def spelled(self, turn: int) -> Iterator[Finding]:
        """Letters that spell a known name, or a name that was asked for or just said."""
        utterance = self.conversation[turn]
        for run in utterance.runs:
            letters = run.letters.lower()
            if len(letters) < 2 or letters in acronyms() or run.digits or self.overlaps(turn, run):
                continue
            if len(letters) < 5 and _ARTICLE.search(utterance.lower[: run.start]) and letters not in self.known:
                continue  # "your t r n"
            said = self.said_before(utterance, run)
            if said is not None or any(
                _near(letters, name) or (len(letters) > 2 and name.startswith(letters)) for name in self.known
            ):
                if said is not None and not self.overlaps(turn, run):
                    self.known[said.norm] = None
                    yield self.finding(turn, said, said, 0.8, "spelled")
                yield self.spelling(turn, run, "spells a known name")
            elif self.asks_spelling(turn, run):
                yield self.spelling(turn, run, "spelled")

    def spelled_as_word(self, turn: int) -> Iterator[Finding]:
        """A spelling that a recogniser wrote as a word in capitals, right after the name: "Belasker, the LSKR"."""
        tokens = self.conversation[turn].tokens
        for place, token in enumerate(tokens):
            if len(token.text) < 3 or not token.text.isupper() or token.norm in acronyms():
                continue
            spelled = {run.items[-1].last for run in self.conversation[turn].runs if len(run.letters) >= 2}
            near = range(place - 2, max(-1, place - 5), -1)
            before = [other for other in near if other in spelled or self.is_known(tokens[other], turn)]
            if before and any(_within(token.norm, name) for name in self.known):
                first = next(word for word in tokens[before[0] + 1 :] if word.text[0].isalnum())
                yield Finding(
                    turn, first.start, token.end, "PERSON", 0.7, RECOGNIZER, "spells a known name", token.norm
                )

    def asks_spelling(self, turn: int, run: Run) -> bool:
        utterance = self.conversation[turn]
        ahead = utterance.lower[max(0, run.start - 60) : run.start]
        if re.search(r"spell|name|letters|that's ", ahead):
            return True
        for back in range(turn - 1, max(-1, turn - 1 - _REACH), -1):
            if _patterns()["asked"].search(self.conversation[back].lower):
                return True
        return False

    def said_before(self, utterance: Utterance, run: Run) -> Token | None:
        """The word right before a spelling, if it is what is spelled: "Delgado, D-E-L-G-A-D-O"."""
        letters = run.letters.lower()
        before = [token for token in utterance.tokens[: run.items[0].first][-3:] if token.text[0].isalpha()]
        return before[-1] if before and len(letters) > 2 and _near(letters, before[-1].norm) else None

    def spelling(self, turn: int, run: Run, rule: str) -> Finding:
        lead = _SPELLING_LEAD.search(self.conversation[turn].lower[: run.start])
        start = lead.start() if lead else run.start
        return Finding(turn, start, run.end, "PERSON", 0.8, RECOGNIZER, rule, run.letters.lower())

    # --- what a name looks like ---

    def name_at(self, turn: int, place: int, rule: str, score: float, tier: str) -> Iterator[Finding]:
        """The name that begins at or right after a place, if one does. `tier` says how much of a name it must look like."""
        utterance = self.conversation[turn]
        sure = tier in ("sure", "titled") and not utterance.cased
        words: list[Token] = []
        for token in utterance.tokens:
            if token.start < place or (not words and token.norm in ",:-'\""):
                continue
            follows = bool(words) and self.could_follow(token, utterance)
            begins = not words and self.is_ambiguous_name(token, turn, tier)
            if (follows or begins or self.could_be(token, turn, sure=sure)) and len(words) < _MAX_WORDS:
                if words and words[0].text[0].isupper() and not token.text[0].isupper():
                    break
                words.append(token)
            elif not words or token.norm not in _JOINERS or (token.norm == "." and len(words[-1].text) > 1):
                break
        if words and self.looks_right(turn, words, tier):
            yield self.finding(turn, words[0], words[-1], score, rule)

    def looks_right(self, turn: int, words: Sequence[Token], tier: str) -> bool:
        first = words[0]
        if all(len(word.text) == 1 for word in words):
            return False
        if tier == "sure" or first.norm in first_names() or self.is_ambiguous_name(first, turn, tier):
            return True
        if first.norm in surnames() and first.text[0].isupper() and tier == "likely":
            return True
        if tier == "titled":
            return first.text[0].isupper() or first.norm in all_surnames()
        if tier == "likely" and len(words) > 1 and all(word.norm in surnames() for word in words):
            return True
        hints = self.conversation[turn].hints
        seen = any(hint.entity == "PERSON" and hint.touches(first.start, first.end) for hint in hints)
        return seen if tier == "weak" else (first.text[0].isupper() and not self.is_other(turn, words))

    def could_be(self, token: Token, turn: int, *, sure: bool) -> bool:
        """May a token be part of a name? `sure`: also one in lower case that is no well-known name."""
        utterance = self.conversation[turn]
        if not token.text[0].isalpha() or token.norm in not_names() or self.in_run(utterance, token):
            return False
        if any(token.start < end and start < token.end for start, end in (*self.taken[turn], *self.companies[turn])):
            return False
        if token.text[0].isupper():
            acronym = 2 <= len(token.text) <= 4 and token.text.isupper()
            shouted = not any(map(str.islower, utterance.text))
            return token.norm.partition("'")[0] not in not_names() and (shouted or not acronym)
        return (sure and len(token.norm) > 1 and not token.norm.endswith(("ing", "ed"))) or token.norm in first_names()

    def is_ambiguous_name(self, token: Token, turn: int, tier: str) -> bool:
        """Is a common word the first name that it may be too: "this is Will.", "thanks, Grace", "it's bill prentice"?"""
        utterance = self.conversation[turn]
        if token.norm not in likely_names() or len(token.text) < 3 or self.in_run(utterance, token):
            return False
        if any(token.start < end and start < token.end for start, end in (*self.taken[turn], *self.companies[turn])):
            return False
        if utterance.cased:
            ends = _AMBIGUOUS_ENDS if tier == "weak" else _NAME_ENDS
            if tier in ("sure", "likely") and token.norm not in _MONTH_NAMES and token.text[0].isupper():
                return True
            named = ends.match(utterance.lower, token.end) or _NEXT_CAPITAL.match(utterance.text, token.end)
            return token.text[0].isupper() and named is not None
        return tier == "sure" and _AMBIGUOUS_UNCASED.match(utterance.lower, token.end) is not None

    def could_follow(self, token: Token, utterance: Utterance) -> bool:
        """May a token go on a name: an initial, or a surname that is a common word ("Zachary Young")?"""
        if self.in_run(utterance, token):
            return False
        if token.text[0].isupper():
            initial = len(token.text) == 1 and (token.text != "I" or utterance.text[token.end : token.end + 1] == ".")
            return initial or token.norm in surnames()
        return not utterance.cased and token.norm in surnames() and token.norm not in not_names()

    def in_run(self, utterance: Utterance, token: Token) -> bool:
        """Is a word part of a number or a spelling ("Victor" in "V as in Victor")?"""
        return any(
            run.start <= token.start < run.end and (run.items[0].first, run.items[0].last) != (run.items[-1].last,) * 2
            for run in utterance.runs
        )

    def is_place(self, turn: int, token: Token) -> bool:
        """Is a first name a place here ("Charlotte", "Victoria Station"), or a month ("in April")?"""
        utterance = self.conversation[turn]
        if token.norm in _MONTH_NAMES and _MONTH_BEFORE.search(utterance.lower[: token.start]):
            return True
        surname = _NEXT_CAPITAL.match(utterance.text, token.end)
        if (
            surname
            and surname.group().strip().lower() in all_surnames()
            and not _PLACE_ENDS.search(surname.group().lower())
        ):
            return False
        for hint in utterance.hints:
            if hint.entity == "LOCATION" and hint.touches(token.start, token.end):
                rest = utterance.lower[token.end : hint.end].strip()
                if hint.start < token.start or not rest or _PLACE_ENDS.search(rest):
                    return True
        return False

    def is_other(self, turn: int, words: Sequence[Token]) -> bool:
        """Does the model take a name for a place or an organisation? It takes rare names for places too."""
        first, last = words[0], words[-1]
        for hint in self.conversation[turn].hints:
            if hint.entity == "PERSON" or not hint.touches(first.start, first.end):
                continue
            if _NATIONS.search(first.norm):
                return True
            whole = last.end >= hint.end
            if not (whole and _NAME_ENDS.match(self.conversation[turn].lower, last.end)):
                return True
        return False

    def is_known(self, token: Token, turn: int) -> bool:
        norm = token.norm.removesuffix("'s")
        if len(norm) < 3 or self.in_run(self.conversation[turn], token):
            return False
        if any(token.start < end and start < token.end for start, end in self.companies[turn]):
            return False
        if norm in self.known and (norm in not_names() or norm in ambiguous()):
            spoken_to = _VOCATIVE.search(self.conversation[turn].lower[: token.start])
            if not self.conversation[turn].cased:
                return spoken_to is not None
            before = self.conversation[turn].text[: token.start].rstrip()
            inside = norm not in _MONTH_NAMES and bool(before) and before[-1] not in ".!?"
            return token.text[0].isupper() and (spoken_to is not None or inside or self.ends_phrase(turn, token))
        if norm in self.known:
            return token.text[0].isupper() or norm in first_names() or not self.conversation[turn].cased
        if not token.text[0].isupper() or norm in not_names():
            return False
        if self.starts_known(norm):
            return True
        if len(norm) < 4:
            return False
        return any(_near(norm, name) for name in self.known if len(name) > 3)

    def ends_phrase(self, turn: int, token: Token) -> bool:
        """Does nothing but punctuation follow a word? "Alright, Young." is a name, "Young people" is not."""
        return re.match(r"[^\w\s]|\s*$", self.conversation[turn].text[token.end :]) is not None

    def starts_known(self, norm: str) -> bool:
        """Is a word a short form of a known name: "Des" for Desmond?"""
        return any(name.startswith(norm) and len(name) >= len(norm) + 2 for name in self.known)

    def name_words(self, finding: Finding) -> list[str]:
        words = [word.strip(".'") for word in finding.value.split()]
        family = words[-1] if len(words) > 1 and words[-1] in surnames() else ""  # "Young", after a first name
        told = finding.rule != "model"
        return [
            word
            for word in words
            if len(word) > 2 and (word not in not_names() or word == family or (told and word in likely_names()))
        ]

    def finding(
        self, turn: int, first: Token, last: Token, score: float, rule: str, recognizer: str = RECOGNIZER
    ) -> Finding:
        utterance = self.conversation[turn]
        end = last.end - 2 if last.norm.endswith("'s") else last.end
        title = _TITLE.search(utterance.lower[max(0, first.start - 12) : first.start])
        titled = title is not None and len(title.group()) <= end - first.start + 2
        start = first.start - len(title.group()) if title is not None and titled else first.start
        return Finding(turn, start, end, "PERSON", score, recognizer, rule, utterance.lower[first.start : end])

    def overlaps(self, turn: int, run: Run) -> bool:
        return any(run.start < end and start < run.end for start, end in self.taken[turn])


def _within(letters: str, name: str) -> bool:
    """Are letters those of a name in their order, some left out, one misheard?"""
    shared = SequenceMatcher(None, letters, name, autojunk=False).get_matching_blocks()
    return len(name) > len(letters) and sum(block.size for block in shared) >= len(letters) - 1 >= 2


def _near(one: str, other: str) -> bool:
    """Equal, or one letter apart (inserted, left out, changed or swapped); long names two or so."""
    if one == other:
        return True
    if min(len(one), len(other)) >= _LONG_NAME and one[:2] == other[:2]:
        return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < 4 or one[0] != other[0]:
        return False
    short, long = sorted((one, other), key=len)
    place = next((index for index, char in enumerate(short) if char != long[index]), len(short))
    if len(short) == len(long):
        swapped = short[place + 1 : place + 2] + short[place : place + 1] + short[place + 2 :]
        return short[place + 1 :] == long[place + 1 :] or swapped == long[place:]
    return short[place:] == long[place + 1 :]
