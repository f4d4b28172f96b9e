"""Figures in a message: pain scores, ages and minutes of bleeding become findings. And whether bleeding is over."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aftercare.triage.language import ENDS_A_SENTENCE
from aftercare.triage.reading import Finding

_PERSON = (
    r"(?:mother|mum|mummy|mom|mam|dad|daddy|father|papa|parent|wife|husband|partner|gran\w*|nan|nana|aunt\w*|uncle|sister|brother"
    r"|son|daughter|boy|girl|kid|child|toddler|niece|nephew|he|she)"
)
_NO_AGE = r"(?!\s*(?:days?|weeks?|wks?|months?|hours?|hrs?|min|%|st\b|nd\b|rd\b|th\b|am\b|pm\b|degrees?|kg|stone|lbs?|times)|[:./'°]\d)"
AGE = re.compile(
    rf"\b(?:i'?m|i am|aged?|turned|turning)\s+(?P<a>\d{{1,3}})\b{_NO_AGE}"
    r"|\b(?P<b>\d{1,3})\s*-?\s*(?:years?|yrs?|y/?o)\b(?:[\s-]*old)?(?!\s*(?:ago|back|later|of|in))"
    rf"|\b{_PERSON}(?:'?s|\s+is|,)?\s*(?:only\s+|just\s+)?\(?(?P<c>\d{{1,2}})\b{_NO_AGE}",
    re.IGNORECASE,
)
_BLEEDS = r"(?:bleed\w*|bled|blood|press\w*|pressure|h[eo]ld\w*|ooz\w*|dripp?\w*|trickl\w*|dribbl\w*)"
_TEN_MINUTES = (
    r"(?:[1-9]\d+\s*(?:min|mins|minutes)|(?:ten|fifteen|twenty|thirty|forty|sixty)\s*(?:min|mins|minutes)"
    r"|(?:half|quarter of|three quarters of)\s*an?\s*hour|quarter hour|(?:an|one|two|three|a couple of|\d+)\s*(?:hours?|hrs?)|for hours|ages)"
)
LONG_BLEEDING = re.compile(
    rf"\b{_BLEEDS}\b[^.?!]{{0,80}}?\b{_TEN_MINUTES}\b|\b{_TEN_MINUTES}\b[^.?!]{{0,40}}?\b{_BLEEDS}\b", re.IGNORECASE
)
GOES_ON = re.compile(
    r"\b(still|keeps?|comes through|coming through|soaks? through|won'?t stop|wont|not stop\w*|hasn'?t stopped|doesn'?t stop|isn'?t stopping|non-?stop|can'?t stop|won'?t clot|not clotting|(hasn'?t|won'?t|doesn'?t|isn'?t|not|never) (quit|quitting|let up|letting up|eas\w+|slow\w*)|has been|been|starts again)\b",
    re.IGNORECASE,
)
HAS_STOPPED = re.compile(
    r"\b(?:(?:it|bleed(?:ing)?|blood|oozing|trickle|flow)(?:'s|'d)?\s+|(?:and|,)\s*(?:then\s+|it\s+)?)"
    r"(?:(?:has|had|now|then|finally|eventually|completely|all|just|soon|well and truly)\s+){0,3}"
    r"(?:stopped|dried\s+up|clotted)(?:\s+(?:bleeding|completely|now|again))?"
    r"(?=\s*(?:$|[.,;:!)\n]|(?:now|after|by|within|in|on its own|at last|finally|and|thank\w*|can|is|what|when can|do|should)\b))",
    re.IGNORECASE,
)
UNCERTAIN_STOP = re.compile(
    r"\b(?:think|thinks|thought|hope\w*|hoping|wish|until|till|til|before|when|if|whether|once|unless|why|sure|seem\w*|maybe|perhaps"
    r"|might|guess|said|says|say|told|usually|normally|her|his|their|she|he|they|no|not|never|nothing|nobody|hasn'?t|hadn'?t|won'?t"
    r"|didn'?t|doesn'?t|isn'?t|can'?t|same time)\b|\b(?:has|had|did|does|will|is)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
"""What may stand before "it stopped" in its sentence where it has not, is only thought, is asked, or is another's."""
STARTS_AGAIN = re.compile(
    r"\b(?:again|re-?start\w*|starts?|started|starting|back|still|keeps?|soak\w*|pour\w*|drip\w*|gush\w*|squirt\w*|spurt\w*|ran|run\w*"
    r"|open\w*|more|each|every|if|yet|mine|won'?t|hasn'?t|isn'?t|doesn'?t|didn'?t|not|no|but|only|while|whenever|until|except|unless|then"
    r"|bl[eo]*d\w*|wasn'?t|wet|fresh|red|moved?|maybe|think|sure)\b",
    re.IGNORECASE,
)
"""What may come after "it stopped" and take it back or leave it open."""
STILL_BLEEDS = re.compile(
    r"\b(still|keeps?)\b[^.?!]{0,20}\b(bleed\w*|going|coming|ooz\w*)|\b(won'?t|wont|hasn'?t|doesn'?t|isn'?t|not) (stop\w*|let up|eas\w*|slow\w*)",
    re.IGNORECASE,
)
BLOOD = re.compile(r"\b(bleed\w*|bled|blood\w*|ooz\w*|trickl\w*|gauze|it won'?t stop)\b", re.IGNORECASE)
TO_TEN = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
PAIN_SCORE = re.compile(
    rf"\b(?P<n>10|[0-9]|{'|'.join(TO_TEN)})\s*(?:/|out of|outta)\s*(?:10|ten)\b(?!\s+(?:people|patients|women|men|times)\b)",
    re.IGNORECASE,
)


