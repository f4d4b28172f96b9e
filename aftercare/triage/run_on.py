"""Messages typed without any punctuation are divided around the times that they tell: "no fever day 3 just peeling".

Readings of time go by sentences, and such a message would be a single one, in which "is it infected" at the beginning would make
"day 3" at the end a day that is only asked of. A line break takes the place of the blank before and behind a time that stands by
itself, so every character keeps its place.
"""

from __future__ import annotations

import re

FEWEST_WORDS = 5
"""A shorter message is one sentence."""
MARKS = re.compile(r"[.!?;:,\n(]\s|\s[-–—]\s|[!?;\n]")
"""What somebody puts who puts any."""
_NUMBER = (
    r"(?:\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twenty|thirty|forty)(?:\s?(?:one|two|three|four|five|six|seven|eight|nine))?)"
)
_COUNT = rf"(?:{_NUMBER}|an?|couple(?:\s+of)?)\s+(?:hours?|hrs?|days?|wks?|weeks?|months?)"
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?"
_OTHERS = r"(?:if|or|for|i|my|we|our|he|she|his|her|they|you|your|the|a|an|it|its|this|that|these|\w+ing)"
"""Words after "three days after" that tell of what it was."""
LED = (
    r"(?<!\bon)(?<!\bby)(?<!\bat)(?<!\bto)(?<!\bof)(?<!\bor)(?<!\bfor)(?<!\bthe)(?<!\bthan)(?<!\blike)(?<!\bfrom)(?<!\buntil)(?<!\btill)(?<!\bsince)"
    r"(?<!\bafter)(?<!\bbefore)(?<!\babout)(?<!\baround)(?<!\bevery)(?<!\beach)(?<!\bper)(?<!\bwhich)(?<!\bwhat)(?<!\bonly)(?<!\bis)(?<!\bas)"
    r"(?<!\bheard)(?<!\bhear)(?<!\bread)(?<!\bsays)(?<!\bsaid)(?<!\btold)(?<!\bsay)(?<!\bthink)(?<!\bthat)(?<!\bwhether)(?<!\bwhen)(?<!\bwill)(?<!\bmy)(?<!\bis it)"
)
"""Words before a time by which it belongs to what stands before it."""
BEGAN = re.compile(
    r"\b(?:start\w*|beg[ai]n\w*|came|come|comes|appear\w*|until|peak\w*|worst|worse|notic\w*|kick\w*|hit\w*|went|turned|expect\w*)(?:\s+\w+){0,2}\s*$"
)
"""Before "day 3": it is when something began."""
STANDS_ALONE = re.compile(
    rf"{LED} day\s*{_NUMBER}(?:\s+now)?(?= (?!of\b|or\b|if\b|like\b|for\s+(?:my|the|a)\b|to\b|and\s+{_NUMBER}\b|in\s+a\s+row|was\b|were\b|is\b|are\b|will\b|should\b)|$)"
    rf"|(?:{LED} |^)(?P<count>{_COUNT}\s+(?:after|post|on|in|later|now)(?:\s+now)?)(?= (?!{_OTHERS}\b)|$)",
    re.IGNORECASE,
)
"""A day or a count of days that belongs to nothing beside it."""
TODAY_IS = re.compile(
    rf" (?:and\s+)?(?:its|it's|today|today\s+is|today\s+its|now|now\s+its|its\s+now)\s+{_WEEKDAY}(?=\s|$)",
    re.IGNORECASE,
)
"""The day of the message ("done friday now tuesday")."""
DONE_THEN = re.compile(
    rf"\b(?:(?:done|treated|needled|had\s+it|did\s+it|was|session|treatment|microneedling|needling)\s+(?:on\s+|last\s+)?(?:yesterday|yest|today|{_WEEKDAY})"
    rf"|{_COUNT}\s+ago)(?P<end> )(?=(?:can|should|when|is|are|what|how|will|why|do|does|my|i|im|face|skin|and\s+(?:can|when|is|my|i))\b)",
    re.IGNORECASE,
)
"""The time of the treatment before what is asked or told next."""
OPENS = re.compile(
    rf"^{_COUNT}(?P<end> )(?!(?:after|ago|post|since|of|in|on|before|old|pregnant|long|later|to|until|till|from|off|and|or|is|was|are|seems|should|for"
    r"|back|now|straight|out|into|past|max|gap|apart|wait|notice|left|time|today|this|without|break|course)\b)",
    re.IGNORECASE,
)
"""A message that opens with the time since the treatment ("two weeks the dots are practically gone")."""
STILL_AFTER = re.compile(
    rf"\bafter\s+{_COUNT}(?P<end> )(?=(?:until|how|is|what|when|will|do|does|can|should)\b)", re.IGNORECASE
)
"""The time before what is asked next ("still there after six days how long")."""
DONE = re.compile(
    rf"(?<!\bit)(?<!\bface)(?<!\bmine)(?<!\bgot)(?<!\bwas)(?<!\bbeen)(?<!\bhers)(?<!\bhis)(?<!\bthem)(?<!\bskin)(?<!\bone)(?<!ing)(?<!ment)(?<!\bsession)"
    rf"(?<!\bneck)(?<!cheeks)(?P<start> )(?:done|treated|needled)\s+(?:on\s+|last\s+)?(?:yesterday|yest|today|{_WEEKDAY}\b|{_COUNT}\s+ago)",
    re.IGNORECASE,
)
"""Where the time of the treatment is told without a subject ("... before she began done 5 hours ago")."""
ASKED = re.compile(
    r"^(?:(?:hi|hello|hey|also|so|ok|please)\s+)*(?:can|could|should|shall|may|will|would|when|how|what|do|does|is|are|who|which)\b",
    re.IGNORECASE,
)
TELLS = re.compile(
    r"\b(?:im|i'm|its|it's|ive|i've|theres|there's|no|not|got|had|my|still|skin|face|loads|so|little|tiny|red\s+and|i\s+(?:\w+ed|have|am|was)"
    r"|(?:it|skin|face|eye|chin)\s+(?:is|feels|looks)|sorry)\b",
    re.IGNORECASE,
)
"""A message that opens with a question, and words by which it tells of something after that."""
DID_ELSE = re.compile(
    r"\b(?:used|took|wore|tried|ate|drank|put|picked|shaved|waxed|booked|last\s+(?:time|year))\b", re.IGNORECASE
)
"""Before a count of days: what it runs from."""
TO_COME = re.compile(
    r"\b(?:have|having|get|getting|before|for|come|cancel|be)\s+(?:\w+\s+){0,2}(?:needl\w*|micro\w*|treatment|session|treated)|\b(?:come|booked)\b",
    re.IGNORECASE,
)
"""Behind a time: the treatment has not been yet."""
GOES_ON = re.compile(r"\s+and\s+(?:its|it's|im|i'm|still|so|my)\b", re.IGNORECASE)
"""Behind a time: the message tells on."""


