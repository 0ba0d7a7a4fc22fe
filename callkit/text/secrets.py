"""Passwords and the answers to security questions: words that are secret only because of what was asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from callkit.text.found import Finding, Utterance, same_side, words_pattern

RECOGNIZER = "callkit:secret"

#: A password is named, and "is" or a colon leads to it.
_NAMED = re.compile(
    r"(?<!\w)(?:pass ?word|pass ?phrase|security (?:word|answer|phrase)|secret (?:word|answer|phrase)|memorable (?:word|information)|verbal (?:password|passcode)|safe ?word|code ?word|key ?word|magic word|challenge (?:word|phrase|answer)|answer)"
    r"(?: (?:on|for) (?:the|my|this) account)?(?:,? i (?:think|believe),?)?(?: (?:is set to|is|was|would be|should be|might be|used to be|as|to|set to)|,? (?:which|that) (?:is|was)|,? (?:and )?(?:it's|it is|it was|that's)|:|'s)[\s,:]*(?:um|uh|like|all one word|spelled)?[\s,]*"
)
#: The password comes first: "bluebird is my password".
_NAMED_AFTER = re.compile(
    r",? (?:is|as|was|that's|that is|that was) (?:my|the|our) (?:\w+ )?pass ?(?:word|phrase)(?!\w)"
)
#: A name to log in with, which is an account of somebody.
_LOGIN = re.compile(
    r"(?<!\w)(?:user ?name|user id|login(?: name| id)?|screen name|handle)(?: (?:on|for) (?:the|my|this) account)?(?: (?:you've got|you have|i have|i see|we have|on file))?(?: (?:is|was)|:|'s)[\s,:]*"
)
_LOGIN_ASKED = words_pattern(
    ["(?:what(?:'s| is| was)|which|your|the) (?:\\w+ )?(?:user ?name|user id|login name|login id|screen name)"]
)
#: What leads to it then: "I tried logging in with bluebird as my password".
_USED = words_pattern(
    ["with", "using", "used", "is", "was", "put", "enter(?:ed)?", "typed", "tried", "have", "had", "set"]
)
_ASKED = words_pattern(
    [
        "pass ?word",
        "pass ?phrase",
        "(?:security|secret|memorable|verbal) (?:word|answer|phrase|question|name|place|information|date)\\w*",
        "(?:safe|code|key|magic|watch|challenge|pass) ?(?:word|phrase)",
        "challenge (?:question|answer)",
        "word (?:on|for) (?:the|your|this) account",
        "maiden name",
        "(?:mother|father|grandmother|grandfather|spouse|brother|sister|sibling|cousin|parent)s?'?s? (?:oldest |eldest |youngest )?(?:middle|maiden|first|birth|family|nick) ?names?(?: before)?",
        "(?:first|favou?rite|childhood|oldest|best|dream|imaginary|closest|maid of honou?r|best man)(?: \\w+)? (?:pet|dog|cat|teacher|car|school|friend|concert|movie|film|colou?r|book|author|food|dish|street|job|boss|employer|sports? team|football team|team|animal|holiday|vacation|band|singer|artist|song|kiss|phone|nickname|hero|superhero|character|place|hobby|sport|flower|restaurant|subject|roommate)\\w*",
        "name of your (?:\\w+ )?(?:pet|dog|cat|school|teacher|elementary school|high school|street)",
        "(?:city|town|hospital|village|country|place) (?:were|was|did|do|where) (?:you|your \\w+)(?: and your \\w+)? ?\\w*(?: \\w+)?",
        "where (?:were you born|did you (?:grow up|go to|meet|get married|spend|study|attend|honeymoon))",
        "where (?:did|were) your (?:parents|mother|father|grandparents)",
        "(?:city|town|place) of birth",
        "street (?:did )?you (?:gr[eo]w up|lived?)",
        "school (?:mascot|nickname|team)",
        "(?:school|university|college) did you (?:attend|go)",
        "pet'?s name",
        "childhood nickname",
    ]
)
#: What asks about a password itself, and not for it.
_ABOUT = words_pattern(
    [
        "reset\\w*",
        "chang(?:e|ed|ing)",
        "forg[eo]t\\w*",
        "new password",
        "updat(?:e|ed|ing)",
        "creat(?:e|ed|ing)",
        "cho(?:ose|sen)",
        "do you (?:want|remember)",
        "would you like",
        "have you tried",
        "must be",
        "has to be",
        "should be",
        "link",
        "don't (?:tell|give|share)",
        "never (?:tell|give|share)",
    ]
)
#: A question of so few words that names a password asks for it.
_SHORT_QUESTION = 5
_NEEDED = re.compile(
    r"\b(?:need|confirm|verify|provide|get|have|take|say|spell) (?:me )?(?:your|the|a|that|his|her) (?:\w+ ){0,3}pass"
)
#: "What's the temporary one we sent?"
_ONE = words_pattern(
    ["(?:what|which|tell|give|try|read|confirm).* (?:temporary|old|new|current|other|previous|last) one"]
)
_GIVE = words_pattern(
    [
        "what(?:'s| is| was| did| should| would| will)",
        "(?:what|which) (?:\\w+ )?pass ?(?:word|phrase)",
        "tell me",
        "give me",
        "can you (?:say|spell|confirm)",
        "do you (?:remember|have|know|recall)",
        "remember",
        "recall",
    ]
)
_ARTICLE = re.compile(r"(?<!\w)(?:the|my|an?) $")
_LEAD = re.compile(
    r"(?:\W|i set it (?:as|to)|i made it|i put|yes|yeah|sure|ok|okay|um|uh|it's|it is|that's|that would be|that'd be|it was|is|was|the|my|our|answer|password|so|well|oh|i think|i believe|should be|name|her name|his name|maiden|mother's|first|pet|dog|cat|school|street|called|named|right|let me think|hmm|of course|all one word|yep|yup|nope|mhm|exactly|thanks|thank you)*(?<!\w)"
)
_STOP = re.compile(
    r",? (?:all|no|with(?:out)?|in|and that's) (?:lower ?case|lower|caps|upper ?case|capitals?|capital letters|one word|spaces?)\b|(?<!\bst)(?<!\bdr)(?<!\bmr)(?<!\bms)(?<!\bmrs)(?<!\bmt)[.?!](?:\s|$)|,? (?:but|it|and it|and then|i think|is that|does that|if|because|please|thanks|can you|could you|right\?|ok\?)\b"
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
        "go ahead",
        "hold on",
        "one (?:moment|second|sec|minute)",
        "i do",
        "i did",
        "i think so",
        "agree",
        "asking",
        "you",
        "please",
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
                bare = match.group().startswith("answer")
                if bare and (" to" in match.group() or not self.secretly(turn)):
                    continue
                for finding in self.answer(turn, match.end(), "named", 8):
                    found = True
                    yield finding
            if not found and turn and not utterance.placeholders and self.asked(turn):
                lead = _LEAD.match(utterance.lower)
                article = _ARTICLE.search(utterance.lower, 0, lead.end()) if lead else None
                start = article.start() if article else (lead.end() if lead else 0)
                yield from self.answer(turn, start, "security question", 9)
            yield from self.login(turn)
            for match in _NAMED_AFTER.finditer(utterance.lower):
                start = max((stop.end() for stop in _STOP.finditer(utterance.lower, 0, match.start())), default=0)
                start = max(
                    (used.end() for used in _USED.finditer(utterance.lower, start, match.start())), default=start
                )
                lead = _LEAD.match(utterance.lower, start)
                yield from self.answer(turn, lead.end() if lead else start, "named", 5, match.start())

    def secretly(self, turn: int) -> bool:
        """Is a security question about, so that "the answer" is one to it?"""
        return any(_ASKED.search(utterance.lower) for utterance in self.conversation[max(0, turn - 2) : turn + 1])

    def login(self, turn: int) -> Iterator[Finding]:
        """The name somebody logs in with."""
        utterance = self.conversation[turn]
        starts = [match.end() for match in _LOGIN.finditer(utterance.lower)]
        before = self.conversation[turn - 1] if turn else utterance
        if not starts and turn and not same_side(before, utterance) and _LOGIN_ASKED.search(before.lower):
            lead = _LEAD.match(utterance.lower)
            starts = [lead.end() if lead else 0]
        for start in starts:
            yield from (replace(found, entity="ACCOUNT") for found in self.answer(turn, start, "login name", 6))

    def asked(self, turn: int) -> bool:
        back = turn - 1
        while back > 0 and turn - back < 4 and self.conversation[back].word_count <= 3:
            back -= 1  # "um", "one second", "sure"
        question = self.conversation[back]
        if same_side(question, self.conversation[turn]):
            return False
        match = list(_ASKED.finditer(question.lower))
        last = question.lower[match[-1].start() :] if match else ""
        if last.startswith("pass") and not _GIVE.search(question.lower):
            wanted = question.word_count <= _SHORT_QUESTION or "?" in last or _NEEDED.search(question.lower)
            return bool(wanted) and not _ABOUT.search(question.lower)
        if not match and _ONE.search(question.lower):
            before = self.conversation[max(0, back - 2) : back]
            return any("password" in utterance.lower for utterance in before)
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
