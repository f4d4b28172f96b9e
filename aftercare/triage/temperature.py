"""Temperatures in a message become findings of fever, of none, or of a low temperature; in figures or as they are spoken.

Numbers are of many things. One that a temperature word leads to ("temp is 39", "running a hundred and one") is a temperature,
whatever stands around it. One with a unit or a tenth is, unless it is the weather's or a price; a whole number in figures is where
such a word stands near; a whole number in words where one leads to it, the thermometer stands in its sentence, or it is told of now.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from aftercare.triage.figures import TO_TEN
from aftercare.triage.language import ENDS_A_SENTENCE
from aftercare.triage.reading import Finding

FEVER, LOW = 37.95, 36.0
"""Degrees Celsius: from 38.0 (100.4 F) on is fever (red_flags.md R1); under 36.0 is low."""
LEAST, MOST = 34.0, 43.0
"""Degrees Celsius that a living body can have."""
_UNIT = r"\s{0,3}(?:°|º|degrees?|degs?|grad[eo]?s?\b|ish\b|(?<=\d)o(?=[cf]\b))?\s{0,3}(?P<unit>c|f|cel[cs]ius|centigrade|fahrenheit)?\b"
IN_FIGURES = re.compile(
    rf"(?<!\d)(?<!\d[.,:·])(?P<n>\d{{2,3}}(?:\s?½|[.,·]\d{{1,2}}| ?\. ?\d(?!\d))?)(?!\d|[.,]\d){_UNIT}", re.IGNORECASE
)
RUNS_ON = re.compile(r"(?<![a-z])(?:t|temp|tmp|temperature|fever|thermometer)$", re.IGNORECASE)
"""What may stand before a number without a blank ("T38.6")."""
_ONES = "one|two|three|four|five|six|seven|eight|nine"
SPELT = re.compile(
    rf"\b(?:(?P<tens>thirty|fou?rty|ninety)(?:[\s-]*(?P<ones>{_ONES})(?:\s+(?P<fifth>{_ONES}))?)?"
    rf"|(?P<hundred>(?:(?:an?|one)\s+)?hundred)(?:(?:\s+(?:and|an|&|n))?[\s-]+(?P<over>{_ONES}|[1-8]))?|(?:one|1)[\s-]+(?:oh|o|zero)[\s-]+(?P<beyond>{_ONES}|[1-8])"
    r"|(?P<n>\d{2,3}))"
    rf"(?:\s*(?:point|dot|decimal|comma)\s*(?P<tenth>\d|{_ONES}|oh|zero)|\s+and\s+(?:a\s+)?(?P<part>half|bit)\b)?{_UNIT}",
    re.IGNORECASE,
)
"""A temperature as it is spoken: "thirty-nine point two", "a hundred and one", "one oh two", "38 and a half"."""
TENS = {"t": 30, "f": 40, "n": 90}
"""By the first letter: some keyboards have an i with and one without a dot."""
_NAMES = r"(?:temps?|tmp|temp\w*tures?|tempr\w*|fevers?|feverish|feaver|thermometer|thermo|body heat)(?! blister)"
TEMPERATURE_WORDS = re.compile(
    rf"(?<!no )(?<!any )(?<!without )\b(?:{_NAMES}|measured|burning up|degrees?|celsius|fahrenheit|armpit|shiver\w*|chills)\b|°",
    re.IGNORECASE,
)
_LINKS = (
    r"(?:is|was|at|of|it|it's|its|says?|said|saying|reads?|reading|shows?|showing|showed|about|around|approx\w*|like|just|still|now|only|a"
    r"|an|my|hit|reached|went|goes|gone|got|up|to|been|has|had|over|above|between|this|last|morning|night|evening|tonight|today|yesterday|since"
    r"|max|peaked|me|the|on|there|currently|roughly|almost|nearly|stuck|steady|spiked|climbed|rose|came|back|out|as|high|which|that|in)"
)
LEADS_TO_IT = re.compile(
    rf"\b(?:{_NAMES}|(?:i|we|she|he|they|just|and)\s+(?:have\s+|ha[ds]\s+)?measured)\b['’]?s?\s*[:=~,.-]?\s*(?:{_LINKS}[\s,:]+){{0,6}}$",
    re.IGNORECASE,
)
"""Before a number: it is a temperature. Nothing but small words stand between."""
RUNNING = re.compile(
    r"(?:^|[.,!?]\s*|\b(?:am|i'm|im|is|been|was|still|he's|she's|and)\s+)running\s+(?:(?:an?|at|about|around|like|between)\s+){0,2}$"
    r"|\b(?:hovering|sitting|hanging|holding|stuck)\s+(?:steady\s+)?(?:at|around|round|about)\s+$",
    re.IGNORECASE,
)
A_RACE = re.compile(
    r"\s*-?\s*(?:min\w*|mile|k|km|m|metres?|meters?|percent|hours?|days?|weeks?|yards?|people)\b|\s*%", re.IGNORECASE
)
"""Before and behind a number: "running a hundred and one" is a temperature, "running a 40 minute race" is none."""
LEADS_ELSEWHERE = re.compile(
    r"\b(?:(?:no|any|without|staff|charged|cost|paid)\s+(?:\w+\s+){0,2}"
    r"|(?:water|bath|shower|oven|pool|room|outside|air|sea|wash|iron|laser|weather|outdoor|ambient|freezer|fridge)\s+)$",
    re.IGNORECASE,
)
"""Before such a word: the number is of something else, or of nothing ("no fever, about 40 dots", "the bath temperature is 38")."""
NAMED_BEHIND_IT = re.compile(
    r"\s*(?:of\s+)?(?:fevers?|temperatures?|temps?)\b|\s*(?:on|by|with|in)\s+(?:the|my|a|an|our|his|her)\s+(?:\w+\s+){0,2}(?:thermometer|armpit)\b",
    re.IGNORECASE,
)
"""Behind a number: it is a temperature."""
_RANGE = r"(?:\s*(?:-|–|to|or)\s*\d+)?"
OF_TIME = re.compile(
    rf"{_RANGE}(?:\s*-\s*(?:hour|day|week|month|year|minute)|\s*-?\s*(?:hours|hrs|days|weeks|wks|months|years?|yrs?|y/?o|minutes|mins|seconds|secs))\b",
    re.IGNORECASE,
)
"""Behind a whole number: a time or an age, whatever stands before it ("a temp over the last 36 hours")."""
SINCE_THEN = re.compile(r"\s+(?:after|since|post|into|in|later)\b", re.IGNORECASE)
"""Behind such a time: it is no unit of the number ("38.9 hours after the peel")."""
PER_CENT = re.compile(r"\s*(?:%|per\s?cent\b)", re.IGNORECASE)
IN_UNITS = re.compile(
    r"\s*-?\s*(?:mm|cm|m|km|miles?|kg|kilos?|stone|lbs?|mg|ml|mcg|%|percent|per cent|joules?|pounds?|quid|dollars?|euros?|pence|shoe)\b|\s*[%£$€]",
    re.IGNORECASE,
)
"""Behind a number: a weight, a length or a price."""
COUNTED = re.compile(
    rf"{_RANGE}(?:\s*-\s*mile|\s*-?\s*k\b|\s+(?:[a-z]+\s+)?(?:spots?|bumps?|pimples?|dots|blisters|lumps|marks|scabs|patches|questions?|units|sessions?"
    r"|needles?|people|times)|\s+(?:something|odd|over|of (?:us|them|you)))\b|\s+\d{2,}\b|/(?!(?:3[4-9]|4[0-3]|9[3-9]|10\d)(?!\d))\d{2,3}\b",
    re.IGNORECASE,
)
"""Behind a whole number: it counts something ("38 red spots"), or is a part of a longer one."""
AFTER_A_SLASH = re.compile(r"(?<!\d)(?!(?:3[4-9]|4[0-3]|9[3-9]|10\d)(?!\d))\d{2,3}(?:[.,]\d)?/$")
"""Before a number: its other half is no temperature (a blood pressure)."""
OF_ELSE_BEFORE = re.compile(
    r"(?:[£$€#]\s*|\b(?:minus|paid|pay|costs?|price\w*|size|bmi|crp|weigh\w*|sugar|ferritin|hba1c|pulse|bpm|heart rate|sats|oxygen|pressure|bp"
    r"|zip|code|number|page|extension|call|born|session|week|day|charged)\s+(?:is\s+|was\s+|in\s+|at\s+|about\s+|of\s+|me\s+)?|\b(?:usually|normally|baseline|normal)\s+(?:[\w'’]+\s+){0,2})$",
    re.IGNORECASE,
)
"""Before a number that no temperature word leads to: it is of something else."""
OF_AN_AGE = re.compile(r"\b(?:aged?|turned|turning|i'?m|i am)\s+$", re.IGNORECASE)
PART_OF_MORE = re.compile(rf"\b(?:hundred|thousand|nineteen|twenty|{_ONES})(?:\s+and)?[\s-]+$", re.IGNORECASE)
"""Before a number in words: the end of a bigger one."""
LESS_THAN_TOLD = re.compile(r"(?:\b(?:over|above|past|more than|higher than|at least|below)|>)\s*$", re.IGNORECASE)
MORE_TO_COME = re.compile(
    r"\s*[.,·]?\s*\d\b(?!\s*(?:am|pm|hours?|hrs?|days?|weeks?|mins?|times?|[:/]))"
    r"|\s*(?:\+|(?:and\s+)?(?:still\s+)?(?:a bit|climbing|rising|going up)|and \d|something|odd)",
    re.IGNORECASE,
)
"""Before and behind a number that is less than what is meant ("over 100", "100 8", "100 something"): it denies no fever."""
HAS_UNIT = re.compile(r"[°º]|deg|grad|[cf]$|cel[cs]|cent|fahr|ish", re.IGNORECASE)
AGE_AND_SEX = re.compile(r"(?:3\d|4[0-4])\s?f", re.IGNORECASE)
"""No living body is so cold in Fahrenheit: "39f can i wear makeup" is a woman of 39."""
NAMED_ANYWHERE = re.compile(rf"\b{_NAMES}\b", re.IGNORECASE)
IS_NOW = re.compile(r"\s*(?:now|today|tonight|this (?:morning|evening|afternoon))\b", re.IGNORECASE)
"""Behind a number that may be a fever where the message names temperature anywhere ("no fever yesterday, 39 now")."""
TOLD_WHEN = re.compile(r"\s*(?:now|this|today|tonight|last|an hour|at)\b", re.IGNORECASE)
TOLD_NOW = re.compile(r"\b(?:now|then|currently)(?:\s+(?:it'?s|its|it is|at|i'?m))?\s+$", re.IGNORECASE)
"""Behind and before a further number where one is surely a temperature: "98.6 an hour ago, a hundred and two now"."""
READ_OFF = re.compile(r"(?<!a )(?<!any )\bthermometer\b", re.IGNORECASE)
NAMED_BEFORE, NAMED_NEAR = 40, 15
"""Characters before and behind a whole number in figures within which a temperature word has to stand."""
AMBIENT = re.compile(
    r"\b(outside|outdoors|out there|weather|forecast|heat ?wave|in the (?:shade|sun|garden|car|office|room|flat|house)|summer|humid\w*"
    r"|water|bath|shower|oven|wash\w* (?:it|them|at|on)|thermostat|air ?con\w*|sauna|steam|pool|jacuzzi|hot tub|yoga|gym|beach|holiday"
    r"|heater|heating|dryer|dishwasher|pillowcase|fridge|freezer|bedroom|angle|propped|raised|tilted|flying to|steep|pad|setting|studio)\b",
    re.IGNORECASE,
)
"""What else has a temperature in degrees."""
THING_HAS_IT = re.compile(
    r"\b(?:outside|weather|water|bath|shower|oven|room|pool|sauna|steam|jacuzzi|tub|yoga|gym|car|laser|machine|iron|tip|handpiece|pad|heater|dryer|dishwasher"
    r"|coffee|tea|fridge|studio|sun|radio ?frequency|rf|skin)\s+(?:temp\w*\s+)?(?:is|was|gets? to|goes to|reaches|heats (?:the skin )?to|cooled to|set (?:to|at)|at|to)"
    r"\s+(?:(?:set|at|about|around|like|to|only|up)\s+)*$",
    re.IGNORECASE,
)
"""Before a number: the thing's own temperature, though it is told to a tenth."""
IN_A_TOWN = re.compile(r"\bin [A-Z][a-z]+")
OUT_OF_DOORS = re.compile(
    r"\s*(?:outside|outdoors|out there|(?:here|there|today)? ?in (?:the (?:shade|sun|city|garden)|[A-Z]\w+)|in the (?:shade|sun)|angle|wash|burn)\b"
)
"""Right behind a figure: nobody's body."""
LOOKED_AT = 160
"""Characters before and behind a figure, at most, so that the work grows no faster than the message."""
AROUND = 30
"""Characters on each side of a figure in which that is looked for."""
BODY_TEMPERATURE = re.compile(
    r"\b(fever\w*|feaver|thermometer|(?:my|his|her|own) temp\w*|forehead|armpit|under my arm|mouth|ear|took|taken|reads?|reading|measured"
    r"|shiver\w*|chills|(?:still|now) \d+)\b",
    re.IGNORECASE,
)
OF_A_CLAUSE = re.compile(r"[,;.!?\n]+\s|\s(?:but|and|while|though)\s")
BROUGHT_DOWN = re.compile(
    r"\b(?:brought|bring\w*|got|get\w*|took|tak\w*|keep\w*|kept|knock\w*)\b[^.?!]{0,20}\bdown\b", re.IGNORECASE
)
BESIDE = 12
"""Characters between "fever" and its figure."""
MORE_THAN = re.compile(r"\b(?:over|above|more|higher|of)\b", re.IGNORECASE)
WHERE_IT_REACHES = re.compile(
    r"\b(?:if|when|once|whenever|unless|until|in case)\b(?![^.?!;]*\b(?:was|were|reached|hit|went|got|took|checked|woke|measured|said)\b)"
    r"[^.?!;,]{0,40}\b(?:above|over|past|beyond|reach(?:es)?|hits?|more than|higher than|goes(?: up)? to)\s+$",
    re.IGNORECASE,
)
"""Before a figure: how high it would have to be ("call if it goes above 38.5")."""
NAMES_TEMPERATURE = re.compile(r"\b(temp|temperature)\b", re.IGNORECASE)
HIGH = re.compile(r"(?<!not )(?<!no )(?<!isn't )\bhigh\b(?! enough)", re.IGNORECASE)
"""Words of a fever that tell no more than a temperature, which a normal figure takes away; and one that says it is a fever."""
LONG_BLANK, NOTHING = re.compile(r"\s{4,}"), "\0"
"""Many blanks are cut short, so that the work does not grow with their square; a sign of no meaning keeps the places."""


