"""Postal addresses: a house number with its street, and what is said with it; a city by itself is no address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from callkit.text.found import Finding, Utterance, same_side, words_pattern
from callkit.text.namelists import not_names
from callkit.text.spoken import Run

RECOGNIZER = "callkit:address"
_REACH = 4
_SUFFIX = r"(?:street|str|st|avenue|ave|av|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|way|circle|cir|terrace|ter|parkway|pkwy|highway|hwy|square|sq|crescent|close|grove|row|hill|walk|mews|trail|trl|loop|alley|path|pike|plaza|gardens|heights|ridge|route|turnpike|run|point|crossing|bend|cove|broadway|quay|wharf|rue|calle|avenida|villas|esplanade|croft|wynd|brae)"
#: Kinds of street that are common words besides: only where an address was asked for.
_RARE_SUFFIX = r"(?:view|rise|brow|green|gate|parade|hollow|trace|vale|mount|cross|main|house|block|meadows?|fields?|end|chase|park|hall|station|yard|cottages?|bank|side|gardens?|forge)"
_STATES = "alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|hawaii|idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|minnesota|mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey|new mexico|new york|north carolina|north dakota|ohio|oklahoma|oregon|pennsylvania|rhode island|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|washington|west virginia|wisconsin|wyoming"
_STATE_CODES = "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC"
_STREET = re.compile(
    r"\W{0,2}(?:[a-h] (?=[a-z]{3}))?(?:(?!(?:dollars|minutes|days|is|are|the|and|or|to|at|in|my|on|with|for|from|by|of|a|an|per|more|other|long|short)\b)[^\W\d_]+(?:['’]s?)?\.?[ -]+|\d+(?:st|nd|rd|th) |[nsew]\.? ){1,4}?(?:"
    + _SUFFIX
    + r")\b\.?"
)
_RARE_STREET = re.compile(r"\W{0,2}(?:[a-h] )?(?:[^\W\d_]{3,}[ -]+){1,3}?" + _RARE_SUFFIX + r"\b")
#: "2209 West Alder, apartment 14C": a street without its kind.
_DIRECTED = re.compile(r" (?:North|South|East|West|N|S|E|W)\.? [A-Z][a-z]+(?=[,.?]|$)")
#: Suffixes that are common words too: in a text with capitals the street must have one.
_COMMON_SUFFIX = re.compile(
    r"(?:drive|court|place|way|square|close|row|hill|walk|trail|loop|path|point|run|cross|crossing|bend|cove|ridge|route|pass|plaza)\.?$"
)
_SUFFIX_TOO = re.compile(r" (?:" + _SUFFIX + r")\b\.?")
_DIRECTION = re.compile(
    r",? (?:northwest|northeast|southwest|southeast|north|south|east|west|n\.?w|n\.?e|s\.?w|s\.?e)\b\.?"
)
_ORDINAL_STREET = re.compile(
    r"\W{0,2}(?:(?:north|south|east|west|n|s|e|w)\.? )?(?:\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b(?: (?:street|st|avenue|ave|road))?"
)
_UNIT = re.compile(
    r"(?:apartment|apt|unit|suite|ste|flat|floor|building|bldg|lot|box|number|#)\b\.?(?: ?#| number)? ?|#", re.I
)
#: "Flat 3, " before the number of the house.
_UNIT_AHEAD = re.compile(
    r"(?<!\w)(?:apartment|apt|unit|suite|flat|floor|room)\b\.? ?(?:number )?#?(?:\d+\w?|[a-z]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)?,? ?(?:at )?$",
    re.I,
)
#: "Rose Cottage, " before it.
_HOUSE_AHEAD = re.compile(
    r"(?<!\w)(?:[A-Z][\w'’-]+ ){1,3}(?:Cottage|House|Farm|Lodge|Villa|Hall|Manor|Grange|Barn|Mansions|Towers|Mill|Court|Apartments), $"
)
_CORNER = re.compile(
    r"the corner of (?:(?!and\b)[\w.'’-]+ ){1,4}(?:and|&) (?:\d+(?:st|nd|rd|th)|[A-Z][\w'’-]+|[a-z]+)(?: (?:"
    + _SUFFIX
    + r")\b)?",
    re.I,
)
_REGION = re.compile(
    r"(?:"
    + _STATES
    + r")\b|(?-i:"
    + _STATE_CODES
    + r")\b|(?:usa|u\.s\.a?\.?|united states(?: of america)?|uk|united kingdom|england|scotland|wales|ireland|canada|australia)\b",
    re.I,
)
_GAP = re.compile(
    r"[\s,.;]*(?:(?:and|in|it's|that's|zip|zip code|zip is|zip code is|postcode|postal code|postcode is) )*[\s,]*"
)
_TOWN = re.compile(r"[^\W\d_a-z][\w'’-]+\.?(?: (?:[^\W\d_a-z][\w'’-]+|de|del|la|of|upon|on)\b\.?){0,3}")
_TOWN_BEGINS = frozenset(
    {"los", "las", "la", "el", "san", "new", "north", "south", "east", "west", "great", "little", "high", "big"}
)
_TOWN_UNCASED = re.compile(r"(?:[a-z]{3,} ?){1,2}(?=$|\W*$)")
#: Postcodes of the United States, the United Kingdom and Canada.
_POSTCODE = re.compile(r"\d{5,6}|\d{9}|[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}|[A-Z]\d[A-Z]\d[A-Z]\d")
#: The first half of a British postcode, as it is said after a town.
_OUTWARD = re.compile(r"[A-Z]{1,2}\d{1,2}[A-Z]?")
_TOWN_BEFORE = re.compile(r"(?:(?!(?:and|is|my|for|the|to|at)\b)[^\W\d_][^\W\d_.'’-]{2,},? ){1,3}", re.I)
_CITY_STATE = re.compile(r"(?:[^\W\d_]+[ ,.]+){1,3}?(?:" + _STATES + r")\b", re.I)
#: Streets whose kind comes first: "8 Rue des Érables", "12 Calle Mayor".
_KINDS_FIRST = r"(?:rue|avenue|boulevard|chemin|impasse|quai|calle|carrera|avenida|camino|paseo|rua|travessa|praça|via|viale|piazza|corso|ulica|ul\.|c/)"
_STREET_FIRST = re.compile(
    r",? (?:bis |ter )?"
    + _KINDS_FIRST
    + r" (?:(?:de|des|du|la|le|les|del|della|do|da|dos|das|al|el|l')[ ]?)*(?-i:[A-ZÀ-Þ])[\w'’-]*(?: (?:de|du|des|la|del)? ?(?-i:[A-ZÀ-Þ])[\w'’-]*)*",
    re.I,
)
#: Streets followed by their number, as in much of Europe: "Villacher Strasse 89", "Calle Mayor 12", "Wesselényi u. 94."
_NUMBER_LAST = re.compile(
    r"(?<!\w)(?:\d{4,5} )?(?:(?:[^\W\d_][\w.'’-]*[ ]){0,3}?(?:[^\W\d_]{2,}(?:stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|straat|laan|gracht|plein|vej|veien|vegen|vägen|gatan|gata|gaten|gade|katu)|stra(?:ß|ss)e|utca|út|tér|körút|u\.|terrasse)"
    r"|(?<!\w)"
    + _KINDS_FIRST
    + r"(?: (?:de|des|du|la|le|del|della|do|da|dos|das))*(?: (?-i:[A-ZÀ-Þ])[\w'’-]*){1,4}) \d{1,4}[a-z]?\b\.?",
    re.I,
)
#: A street without its kind, where an address was asked for: "three one five north elm".
_PLAIN_STREET = re.compile(r" (?:north|south|east|west) (?!of\b)[^\W\d_]{3,}(?=\W|$)")
_INTERNATIONAL = re.compile(r" (?:[^\W\d_a-z][\w'’.-]*[ ]){1,4}\d{1,4}\b(?![%:.]\d)")
_MILITARY = re.compile(
    r"\b(?:PSC|USS|USNS|USNV|USCGC|Unit|CMR) [\w -]{2,20}(?:,? Box \d+)?[\s,]*(?:[AFD]PO),? A[AEP] \d{5}"
)
_CONTINUES = re.compile(
    r"(?:\W|and|then|uh|um|yes|it's|that's|in|the|city|state|zip|code|is|okay|alright|sure|so|apartment number|postcode|oh)*(?<!\w)"
)
_POSTCODE_WRITTEN = re.compile(r"\b(?:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]\d[A-Z][ -]?\d[A-Z]\d)\b")
#: What an address may be made of before its postcode, in a text with capitals.
_BEFORE_POSTCODE = re.compile(
    r"(?:(?:flat|apartment|apt|unit|suite)\b\.? ?\w{1,4}[, ]+|\d{1,5}[a-z]?[, ]+|(?-i:[A-Z])[\w'’-]*[, ]+|(?:upon|on|of|the|le)[ -])+$",
    re.I,
)
_ROUTE = re.compile(r"\b(?:county|state|rural|farm|ranch|township) (?:road|route|highway|rd) (?:number )?")
_PO_BOX = re.compile(r"\b(?:p\.? ?o\.?|post office) box (?:number )?", re.I)
_ZIP_AFTER_STATE = re.compile(
    r"(?:(?:"
    + _STATES
    + r")|(?-i:(?!ID|IN|OK|OR|ME|HI)(?:"
    + _STATE_CODES
    + r"))|,\s*(?-i:"
    + _STATE_CODES
    + r"))\W{1,2}$",
    re.I,
)
_ASKED = words_pattern(
    [
        "(?<!mail )(?<!email )(?<!ip )(?<!web )(?:street |home |billing |shipping |mailing |delivery |service |current |new |full |postal |property |residential )*address",
        "where (?:do you|are you) liv\\w*",
        "live (?:at|on)",
        "living at",
        "reside at",
        "located at",
        "moved? to",
        "ship (?:it|that|this)? ?to",
        "deliver(?:ed)? (?:it |that |this )?to",
        "sent? (?:it |that |this )?to",
    ]
)
_LIVES = re.compile(
    r"\b(?:live|lives|living|home|house|address|located|staying|offices?) (?:is |are )?(?:located )?(?:at|on|is) $"
)
_STREET_ASKED = words_pattern(
    [
        "(?:what|which|and|on|what's|what is|is) (?:the |your |is the |is your )?street(?: name)?",
        "name of (?:the|your) street",
        "street(?: name)?\\?",
    ]
)
_STREET_ANSWER = re.compile(r"[^\W\d_][\w'’-]+(?: [^\W\d_][\w'’-]+){0,3}(?=[.,]?\s*$)")
_NAMED_STREET = re.compile(r"(?<![^\W_])[^\W\d_]{3,} (?:" + _SUFFIX + r")\b")
_CITY_ASKED = words_pattern(
    [
        "(?:city|town|state|suburb) and (?:the )?(?:state|zip|post ?code|postal code|county)",
        "(?:what|which|and the|and) (?:city|town|suburb)",
    ]
)


#: An answer that is an address has no more words than this.
_LONGEST_ANSWER = 24
_ADDRESS_ASKED = words_pattern(
    [
        "(?<!mail )(?<!email )(?<!ip )(?<!web )(?<!mac )address(?! (?:bar|book))",
        "first line",
        "(?:still|you) (?:at|live|living)(?! work| home)",
        "where (?:do|are|is|was|'s|should|shall|can|will) (?:you|we|it|i|he|she|they|the \\w+|this|that)(?: \\w+)? (?:liv\\w*|send\\w*|deliver\\w*|going|ship\\w*|located|now|house|flat|property)",
        "where(?:'s| is) the (?:house|flat|property|apartment|job|delivery)",
        "(?:the|what) (?:property|loss location|service location)",
        "house number",
    ]
)
_UNIT_BEGINS = re.compile(r"(?<!\w)(?:flat|apartment|apt|unit|suite)\b\.? (?:number )?\w")
#: "Flat 402, Sai Krupa Apartments, 3rd Cross, ...", "Building 4410, Room 212, Fort Liberty"
_UNIT_LIST = re.compile(
    r"(?<!\w)(?:Flat|flat|Apartment|apartment|Unit|unit|Building|building|Room|Plot|Door)(?: [Nn]umber| No\.?)? \w{1,5}(?:, (?:(?:Room|Floor) \d+|(?:\d+\w{0,2} )?[A-Z][\w'’-]*(?: [A-Z\d][\w'’-]*){0,3}))+(?:,? \d{5,6}(?!\d))?"
)
#: "Cluain Mhuire, Knocknacarra Road": a house that has a name.
_HOUSE_AND_STREET = re.compile(
    r"[^\W\d_a-z][\w'’-]*(?: (?:[^\W\d_a-z][\w'’-]*|y|of|on|the|upon|de|la)){0,3}(?:, [^\W\d_a-z][\w'’-]*(?: (?:[^\W\d_a-z][\w'’-]*|y|of|on|the|upon|de|la)){0,3})+"
)
#: What is said after an address.
_ANSWER_STOPS = re.compile(
    r"[?!]|\.(?= (?:and |but |it|i\b|i'|that|they|we|is|do|can|you|my|the|he|she|there|so|thanks|after|are))|,? (?:and (?:i|my|it|that|the|we|you)|but|because|since|i've|i'm|i|we|is that|do you|thanks|thank you|please|yeah|yes|right|just|near|next to|opposite|it's|that's|so they|off|near)\b"
)
_COUNTED = re.compile(
    r"[ -](?:minutes?|days?|weeks?|months?|years?|dollars?|pounds?|of|times?|people|percent|miles?|o'clock|am|pm)\b"
)


class AddressFinder:
    """Finds postal addresses. `taken` are stretches that are something else: dates, times, e-mail addresses."""

    def __init__(self, conversation: Sequence[Utterance], taken: Sequence[Sequence[tuple[int, int]]]) -> None:
        self.conversation = conversation
        self.taken = taken
        self.streets: set[str] = set()

    def find(self) -> Iterator[Finding]:
        last_found = -100
        for turn, utterance in enumerate(self.conversation):
            parts = (*self.in_turn(turn, utterance), *self.whole_answer(turn, utterance), *self.units(turn, utterance))
            found = joined(list(parts), utterance)
            if not found:
                found = list(self.street_asked(turn, utterance))
            if not found and turn - last_found <= 4:
                found = list(self.continued(turn, utterance))
            if found:
                last_found = turn
            yield from found
            for finding in found:
                self.streets.update(match.group().strip(" ,") for match in _NAMED_STREET.finditer(finding.value))
        yield from self.again()

    def again(self) -> Iterator[Finding]:
        """A street of an address, said again without its number."""
        for turn, utterance in enumerate(self.conversation):
            for street in self.streets:
                start = utterance.lower.find(street)
                if start >= 0:
                    yield self.finding(turn, start, start + len(street), 0.7, "street said again")

    def in_turn(self, turn: int, utterance: Utterance) -> Iterator[Finding]:
        reached = 0
        for whole in utterance.runs:
            run = _house_number(whole, utterance)
            if run.start < reached or any(run.start < end and start < run.end for start, end in self.taken[turn]):
                continue
            end, rule, score = self.street(turn, run)
            if end:
                end = self.extended(utterance, end)
                ahead = max(0, run.start - 30), run.start
                unit = _UNIT_AHEAD.search(utterance.text, *ahead) or _HOUSE_AHEAD.search(utterance.text, *ahead)
                yield self.finding(turn, unit.start() if unit else run.start, end, score, rule)
                reached = end
            elif len(run.digits) in (5, 9) and _ZIP_AFTER_STATE.search(utterance.text[: run.start]):
                start = self.city_start(utterance, run.start)
                yield self.finding(turn, start, run.end, 0.75, "state and zip code")
        for match in _NUMBER_LAST.finditer(utterance.text):
            if match.start() >= reached and any(map(str.isupper, match.group())):
                yield self.finding(
                    turn, match.start(), self.extended(utterance, match.end()), 0.75, "street and number"
                )
        for pattern, rule in ((_POSTCODE_WRITTEN, "postcode"), (_MILITARY, "military address")):
            for match in pattern.finditer(utterance.text):
                if match.start() >= reached:
                    start = match.start()
                    if rule == "postcode":
                        start = self.start_before(utterance, max(start - 100, reached), start)
                    yield self.finding(turn, start, match.end(), 0.85, rule)
        for match in _ROUTE.finditer(utterance.lower):
            number = next((run for run in utterance.runs if run.start == match.end()), None)
            if number is not None and (self.asked(turn, number) or number.start != match.end()):
                yield self.finding(turn, match.start(), self.extended(utterance, number.end), 0.75, "numbered road")
        for match in _CORNER.finditer(utterance.text):
            if _LIVES.search(utterance.lower[: match.start()]):
                yield self.finding(turn, match.start(), self.extended(utterance, match.end()), 0.7, "corner of streets")
        for match in _PO_BOX.finditer(utterance.text):
            box = next((run for run in utterance.runs if 0 <= run.start - match.end() <= 2), None)
            if box is not None:
                yield self.finding(turn, match.start(), self.extended(utterance, box.end), 0.85, "post office box")

    def whole_answer(self, turn: int, utterance: Utterance) -> Iterator[Finding]:
        """All of an answer to "what's the address?", from its first number to where something else is said."""
        question = self.conversation[turn - 1] if turn else None
        if question is None or same_side(question, utterance) or utterance.word_count > _LONGEST_ANSWER:
            return
        town = _CITY_ASKED.search(question.lower)
        if not town and not _ADDRESS_ASKED.search(question.lower):
            return
        unit = _UNIT_BEGINS.search(utterance.lower)
        if utterance.cased and not unit and not town:
            named = _HOUSE_AND_STREET.match(utterance.text, _lead_end(utterance))
            if named:
                yield self.finding(turn, named.start(), self.extended(utterance, named.end()), 0.7, "address asked for")
        firsts = [*([unit.start()] if unit else []), *(run.start for run in utterance.runs[:1])]
        if not firsts:
            return
        start = min(firsts)
        if town:
            lead = _CONTINUES.match(utterance.lower)
            start = lead.end() if lead else start
        stop = _ANSWER_STOPS.search(utterance.lower, start)
        end = stop.start() if stop else len(utterance.text.rstrip(" .?!"))
        numbers = [(run.start, run.end) for run in utterance.runs]
        words = [
            token
            for token in utterance.tokens
            if start <= token.start < end and len(token.norm) > 2 and token.norm.isalpha()
            if not any(first <= token.start < last for first, last in numbers)
        ]
        number = utterance.runs[0].end if utterance.runs else start
        if words and any(run.start < end for run in utterance.runs) and not _COUNTED.match(utterance.lower, number):
            number_of = re.search(r"(?<!\w)(?:number|no\.?) $", utterance.lower[:start])
            start = number_of.start() if number_of else start
            yield self.finding(turn, start, end, 0.75, "address asked for")

    def street(self, turn: int, run: Run) -> tuple[int, str, float]:
        """Where the street after a house number ends, 0 if none follows; by its suffix, or by having been asked for."""
        utterance = self.conversation[turn]
        digits = [item.value for item in run.items if item.kind != "letter"]
        written = all(item.kind == "written" and len(item.value) <= 5 for item in run.items)
        if not digits or (len(run.digits) > 6 and not (written and len(digits) <= 2)):
            return 0, "", 0.0
        asked = self.asked(turn, run)
        for pattern in (_STREET, _ORDINAL_STREET):
            match = pattern.match(utterance.lower, run.end)
            said = utterance.text[run.end : match.end()] if match else ""
            named = not utterance.cased or not _COMMON_SUFFIX.search(said.lower()) or any(map(str.isupper, said))
            if match and named and (pattern is _STREET or asked):
                further = _SUFFIX_TOO.match(utterance.lower, match.end()) or match
                further = _DIRECTION.match(utterance.lower, further.end()) or further
                return further.end(), "number and street", 0.85
        match = _DIRECTED.match(utterance.text, run.end)
        if match is None and asked:
            match = _RARE_STREET.match(utterance.lower, run.end)
        if match:
            return match.end(), "number and street", 0.75
        match = _STREET_FIRST.match(utterance.text, run.end)
        if match:
            return match.end(), "number and street", 0.8
        match = _PLAIN_STREET.match(utterance.lower, run.end) if asked else None
        if match:
            return match.end(), "asked for", 0.7
        match = _INTERNATIONAL.match(utterance.text, run.end)
        if match:
            return match.end(), "number, street, number", 0.7
        town = _TOWN.match(utterance.text, run.end + 1) if asked else None
        if town and utterance.text[run.end : run.end + 1] == " ":
            return town.end(), "asked for", 0.7
        return 0, "", 0.0

    def asked(self, turn: int, run: Run) -> bool:
        utterance = self.conversation[turn]
        if _ASKED.search(utterance.lower[: run.start]):
            return True
        for back in range(turn - 1, max(-1, turn - 1 - _REACH), -1):
            other = self.conversation[back]
            if not same_side(other, utterance) and _ASKED.search(other.lower):
                return True
            if other.word_count > 6 and not same_side(other, utterance):
                return False
        return False

    def extended(self, utterance: Utterance, end: int) -> int:
        """The end of an address with its apartment, city, state and postcode."""
        text, first = utterance.text, True
        while True:
            gap = _GAP.match(utterance.lower, end)
            place = gap.end() if gap else end
            apart = first or "," in text[end:place] or "\n" in text[end:place] or text[end - 1] == "."
            further = self.part_end(utterance, place, apart)
            if further is None:
                return end
            end, first = further, False

    def part_end(self, utterance: Utterance, place: int, after_comma: bool) -> int | None:
        """The end of one more part of an address that begins at a place, None if none does."""
        text = utterance.text
        unit = _UNIT.match(text, place)
        if unit:
            run = next((run for run in utterance.runs if run.start - 1 <= unit.end() <= run.start), None)
            if run is not None and len(run.value) <= 6:
                return run.end
        region = _REGION.match(text, place) or _CITY_STATE.match(text, place)
        if region:
            return region.end()
        run = next((run for run in utterance.runs if any(item.start == place for item in run.items)), None)
        if run is not None:
            unit_alone = after_comma and re.fullmatch(r"\d{1,3}[A-Z]", run.value)
            return run.end if _is_postcode(run) or unit_alone else None
        postcode = next((run for run in utterance.runs if run.start > place and _is_postcode(run)), None)
        if postcode is not None and _TOWN_BEFORE.fullmatch(text[place : postcode.start]):
            return postcode.end
        if not after_comma:
            return None
        town = _TOWN.match(text, place) if utterance.cased else _TOWN_UNCASED.match(text, place)
        first = town.group().split()[0].lower().strip(".") if town else ""
        if town is None or (first in not_names() and first not in _TOWN_BEGINS):
            return None
        return town.end()

    def units(self, turn: int, utterance: Utterance) -> Iterator[Finding]:
        """A flat or room with what names its house, or asked for: "Flat 9, Wren House", "Apartment 2"."""
        for match in _UNIT_LIST.finditer(utterance.text):
            yield self.finding(turn, match.start(), self.extended(utterance, match.end()), 0.75, "unit and house")
        for match in _UNIT_BEGINS.finditer(utterance.lower):
            run = next((run for run in utterance.runs if run.start == match.end() - 1), None)
            if run is not None and len(run.value) <= 8 and self.asked(turn, run):
                yield self.finding(turn, match.start(), self.extended(utterance, run.end), 0.75, "unit asked for")

    def start_before(self, utterance: Utterance, earliest: int, postcode: int) -> int:
        """Where the address that a postcode ends begins: with its first part that is a number, a unit or a street."""
        match = _BEFORE_POSTCODE.search(utterance.text, earliest, postcode)
        start = match.start() if match else postcode
        words = [token for token in utterance.tokens if start <= token.start < postcode]
        while words and words[0].norm in not_names() and words[0].norm not in ("flat", "apartment", "unit", "suite"):
            words.pop(0)
        return words[0].start if words else postcode

    def city_start(self, utterance: Utterance, zip_start: int) -> int:
        match = re.search(
            r"(?:[A-Z][\w'-]+,? ){1,3}(?:[A-Z]{2},? |(?:[A-Z]\w+ )?[A-Z]\w+,? )$", utterance.text[:zip_start]
        )
        return match.start() if match else zip_start

    def street_asked(self, turn: int, utterance: Utterance) -> Iterator[Finding]:
        """The answer to "what's the street?": few words, the last of them a kind of street or in capitals."""
        before = self.conversation[turn - 1] if turn else utterance
        if not turn or same_side(before, utterance) or not _STREET_ASKED.search(before.lower):
            return
        lead = _CONTINUES.match(utterance.lower)
        start = lead.end() if lead else 0
        match = _STREET_ANSWER.match(utterance.text, start)
        words = match.group().lower().split() if match else []
        if match and not any(word in not_names() and not re.fullmatch(_SUFFIX, word) for word in words):
            yield self.finding(turn, start, match.end(), 0.75, "street asked for")

    def continued(self, turn: int, utterance: Utterance) -> Iterator[Finding]:
        """More of an address that was just given: its city, state, apartment or postcode in a turn of their own."""
        if utterance.word_count > 12:
            return
        lead = _CONTINUES.match(utterance.lower)
        start = lead.end() if lead else 0
        end = self.part_end(utterance, start, False)
        if end is not None:
            end = self.extended(utterance, end)
        elif turn:
            towns = (hint.end for hint in utterance.hints if hint.entity == "LOCATION" and 0 <= hint.start - start <= 2)
            end = max(towns, default=None)
            town = _TOWN.fullmatch(utterance.text.rstrip(" .,"), start) if end is None else None
            if town is not None and not any(word in not_names() for word in town.group().lower().split()):
                end = town.end()  # the town alone, in a turn of its own
        if end is not None and len(utterance.lower[end:].split()) <= 3:
            yield self.finding(turn, start, end, 0.7, "more of an address")

    def finding(self, turn: int, start: int, end: int, score: float, rule: str) -> Finding:
        text = self.conversation[turn].lower
        while end > start and text[end - 1] in " ,\n":
            end -= 1
        return Finding(turn, start, end, "ADDRESS", score, RECOGNIZER, rule, text[start:end])


def _lead_end(utterance: Utterance) -> int:
    no = re.match(r"(?:no|nope|we moved|i moved|now)\b[\s,.]*", utterance.lower)
    lead = _CONTINUES.match(utterance.lower, no.end() if no else 0)
    return lead.end() if lead else 0


def _is_postcode(run: Run) -> bool:
    return bool(_POSTCODE.fullmatch(run.value) or _OUTWARD.fullmatch(run.value))


def _house_number(run: Run, utterance: Utterance) -> Run:
    """The last number of a run that holds several: "the PIN is 5926. 27 Orchard Street"."""
    for place in range(len(run.items) - 1, 0, -1):
        between = utterance.text[run.items[place - 1].end : run.items[place].start]
        written = run.items[place].kind == run.items[place - 1].kind == "written"
        if between.startswith(". ") or (written and between.startswith(", ")):
            return Run(run.items[place:])
    return run


def joined(found: list[Finding], utterance: Utterance) -> list[Finding]:
    """Parts of one address that stand close together, as one."""
    kept: list[Finding] = []
    for finding in sorted(found, key=lambda finding: finding.start):
        between = utterance.text[kept[-1].end : finding.start] if kept else ""
        if (
            kept
            and len(between) <= 40
            and not re.search(r"(?<!\w)[^\W\d_]*[a-z](?!\w)", re.sub(r"[A-Z]\w*", "", between))
        ):
            last = kept.pop()
            finding = replace(last, end=max(last.end, finding.end), value=last.value + " " + finding.value)
        kept.append(finding)
    return kept