def divided(text: str) -> str:
    """The text with line breaks around the times that stand by themselves, where nobody has put a mark; else as it is."""
    if len(text.split()) < FEWEST_WORDS or MARKS.search(text.strip().rstrip(".!?") + " "):
        return text
    found = list(text)
    for match in STANDS_ALONE.finditer(text):
        if _stands(match, text):
            _break(found, match.start(), match.end())
    for match in TODAY_IS.finditer(text):
        for place in (match.start(), match.end()):
            if 0 < place < len(text) and found[place] == " " and not found[place - 1].isdigit():
                found[place] = "."  # "friday now" would be a Friday that is now
    for match in (*OPENS.finditer(text), *STILL_AFTER.finditer(text), *DONE_THEN.finditer(text)):
        if match.group().rstrip().endswith("ago") or not TO_COME.search(text, match.end("end")):
            _break(found, match.start("end"))
    for match in DONE.finditer(text):
        if not TO_COME.search(text, match.end()):
            _break(found, match.start("start"))
    return "".join(found)


def _stands(match: re.Match[str], text: str) -> bool:
    """Whether a time is told, and not asked of, when something began, or counted from something else."""
    before = text[: match.start()]
    asked = ASKED.match(before)
    only_asked = asked and not TELLS.search(before, asked.end()) and not GOES_ON.match(text, match.end())
    counted_from_else = match["count"] and DID_ELSE.search(before)
    return not (only_asked or counted_from_else or BEGAN.search(before.lower()))


def _break(characters: list[str], *places: int) -> None:
    """Breaks the line at the places that hold a blank."""
    for place in places:
        if place < len(characters) and characters[place] == " ":
            characters[place] = "\n"