class Measured(NamedTuple):
    """A body temperature: where it stands, degrees Celsius, and whether it is surely one (and no age beside a word of fever)."""

    start: int
    end: int
    celsius: float
    sure: bool


def measured(text: str, findings: list[Finding]) -> list[Finding]:
    """The findings with those of a thermometer: 38.0 C / 100.4 F or more is fever (red_flags.md R1), under 36.0 C is low.

    In between there is no fever in "a temperature of 37.2"; who feels feverish as well still does, and so has who had a
    fever that a painkiller brought down. A number that is not surely a temperature denies none.
    """
    found: list[Finding] = []
    normal: list[Finding] = []
    for told in body_temperatures(text):
        words = text[told.start : told.end]
        item = "fever" if told.celsius >= FEVER else "low_temperature" if told.celsius < LOW else None
        if item:
            beside = _fever_told_beside(told.start, findings)
            denied = beside and beside.assertion == "negated" and not MORE_THAN.search(text[beside.end : told.start])
            label, other = (beside.assertion, beside.other) if beside and not denied else ("present", False)
            if label == "present" and WHERE_IT_REACHES.search(text[max(0, told.start - LOOKED_AT) : told.start]):
                label = "hypothetical"
            found.append(Finding(item, "finding", told.start, told.end, words, label, other))
        elif told.sure:
            normal.append(Finding("fever", "finding", told.start, told.end, words, "negated"))
    masked = any(f.item == "painkillers" for f in findings) and BROUGHT_DOWN.search(text)
    if normal and not found and not masked:
        findings = [
            f for f in findings if f.item != "fever" or not NAMES_TEMPERATURE.search(f.text) or _is_high(f, text)
        ]
        found = normal
    return findings + found