def tells_of_adult(text: str) -> bool:
    """Whether a message gives somebody spoken of an age of 18 or more: "my daughter (24)" is no child."""
    ages = [int(match.group("c")) for match in AGE.finditer(text) if match.group("c")]
    return bool(ages) and min(ages) >= 18


def ages(text: str) -> list[Finding]:
    """An age in figures: under 18 is a minor, over 65 a risk (red_flags.md section 4)."""
    found = []
    for match in AGE.finditer(text):
        years = int(match.group("a") or match.group("b") or match.group("c"))
        item = "minor" if years < 18 else "age_risk" if 65 < years < 110 else None
        if item:
            found.append(Finding(item, "modifier", match.start(), match.end(), match.group()))
    return found


def pain_scores(text: str) -> list[Finding]:
    """'8/10', "eight out of ten": 7 or more is severe pain (red_flags.md U4), less is none."""
    found = []
    for m in PAIN_SCORE.finditer(text):
        if re.search(r"\b(pain|sore|hurt|agony|ache|throb)", text, re.IGNORECASE):
            said = m.group("n").lower()
            if (int(said) if said.isdigit() else TO_TEN.index(said)) >= 7:
                severe = frozenset({"severe"})
                found.append(Finding("pain", "symptom", m.start(), m.end(), m.group(), "present", False, severe))
            else:
                found.append(Finding("pain_severe", "finding", m.start(), m.end(), m.group(), "negated"))
    return found


def long_bleedings(text: str) -> Iterator[re.Match[str]]:
    """Where a message tells of bleeding, or of pressing on it, for ten minutes or more that is not over (red_flags.md R15)."""
    if not BLOOD.search(text):
        return
    for match in LONG_BLEEDING.finditer(text):
        # "been in a fight? dots of blood when I left an hour ago" does not go on
        if GOES_ON.search(_sentence_of(text, match)) or STILL_BLEEDS.search(text, match.end()):
            yield match


def bleeding_has_stopped(text: str) -> bool:
    """Whether a message surely says that the patient's bleeding has stopped: nothing before it in its sentence and nothing
    after it in the message takes that back. In doubt it goes on."""
    told = list(HAS_STOPPED.finditer(text)) if BLOOD.search(text) else []
    if len(told) != 1:
        return False
    [stop] = told
    begins = max((end.end() for end in ENDS_A_SENTENCE.finditer(text, 0, stop.start())), default=0)
    return not UNCERTAIN_STOP.search(text[begins : stop.start()]) and not STARTS_AGAIN.search(text, stop.end())


def _sentence_of(text: str, match: re.Match[str]) -> str:
    """The sentence that a stretch of the text stands in, to the end of the next one."""
    starts = [end.end() for end in ENDS_A_SENTENCE.finditer(text, 0, match.start())]
    ends = [end.start() for end in ENDS_A_SENTENCE.finditer(text, match.end())]
    return text[starts[-1] if starts else 0 : ends[1] if len(ends) > 1 else len(text)]
