"""Passwords and the answers to security questions: words that are secret only because of what was asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from callkit.text.found import Finding, Utterance, same_side, words_pattern

RECOGNIZER = "callkit:secret"

#: A password is named, and "is" or a colon leads to it.
_NAMED = re.compile(
    r"(?<!\w)(?:pass ?word|pass ?phrase|security (?:word|answer|phrase)|secret (?:word|answer|phrase)|memorable (?:word|information)|verbal (?:password|passcode)|safe ?word|answer)"
    r"(?: (?:on|for) (?:the|my|this) account)?(?:,? i (?:think|believe),?)?(?: (?:is set to|is|was|would be|should be|might be|used to be)|:|'s)[\s,:]*(?:um|uh|like|all one word|spelled)?[\s,]*"
)
#: The password comes first: "bluebird is my password".
_NAMED_AFTER = re.compile(r",? (?:is|as|for|was) (?:my|the|our) (?:\w+ )?pass ?(?:word|phrase)(?!\w)")
_ASKED = words_pattern(
    [
        "(?:your|the|account|verbal|current|security|a) (?:\\w+ )?(?:pass ?word|pass ?phrase)",
        "(?:security|secret|memorable) (?:word|answer|phrase|question)\\w*",
        "(?:mother's|mothers|mom's) maiden name",
        "maiden name",
        "(?:name of )?your (?:first|favou?rite|childhood|oldest|best) (?:pet|dog|cat|teacher|car|school|friend|concert|movie|color|colour|book|food|street|job|sports? team|animal|holiday|vacation)\\w*",
        "name of your (?:\\w+ )?(?:pet|dog|cat|school|teacher|elementary school|high school|street)",
        "(?:city|town|hospital) (?:were you|you were|where you were|did you|your parents|you) \\w*(?: \\w+)?",
        "street (?:did you|you) gr[eo]w up",
        "(?:school|high school|elementary school|college) did you (?:attend|go)",
        "pet's name",
    ]
)
_LEAD = re.compile(
    r"(?:\W|yes|yeah|sure|ok|okay|um|uh|it's|it is|that's|that would be|that'd be|it was|is|was|the|my|our|answer|password|so|well|oh|i think|i believe|should be|name|her name|his name|maiden|mother's|first|pet|dog|cat|school|street|called|named|right|let me think|hmm|of course|all one word)*(?<!\w)"
)
_STOP = re.compile(
    r"(?<!\bst)(?<!\bdr)(?<!\bmr)(?<!\bms)(?<!\bmrs)(?<!\bmt)[.?!](?:\s|$)|,? (?:but|it|and it|and then|i think|is that|does that|if|because|please|thanks|can you|could you|right\?|ok\?)\b"
)
_NOT_AN_ANSWER = words_pattern(
    [
        "i have",
        "i've",
        "i got",
        "i'll",
        "let me",
        "i am",
        "i'm",
        "i need",
        "i want",
        "i was",
        "already",
        "don't",
        "can't",
        "cannot",
        "forgot",
        "forget",
        "reset",
        "not",
        "no",
        "wrong",
        "never",
        "remember",
        "what",
        "why",
        "which",
        "how",
        "work\\w*",
        "expired",
        "incorrect",
        "change\\w*",
        "secure",
        "safe",
        "required",
        "needed",
    ]
)


class SecretFinder:
    """Finds passwords and security answers."""

    def __init__(self, conversation: Sequence[Utterance]) -> None:
        self.conversation = conversation

    def find(self) -> Iterator[Finding]:
        for turn, utterance in enumerate(self.conversation):
            found = False
            for match in _NAMED.finditer(utterance.lower):
                for finding in self.answer(turn, match.end(), "named", 8):
                    found = True
                    yield finding
            if not found and turn and self.asked(turn):
                lead = _LEAD.match(utterance.lower)
                yield from self.answer(turn, lead.end() if lead else 0, "security question", 9)
            for match in _NAMED_AFTER.finditer(utterance.lower):
                start = max((stop.end() for stop in _STOP.finditer(utterance.lower, 0, match.start())), default=0)
                lead = _LEAD.match(utterance.lower, start)
                yield from self.answer(turn, lead.end() if lead else start, "named", 5, match.start())

    def asked(self, turn: int) -> bool:
        back = turn - 1
        while back > 0 and turn - back < 4 and self.conversation[back].word_count <= 3:
            back -= 1  # "um", "one second", "sure"
        question = self.conversation[back]
        if same_side(question, self.conversation[turn]):
            return False
        match = list(_ASKED.finditer(question.lower))
        return bool(match) and (
            question.word_count <= 8
            or "?" in question.text[match[-1].start() :]
            or re.search(r"what|tell me|give me|have|need|provide|confirm|verify", question.lower) is not None
        )

    def answer(self, turn: int, start: int, rule: str, most_words: int, end: int | None = None) -> Iterator[Finding]:
        """The words from a place to where the sentence, or what is given of it, ends; none if they say something else."""
        utterance = self.conversation[turn]
        end = len(utterance.text) if end is None else end
        stop = _STOP.search(utterance.lower, start, end)
        end = stop.start() if stop else end
        words = [
            token for token in utterance.tokens if start <= token.start and token.end <= end and token.text[0].isalnum()
        ]
        if not words or len(words) > most_words * 2 or _NOT_AN_ANSWER.search(utterance.lower[words[0].start : end]):
            return
        last = utterance.tokens[[token.start for token in utterance.tokens].index(words[-1].start)]
        value = utterance.lower[words[0].start : last.end]
        yield Finding(turn, words[0].start, last.end, "PASSWORD", 0.8, RECOGNIZER, rule, value)