def body_temperatures(text: str) -> list[Measured]:
    """The body temperatures that a message tells, in the order of their places."""
    short = LONG_BLANK.sub(lambda blank: blank.group()[:3].ljust(len(blank.group()), NOTHING), text)
    return sorted({told.start: told for told in _told(short)}.values())


def _told(text: str) -> Iterator[Measured]:
    later: list[Measured] = []
    surely, named_somewhere = False, NAMED_ANYWHERE.search(text) is not None
    for match, number, exact, spelt in _numbers(text):
        celsius = _celsius(number, (match.group("unit") or "").lower()[:1])
        if celsius is None or _is_of_else(text, match, exact, spelt):
            continue
        before = _before(text, match)
        named = _is_named(before, text, match.end())
        if AGE_AND_SEX.fullmatch(match.group().strip()) and not named and text[match.end() : match.end() + 1] != "*":
            continue
        sure = named or exact or bool(HAS_UNIT.search(match.group()))
        near = _is_read_off(text, match) or (not spelt and _is_near_a_temperature(text, match))
        surely = surely or sure
        whole = not (LESS_THAN_TOLD.search(before) or MORE_TO_COME.match(text, match.end()))
        told = Measured(match.start(), match.end(), celsius, sure=sure and whole)
        of_now = celsius >= FEVER and named_somewhere and IS_NOW.match(text, match.end())
        if sure or near or of_now:
            yield told
        elif celsius >= FEVER and (TOLD_WHEN.match(text, match.end()) or TOLD_NOW.search(before)):
            later.append(told)
    if surely:
        yield from later


def _is_of_else(text: str, match: re.Match[str], exact: bool, spelt: bool) -> bool:
    """Whether a number in the range of temperatures is none."""
    before, end = _before(text, match), match.end()
    if match.start() and text[match.start() - 1].isalpha() and not RUNS_ON.search(before):
        return True
    if (spelt and PART_OF_MORE.search(before)) or AFTER_A_SLASH.search(before):
        return True
    of_time = OF_TIME.match(text, end)
    if PER_CENT.match(text, end) or (of_time and not (exact and SINCE_THEN.match(text, of_time.end()))):
        return True
    if _is_named(before, text, end):
        return False
    if OF_ELSE_BEFORE.search(before) or IN_UNITS.match(text, end) or THING_HAS_IT.search(before):
        return True
    if exact:
        return OUT_OF_DOORS.match(text, end) is not None
    alone = not HAS_UNIT.search(match.group())
    return bool(COUNTED.match(text, end) or (alone and OF_AN_AGE.search(before)) or _is_ambient(text, match))


def _numbers(text: str) -> Iterator[tuple[re.Match[str], float, bool, bool]]:
    """Numbers that may be temperatures, whether each is told to a tenth (prices have hundredths), and whether it is told in words."""
    for match in IN_FIGURES.finditer(text):
        n = re.sub(r"\s?½", ".5", match.group("n"))
        whole, _, tenth = re.sub(r"\s?[.,·]\s?", ".", n).partition(".")
        yield match, float(f"{whole}.{tenth or 0}"), len(tenth) == 1, False
    for match in SPELT.finditer(text):
        tenth, part, fifth = match.group("tenth", "part", "fifth")
        by_itself = match.group("n") or (match.group("hundred") and not match.group("over"))
        if by_itself and not (tenth or part):
            continue  # a number in figures is read above, and a hundred alone is of anything
        exact = bool(tenth or part or (fifth and _is_near_a_temperature(text, match)))
        tenths = 5 if part and part.lower() == "half" else _digit(tenth or fifth)
        yield match, _whole(match) + tenths / 10, exact, True


def _whole(spelt: re.Match[str]) -> int:
    n, tens, ones = spelt.group("n", "tens", "ones")
    if n:
        return int(n)
    return TENS[tens[0].lower()] + _digit(ones) if tens else 100 + _digit(spelt.group("over") or spelt.group("beyond"))


def _digit(word: str | None) -> int:
    """0 for no word, and for "oh"."""
    said = (word or "").lower()
    return int(said) if said.isdigit() else TO_TEN.index(said) if said in TO_TEN else 0


def _celsius(number: float, unit: str) -> float | None:
    """None where no living body has that temperature; a unit that cannot be meant ("101 C") is taken for the other one."""
    fahrenheit = (number - 32) * 5 / 9
    either = (fahrenheit, number) if unit == "f" else (number, fahrenheit)
    return next((celsius for celsius in either if LEAST <= celsius <= MOST), None)


def _is_named(before: str, text: str, end: int) -> bool:
    """Whether a temperature word leads to a number, or stands right behind it."""
    leads = LEADS_TO_IT.search(before)
    if leads and not LEADS_ELSEWHERE.search(before[: leads.start()]):
        return True
    if RUNNING.search(before) and not A_RACE.match(text, end):
        return True
    return NAMED_BEHIND_IT.match(text, end) is not None


def _is_read_off(text: str, figure: re.Match[str]) -> bool:
    """Whether the thermometer stands in the same sentence."""
    return READ_OFF.search(_sentence_of(text, figure)) is not None


def _sentence_of(text: str, figure: re.Match[str]) -> str:
    return _between(ENDS_A_SENTENCE, text, figure)


def _between(mark: re.Pattern[str], text: str, figure: re.Match[str]) -> str:
    """What stands around a figure between two marks, of the characters that are looked at."""
    first, last = max(0, figure.start() - LOOKED_AT), min(len(text), figure.end() + LOOKED_AT)
    begins = max((end.end() for end in mark.finditer(text, first, figure.start())), default=first)
    closing = mark.search(text, figure.end(), last)
    return text[begins : closing.start() if closing else last]


def _before(text: str, figure: re.Match[str]) -> str:
    return text[max(0, figure.start() - LOOKED_AT) : figure.start()]


def _is_near_a_temperature(text: str, figure: re.Match[str]) -> bool:
    near = text[max(0, figure.start() - NAMED_BEFORE) : figure.end() + NAMED_NEAR]
    return TEMPERATURE_WORDS.search(near) is not None


def _is_ambient(text: str, figure: re.Match[str]) -> bool:
    """ "38 degrees outside": the weather's, the water's, unless a body's temperature is named in the same sentence."""
    if OUT_OF_DOORS.match(text, figure.end()):
        return True
    around = text[max(0, figure.start() - AROUND) : figure.end() + AROUND]
    clause = _between(OF_A_CLAUSE, text, figure)
    if AMBIENT.search(clause):
        return not BODY_TEMPERATURE.search(around)
    return bool(AMBIENT.search(around) or IN_A_TOWN.search(around)) and not BODY_TEMPERATURE.search(
        _sentence_of(text, figure)
    )


def _is_high(fever: Finding, text: str) -> bool:
    """Whether the words of a fever say that it is one, whatever figure stands elsewhere ("high temp today, 36.6 on Monday")."""
    return HIGH.search(text[max(0, fever.start - BESIDE) : fever.end + BESIDE]) is not None


def _fever_told_beside(start: int, findings: list[Finding]) -> Finding | None:
    """The fever in words that a figure belongs to ("a fever of 39 in March"): what is said of one is said of both."""
    near = [f for f in findings if f.item == "fever" and 0 <= start - f.end <= BESIDE]
    return near[-1] if near else None
