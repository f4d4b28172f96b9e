"""Time in a patient's words: days since treatment, dates, weekdays, how long a sign has lasted. Clock-free: resolved later.

Three steps. ``EXPRESSIONS`` finds words of time in a text whose typing errors are repaired. ``_Scene`` divides the message
into clauses and finds in them what happened (``EVENTS``: the treatment, the onset of a sign, something else). A rule for
each sort of expression then says what the time belongs to: the event nearest before it in its clause, else nearest after.
Of several statements of the treatment day in one message one is kept: the corrected one, the one that names the treatment,
the count up to now, the first moment told, an earlier session, in this order. What a relative tells of the patient counts
as the patient's own where the writer tells nothing of themselves.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial

from aftercare.triage.language import APOSTROPHES, Language
from aftercare.triage.needed_words import Sought
from aftercare.triage.run_on import divided


def _split(words: str) -> list[str]:
    return words.split()


SMALL = _split(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
NUMBERS: dict[str, float] = {word: n for n, word in enumerate(SMALL)}
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60}
NUMBERS |= {**TENS, "dozen": 12, "a dozen": 12}
NUMBERS |= {
    f"{ten}{join}{word}": m + n for ten, m in TENS.items() for n, word in enumerate(SMALL[1:10], 1) for join in " -"
}
NUMBERS |= {"a": 1, "an": 1, "half": 0.5, "half a": 0.5, "half an": 0.5}
NUMBERS |= {"a couple of": 2, "a couple": 2, "couple of": 2, "couple": 2, "a few": 3, "few": 3}
ORDINALS = {
    word: n
    for n, word in enumerate(
        _split(
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
            "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
        ),
        1,
    )
}
ORDINALS |= {f"twenty{join}{word}": 20 + n for n, word in enumerate([*ORDINALS][:9], 1) for join in " -"}
ORDINALS |= {"thirtieth": 30, "thirty-first": 31, "thirty first": 31}
WEEKDAYS = {
    name: n
    for n, names in enumerate(
        ("monday mon", "tuesday tues tue", "wednesday weds wed", "thursday thurs thur thu", "friday fri")
        + ("saturday sat", "sunday sun")
    )
    for name in names.split()
}
MONTHS = {
    name: n
    for n, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug")
        + ("september sept sep", "october oct", "november nov", "december dec"),
        1,
    )
    for name in names.split()
}
FEASTS = {
    "new year's day": (1, 1), "new years day": (1, 1), "valentine's day": (2, 14), "valentines day": (2, 14),
    "valentines": (2, 14), "st patrick's day": (3, 17), "st patricks day": (3, 17), "st paddy's day": (3, 17),
    "st paddys day": (3, 17), "halloween": (10, 31), "bonfire night": (11, 5), "christmas eve": (12, 24),
    "christmas day": (12, 25), "xmas eve": (12, 24), "xmas day": (12, 25), "boxing day": (12, 26),
    "new year's eve": (12, 31), "new years eve": (12, 31), "nye": (12, 31),
}  # fmt: skip
"""Days with a name that are the same date every year: month and day."""
UNIT_DAYS = {"mi": 0, "h": 1 / 24, "d": 1, "n": 1, "s": 1, "w": 7, "f": 14, "m": 30, "y": 365, "7": 1, "5": 7}
"""By the first letter of the unit; "3/7" and "3/52" are a clinician's three days and three weeks."""
LONGEST_SIGN = 60
"""Days: what has lasted longer is older than the treatment that it is told of ("acne for 10 years")."""
ROUNDED_BY = 3
"""Days by which a time told in weeks may be off."""
LONGEST_CLAUSE = 400
"""Characters."""
TYPED = (
    *(w for w in (*WEEKDAYS, *MONTHS) if len(w) > 5),
    *_split("yesterday tomorrow today tonight morning afternoon evening weekend fortnight weeks week days hours hour"),
    *_split("treatment session microneedling needling needled dermapen appointment procedure facial clinic treated"),
)
"""Words that a typing error may stand for ("tuseday")."""


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted((re.escape(w).replace(r"\ ", r"\s+") for w in words), key=len, reverse=True))


_WORDS = _any(
    w for w in NUMBERS if len(w) > 2 and w not in ("few", "half") and not re.search("couple|^a |^half |few", w)
)
_N = rf"(?P<n>\d{{1,3}}(?:\.\d)?|{_any(NUMBERS)})(?P<half>\s+and\s+(?:a|one)\s+half)?(?:\s*(?:-|to|or)\s*(?:\d{{1,3}}|{_WORDS}))?"
_UNIT = (
    r"(?P<unit>min(?:ute)?s?|hours?|hrs?|h|da?y[sz]?|nights?|sleeps|d|weeks?|weaks?|wks?|wk|w|fortnights?|months?|mths?|years?|yrs?)"
    r"(?![a-z])(?P<half_more>\s+and\s+a\s+half)?(?:\s+(?:and\s+)?(?P<plus>an?|one|two|three|four|five|six|\d)\s+days?\b)?"
)
_NUMBERED = rf"(?<![\w.,/]){_N}(?:(?<=\d)\s*-?\s*|\s+|-)(?:full\s+|whole\s+|long\s+)?"
_COUNT = rf"(?:{_NUMBERED}|(?<!the )(?<!this )(?<!last )(?<!next )(?<!per )\b(?=(?:week|wk|fortnight|month)\b(?!\s+(?:\d|(?:{_WORDS})\b)))){_UNIT}"
_WD = _any(WEEKDAYS)
_MON = _any(MONTHS)
_NTH = r"(?:st|nd|rd|th)"
_PART = r"(?:\s+(?:morning|afternoon|evening|night|lunchtime|am|pm|arvo|eve))?"
_ROUGHLY = r"(?:(?:about|around|nearly|almost|over|only|like|more\s+than|at\s+least|just|roughly|now|exactly|approx|already|good|a(?=\s+(?:good|solid))|solid)\s+)*"

_YOUR_PLACE = (
    r"(?:(?:yours|urs|you(?:\s+(?:guys|lot))?|una\s+(?:clinic|place))\b|(?:the|your|ur|that)\s+(?:clinic|salon|skin\s+place)\b"
    r"|your\s+place\b|(?:my|her|his|our)\s+(?:treatment|session|sesh|facial|needling|microneedling)\b)"
)
ON_THE_SPOT = (
    rf"\b(?:on|in|during)\s+(?:my|the|our|her|his|ur)\s+(?:way|bus|train|tram|tube|taxi|cab|uber|car|drive|walk|ride|lift)(?:\s+(?:going|coming))?"
    rf"\s+(?:(?:back\s+)?home|back)\s+from\s+{_YOUR_PLACE}"
    rf"|\b(?:just|jus|only\s+just)\s+(?:this\s+(?:second|minute)\s+)?(?:(?:got|come|came)\s+)?(?:back\s+)?(?:home|back|in|out)\s+(?:from|of)\s+{_YOUR_PLACE}"
    r"|(?:^\W*|\b(?:been|back|got|came)\s+)home\s+since\s+(?:about\s+|around\s+)?"
    r"(?:noon|midday|lunch(?:time)?|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\s+o'?\s?clock"
    r"|(?:[1-9]|1\d|2[0-3])(?:[:.][0-5]\d)?(?:\s*(?:am|pm|o'?\s?clock))?"
    r"(?![\w/.:]*\d|\w|\s+(?:second|minute|min|hour|hr|day|night|week|month|year|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)))"
    r"|\b(?:sat|sitting|waiting|lying|still)\s+(?:here\s+)?in\s+(?:your|ur)\s+(?:waiting\s+(?:room|area)|chair|car\s*park|treatment\s+room|reception)\b"
)
"""Words of somebody who is at the clinic or has just come home from it: the treatment was today."""

TREATMENT_NOUN = (
    r"(?:treat(?:ment|\b)|session\b|morpheus\w*|sesh\b|(?<!to\s)top[\s-]?up\b(?!\s+(?:my|the|on|with|some))|(?:collagen|face|skin)\s+(?:\w+\s+)?thing|(?:micro|derma)[\s-]*needl\w*|needl(?:e|es|ing)\b|mn\b|procedure|appointment|appt|facial|(?:derma|home)\s?-?pen|derma\s?-?roll\w*|"
    r"roller|needle\s+(?:\w+\s+)?thing|pen\s+thing|\d(?:\.\d+)?\s?mm\s+pass|s[eé]ance|(?<!is\s)(?<!are\s)(?<!was\s)(?<!were\s)(?<!been\s)(?<!am\s)(?<!i'm\s)(?<!'s\s)(?<!just\s)(?<!still\s)sitting(?!\s+(?:(?:on|in|at)\b(?!\s*@)|there|here|still|down|up|with|by)\b)|skin\s?-?pen|rf\b|prp\b|radio\s*-?frequency|(?:2nd|3rd|4th|second|third|fourth)\s+(?:round|one))"
)

EXPRESSIONS: tuple[tuple[str, Sought], ...] = tuple(
    (kind, Sought(pattern))
    for kind, pattern in (
        ("on_the_spot", ON_THE_SPOT),
        ("until", rf"\bbe\s+{_ROUGHLY}{_COUNT}\s*(?:on\s+|this\s+)?(?:(?P<wd>{_WD})|tomorrow)\b"),
        ("until", rf"\b{_COUNT}\s+tomorrow\b"),
        ("week_before", rf"\bwas\s+{_ROUGHLY}{_COUNT}\s+(?:on\s+|last\s+)?(?:(?P<wd>{_WD})|(?P<back1>yesterday))\b"),
        ("week_before", rf"{_COUNT}\s+(?:last\s+(?P<wd>{_WD})|(?P<back1>yesterday))\b"),
        ("weekday", rf"\b(?P<wd>{_WD})(?P<week_more>\s+before\s+last|\s+week\s+ago)\b"),
        (
            "tomorrow_makes",
            rf"\b(?:tomorrow|tmrw)\s+(?:makes|marks|will\s+(?:make|mark|be))\s+(?:it\s+)?{_ROUGHLY}{_COUNT}",
        ),
        (
            "beside",
            rf"(?<!'s )(?<!is )(?<!only )(?<!just )\b(?:the\s+(?:next\s+day|day\s+after|(?P<back>day\s+before))|{_COUNT}\s+(?P<back2>before)\s+that)(?=\s*(?:$|[,.;!?]|and\b|but\b|so\b|still\b))",
        ),
        ("moment", r"\bnot\s+yest[eu]rday\W+(?:but\s+)?(?P<back2>the\s+day\s+before)\b"),
        (
            "moment",
            r"\b(?P<back2>(?:the\s+|a\s+)?(?:day\s+)?(?:before|b4)\s+yesterday|(?:the\s+)?night\s+before\s+last)\b",
        ),
        ("old", rf"(?:\bis|\bare|'s|,)\s+{_ROUGHLY}{_COUNT}\s+old\b"),
        (
            "next",
            r"\b(?:it'?s|it\s+is)\s+(?:now\s+)?the\s+(?:next|following)\s+(?:day|morning|afternoon|evening|night)(?=\s*(?:$|[,.;!?]|now\b|and\b))",
        ),
        (
            "noise",
            rf"\b(?:pregnant|preggo|expecting|preggers)\b(?:\W+\w+){{0,2}}\W+{_COUNT}(?!\s*(?:ago|back|since|post|after|from|past)\b)",
        ),
        (
            "noise",
            rf"\b{_COUNT}\s*(?:times?\b|from\s+now|until|till|to\s+go|left\b|off\b|old\b|long\b|(?:and\s+\d\s+days?\s+)?(?:pregnant|along|gestation|preggo)|more\b|rule\b|late\b)",
        ),
        ("noise", r"\bnext\s+day\b|\b(?:start|beginning|middle|end)\s+of\s+(?:last|this)\s+(?:week|month)\b"),
        ("noise", r"\b(?:every|each)\s+(?:\w+|\d+\w+)\s+(?:day|week|night)s?\b"),
        ("noise", rf"\b{_COUNT}\s+(?:a|per|each)\s+(?:day|week|month)\b"),
        (
            "noise",
            rf"\b{_COUNT}\s+before\s+(?:the|my|her|his)\s+(?:\w+\s+)?(?:treatment|session|needling|microneedling|appointment|facial|procedure)\b",
        ),
        ("noise", rf"{_NUMBERED}(?:years?|yrs?)\b(?:\s+ago)?"),
        ("after", r"\b(?P<n>\d{1,2})/(?P<unit>7|52)\s+(?P<link>post|after|since|from)\b"),
        ("after", r"\b(?:pod|t)\s*[+#]?\s*(?P<n>\d{1,2})(?:\s*(?:d|days?))?\b(?:\s+(?P<link>post|after))?"),
        ("weekday", rf"\blast\s+week\s+(?:on\s+)?(?P<wd>{_WD})\b(?P<week>)"),
        ("weekday", rf"\b(?P<wd>{_WD})(?P<week>\s+(?:of\s+)?last\s+week)\b"),
        ("ago", rf"{_COUNT}\s*(?:ago|back|prior)\b(?P<more>\s+yesterday)?(?:\s+today)?"),
        ("ago", rf"\bbefore\s+{_COUNT}(?=\s+(?:i|my|we)\b)"),
        ("ago", rf"{_COUNT}\s+before(?!\s+(?:my|the|a|i|we|you|it|using|going|having|\w+ing)\b)"),
        (
            "noise",
            rf"\b(?:every|each|per|within|(?<!coming\s)up\s+to|another|under|wait|until|till|by|next)\s+(?:the\s+next\s+)?{_ROUGHLY}{_COUNT}",
        ),
        (
            "lasting",
            rf"\b(?!last\s+(?:week|month))(?:for|past|last|these|since|over\s+the)\s+(?:the\s+)?(?:(?:last|past)\s+)?{_ROUGHLY}{_COUNT}(?!\s*(?:ago|back|post|after|since|past)\b)(?:\s+(?:straight|running|now|already))*",
        ),
        ("lasting", rf"{_COUNT}\s+(?:straight|in\s+a\s+row|on\s+the\s+trot)\b(?:\s+(?:now|already))?"),
        ("asked_after", rf"\bafter\s+{_ROUGHLY}{_COUNT}"),
        ("day", rf"\bweek\s+(?P<n>\d|{_WORDS})\b(?!\s*(?:[./]\d|days?|weeks?|of\b))"),
        (
            "day",
            rf"\bday\s*(?:number\s*|no\.?\s*|#\s*)?(?P<n>\d{{1,3}}|{_WORDS})(?:ish)?\b(?!\s*(?:hours?|times|days)|[./]\d)",
        ),
        (
            "day",
            rf"\b(?:(?P<nth>\d{{1,2}}){_NTH}|(?P<o>{_any(ORDINALS)}))\s+(?:day\b|(?=(?:since|after)\s+(?:the|my|your)\b))(?!\s+(?:back|off|at|of\s+(?:work|school)))",
        ),
        ("day", r"\bd[+-]?(?P<n>\d{1,2})\b"),
        (
            "nth",
            rf"\b(?:today|this|it)(?:\s+is|'s)\s+(?:already\s+|now\s+)?the\s+(?:(?P<nth>\d{{1,2}}){_NTH}|(?P<o>{_any(ORDINALS)}))(?=\s*(?:$|[,.;!?]|and\b|now\b))",
        ),
        (
            "after",
            rf"{_COUNT}\s*-?\s*(?P<link>after|post|past|since|from|into|in(?!\s+(?:the|a|an|my)\s+(?!heal|recov|process))|out|on|later|l8r|afterwards|down|running)\b(?!\s+the\s+same)",
        ),
        (
            "been",
            r"\b(?:been|mine\s+is|mine's|(?:it|that)'?s|it\s+is|i'?m|i\s+am|(?:it|that|this|today)\s+(?:makes?|does|marks|is)(?:\s+it)?|na|(?:don\s+|has\s+|have\s+)?(?:reach|pass)(?:ed)?|counted|coming\s+up\s+(?:to|for|on))"
            rf"\s+{_ROUGHLY}{_COUNT}",
        ),
        (
            "been",
            rf"{_COUNT}\s+(?:(?:has|have|had|is|are|don|done|now|already)\s+)*(?:pass(?:ed)?|gone(?:\s+by)?|elapsed|complete\w*|behind\s+(?:me|us)|(?<=don\s)go|over(?=\s*(?:now|and|but|\W|$)))(?!\w)",
        ),
        ("noise", rf"\bin\s+{_ROUGHLY}{_COUNT}"),
        ("next_day", r"\b(?:it'?s|it\s+is|this\s+is|today\s+is)\s+(?:only\s+|just\s+)?the\s+(?:day|morning)\s+after\b"),
        (
            "straight_from",
            r"\b(?:on|in|during|over)\s+my\s+lunch(?:\s*-?(?:break|hour|time))?\b|\bstraight\s+from\s+(?:the\s+|your\s+)?(?:clinic|chair|session|sesh|treatment|appointment)\b",
        ),
        (
            "morning_after",
            r"\b(?:woke|wake|woken|up)\s+(?:up\s+)?(?:on\s+)?the\s+(?:(?:next|following)\s+(?:day|morning)|(?:day|morning)\s+after)(?!\s+(?:@|(?:i|we|she|he|my|the|a|using|having|drinking)\b))",
        ),
        (
            "same_day",
            r"\b(?:night|day|evening|afternoon)\s+of\b|\b(?:straight|right|immediately|directly)\s+after\b|\bfirst\s+night\s+after\b",
        ),
        (
            "first_evening",
            r"\b(?:it'?s|it\s+is|this\s+is)\s+(?:only\s+|just\s+|still\s+)?(?:the|my)\s+(?:very\s+)?first\s+(?:evening|night)\b",
        ),
        (
            "date",
            rf"\b(?:(?:{_WD})\s+(?:the\s+)?)?(?:(?P<d>\d{{1,2}}){_NTH}?|(?P<o>{_any([*ORDINALS, *SMALL])}))\s+(?:of\s+)?(?P<mon>{_MON})\b",
        ),
        ("date", rf"\b(?:(?:{_WD})\s+)?(?P<mon>{_MON})\s+(?:the\s+)?(?P<d>\d{{1,2}}){_NTH}?\b(?!\s*(?:{_UNIT}))"),
        (
            "date",
            r"(?<![\d.])(?P<d>0?[1-9]|[12]\d|3[01])(?P<sep>[/.])(?P<mm>\d{1,2})(?:(?P=sep)(?P<y>\d{2,4}))?(?![\d/]|\.\d|\w|\s*(?:°|degrees|percent|%|mm|[cf]\b|hours?|hrs?|days?|weeks?|wks?|months?|am\b|pm\b))",
        ),
        ("date", r"\b(?P<y>20\d\d)-(?P<mm>\d\d)-(?P<d>\d\d)\b"),
        (
            "date",
            rf"\b(?:(?:{_WD})\s+)?(?:(?:on\s+)?the|on|was)\s+(?:(?P<d>\d{{1,2}}){_NTH}|(?P<o>{_any([*ORDINALS][2:])}))\b(?!\s+(?:day|session|treatment|time|round|one|night|week|month|of(?!\s+(?:this|the)\s+month))\b)",
        ),
        (
            "date",
            r"\b(?:on\s+)?the\s+(?:(?P<d>\d{1,2})(?:st|nd|rd|th)|(?P<o>first|second))\s+of\s+(?:this|the)\s+month\b",
        ),
        (
            "date",
            rf"(?<!for )(?<!before )(?<!by )(?<!until )(?<!till )(?<!your )(?<!a )\b(?P<feast>{_any(FEASTS)})\b(?=\s*(?:$|[,.;!?]|i\b|was\b|and\b|but\b|my\b|we\b|she\b|he\b|at\b|with\b|in\b))",
        ),
        ("date", r"\b(?:on|was|did\s+it)\s+the\s+(?P<d>\d{1,2})(?=\s*(?:$|[,.;!?]|and|but|so|still))"),
        ("noise", rf"\b(?:next|every|each|by|until|till|coming)\s+(?:{_WD}|weekend)\b"),
        ("weekday", rf"\b(?:(?:last|this\s+past|past|this)\s+)?(?P<wd>{_WD}){_PART}(?!\w)(?:'?s\b)?"),
        (
            "weekday",
            rf"\b(?P<wd>{_WD})'?s(?=\s+(?:\w+\s+)?(?:treatment|session|sesh|appointment|appt|procedure|needling)\b)",
        ),
        ("weekday", r"\b(?:(?:last|this|past|the)\s+){1,2}(?P<weekend>weekend)\b"),
        ("ago", r"\blast\s+(?P<unit>week|month)\b"),
        (
            "moment",
            r"\b(?P<back1>yest[eu]rdays?|ye?s?t?r?day|ystd|ytd|yest|(?:the\s+)?day\s+before\s+today|last\s+ni(?:ght|te)s?)\b",
        ),
        (
            "today",
            r"\b(?:today|2day|tdy|this\s+(?:morning|afternoon|evening|arvo|am|pm)|tonight|tonite|2nite|earlier|(?:just|right|now)\s+now|moments\s+ago"
            r"|just?(?=\s+(?:had|got|been|done|left|finished|came|come|coming|comot|did|walked|back|home|out)\b)|jus(?=\s+(?:got|had|did|left|came)\b))\b",
        ),
        (
            "day_after",
            r"\b(?:the\s+)?(?:day|morning)\s+after(?=\s*(?:$|[,.:;!?)]|and\b|but\b|so\b|still\b)"
            rf"|\s+(?:(?:my|the|your|a|having|getting)\s+)*(?:\w+\s+)?{TREATMENT_NOUN})",
        ),
        ("bare", rf"{_NUMBERED}{_UNIT}(?:\s+(?:now|already))?"),
        (
            "clock",
            r"\b(?:(?:at|around)\s+(?:\d{1,2}(?:[:.]\d\d)?(?:\s*(?:am|pm|o'?clock))?|noon|midday)|(?:at|around|over|before|after)\s+lunch(?:time)?)(?=\s*(?:$|[,.;!?]|and\b|but\b|it\b|now\b))",
        ),
    )
)

KEPT_IN_SIGHT = frozenset({"clock", "on_the_spot"})
"""Sorts of expressions whose words tell what happened as well, so that they are not masked."""

_FULL_WD = _any(name for name in WEEKDAYS if len(name) > 3)
_ENDS = r"(?=\s*(?:$|[,.;!?)]|and\b|but\b|so\b|now\b|today\b|as\s+i\s+(?:type|write|speak)))"
TODAY_IS = re.compile(
    rf"\b(?:today(?:\s+is|'s|\s+being)?|it'?s|it\s+is|now|we(?:'?re|\s+are)\s+(?:now\s+)?(?:at|on))\s+(?:now\s+|already\s+|only\s+|just\s+)*(?P<wd>{_FULL_WD}){_ENDS}"
    rf"|\btoday\s+(?:is\s+)?(?P<wd3>{_WD})(?=\s*(?:$|[,.;!?)]))"
    rf"|\b(?P<wd2>{_FULL_WD})\s+(?:(?:morning|afternoon|evening)\s+)?(?:now|today|here){_ENDS}",
    re.IGNORECASE,
)
"""The weekday of today, where a message tells it."""

OF_SOMEONE = r"(?:my|her|his|the|their|our|ur|your|mum'?s|mom'?s)"
TREATED_PART = r"(?:face|skin|cheeks?|forehead|neck|scars|acne\s+scars|chin|jaw|lips?|crow'?s\s+feet|d[eé]collet\w*)"
OTHER_PROCEDURE = (
    r"(?:botox|fillers?|laser|hair|nails?|brows?|lash(?:es)?|wax(?:ing)?|peel|blood|vaccine|jab|tattoo|dent(?:ist|al)|gym|physio|doctors?'?s?|gp|"
    r"training|work|therapy|school|massage)"
)
NEEDLE_TIP = (
    r"(?:needle\s+(?:tip|head|cartridge)|(?:same|used|dirty|old|new|fresh|dropped|shared)\s+(?:tip|cartridge)(?!\s+of\b)"
    r"|(?:dropped|changed|clicked?|swapped|wiped|reused|shared)\s+(?:the|her|his|a)\s+tip(?!\s+of\b))"
)
"""What goes into the skin: when one was shared or dropped is when the treatment was."""
EVENTS = re.compile(
    # Something else, told first: it takes the words along that would else be the treatment ("laser treatment", "nails done").
    rf"\b(?P<other>{OTHER_PROCEDURE}\s+(?:appointment|appt|session|treatment|done|went\s+in|was\s+in)"
    rf"|(?<!they\s)(?<!you\s)(?<!girl\s)(?<!lady\s)(?<!nurse\s)(?<!tech\s)(?<!\swas\s)(?<!\swere\s)(?:used|put|applied)\b(?!\s+(?:\w+\s+){{0,4}}?(?:on\s+(?:me|us|her|him)|{NEEDLE_TIP})\b)"
    r"|(?:using|picked|took(?!\s+place)|taken|wore|went(?!\s+(?:in\b|to\s+(?:you|u|una|see|your|ur|the\s+clinic)\b|for\s+(?:my|the)))|washed|tried|ate|eaten|drank|slept|ran|swam|worked|forgot|missed|touched|"
    r"rubbed|shaved|called|rang|emailed|messaged|spoke|flew|bought|ordered|had\s+(?:a|an|some|no|few|loads|lots|too)|got\s+(?:a|an|some|my\s+period|these|sun\w*)))\b"
    # The beginning of a sign or a change of it.
    r"|\b(?P<onset>start(?:ed|s|ing)?|began|begun|notic\w*|appeared|appearing|came\s+(?:up|out)|(?<!i )came\s+on|come\s+up|popped|woke|spread\w*|(?:got|went|gone)\s+(?:\w+\s+)?"
    r"(?:worse|better|away|down|red|bad)|turned|developed|happened|broke\s+out|broken\s+out|flared|swelled)\b"
    # The treatment: named, or as "had it", "done", "you did my face", "came in".
    rf"|\b(?P<treatment>{TREATMENT_NOUN}(?!\s+(?:areas?|sites?|zones?|spots?|bumps?|marks?|bed|price|plan|advice|serums?|creams?|balms?|gels?|masks?|kits?|sprays?|products?|instructions?|sheets?|leaflets?|booklets?|care)\b)"
    r"|(?:treated|rolled|derma\s?-?(?:stamp|roll|pen)n?ed|(?:micro\s?)?needled|stabbed|pricked)(?!\s+(?:areas?|skin|sites?|zones?|spots?|bits?|parts?|side|half|patch\w*|cheeks?))"
    r"|(?:had|did|got|do|make|made)\s+(?:it|mine|hers|his|am)\b(?!\s+(?:since|for(?!\s+(?:me|us)\b)|before|on\s+my|all|under|again|checked)\b)"
    r"|(?:had|did|got)\s+(?:this|that|them|one)(?=\s*(?:done\b|@|on\s*@|about\s*@|around\s*@|$|[,.;!?]))"
    rf"|(?:did|do|does|done|made|make|got)\s+(?:\w+\s+)?{OF_SOMEONE}\s+(?:whole\s+|upper\s+)?{TREATED_PART}(?!\s+(?:wet|dirty|burn\w*|sun\w*|waxed|wash\w*|hurt))"
    r"|(?:the|that|your)\s+(?:pen|machine)(?=\s*@|\s+\w+\s+@)|(?<!i\s)finished(?=\s+(?:about\s+|around\s+|just\s+)?@)"
    r"|(?:you|u|una|dem|they|she|he|who)\s+(?:do|did|does|made|make|numbed|treated|needled)\s+(?:me|us|him|her)\b"
    r"|did\s+(?:me|us)\b(?!\s+(?:good|no|an?|in|proud|wrong)\b)"
    r"|(?:place|clinic|salon|spa|studio|girl|lady|person|practitioner)\s+(?:that\s+|where\s+)?(?:i|we|she|he)\s+(?:used|went\s+to|visited|chose|picked)\b(?!\s+for\b)"
    r"|done\b|was\s+the\s+date|(?:mine|hers|his)\s+(?:was|were)|(?:after|of|since|from)\s+(?:mine|hers|his)\b|both\s+of\s+us\s+did"
    r"|(?:this|latest|most\s+recent)\s+one"
    rf"|{NEEDLE_TIP}\b"
    r"|(?:was|were|been)\s+(?:just\s+)?(?:with|at)\s+(?:you|u|yours|urs)\b|(?:was|were)\s+there(?=\s*@)"
    r"|(?:saw|seen|visited|visit\s+to|attended|by)\s+(?:you|u)\b(?!\s+(?:guys?\s+)?(?:can|think))"
    r"|\b(?:i|we)\s+(?:came|visited|attended)\b(?!\s+(?:up|out|down|across|off|on|round|over))"
    r"|your\s+(?:chair|place|machine)|una\s+(?:clinic|place|needle)|(?:went|came|was|been)\s+(?:to|by|at)\s+(?:the|your|ur)\s+(?:clinic|place)|(?:you|u|they|nurse|doctor|dr|una|dem)\s+(?:\w+\s+)?(?:did|saw|treated|finished)\b"
    r"|(?:came|was|were|been|went|go|come)\s+(?:in\b(?!\s+(?:the|my|a|an|so|pain|bed|agony|tears|hospital|and|for\s+work))|to\s+(?:see\s+)?(?:you|u|una)\b)|went\s+for\s+(?:my|the)"
    r"|(?:i|we|she|he)\s+(?:left|walked\s+out)\b|left\s+yours\b|left\s+you(?=\s+(?:about\s+|around\s+|just\s+|at\s+)?@)|my\s+turn\s+(?:came|was)\b|(?:had|did)\s+my\s+(?:first|second|third|1st|2nd|3rd)(?=\s+(?:(?:one|go)\s+)?(?:on\s+)?@)|(?:walked|come|comes|came|coming)\s+out(?=\s+(?:of|from)\b|\s*@)(?!\s+of\s+(?:hospital|the\s+(?:shower|bath|sun|pool)))|came\s+home\s+from\s+(?:you|it)|home\s+from\s+it"
    r"|(?:they|you|girl|lady|nurse|tech)\s+(?:used|put|applied|opened)\b|(?:the|numbing|numb|anaesthetic)\s+(?:cream|stuff|gel)\s+(?:was|were|went)"
    r"|had\s+the\s+(?:\w+\s+)?cream(?=\s*@)|(?<!the\s)clinic\s+was(?=\s*(?:on\s*)?@)|hers\b(?=\s*(?:$|[,.;!?@]|and\b|but\b|so\b))|(?:left|from|of|at|in)\s+(?:the\s+|your\s+|ur\s+)?clinic)",
    re.IGNORECASE,
)
BREAK = re.compile(
    r"[!?;,:()…\n]+|\.(?!\d)|\s[-–—]+\s|[–—]|\b(?:but|so|because|cos|cuz|coz|then|while|although|though|yet|now|lol|or)\b"
    r"|(?:\b(?:and|n)\b|&)(?!\s+(?:my\s+)?(?:neck|face|chest|hands?|forehead|chin|cheeks|jaw|prp|rf)\b(?!\s+(?:is|are|was|were|feel|look)))"
    r"|(?<!was)(?<!is)(?<!'s)\s+when\b",
    re.IGNORECASE,
)
"""Where a new clause begins. "And" before a part of the body goes on with the clause ("my face and neck this morning")."""
STATE = re.compile(
    r"\b(is|are|am|im|feels?|looks?|been|has|have|still|getting|hurts?)\b|'s\s+(?!@)|'m\b", re.IGNORECASE
)
"""Words that speak of now: between the treatment and a time they part the two ("my session left marks that are red today")."""
PRESENT = re.compile(
    r"\b(?:is|are|has|can|still|now|looks|feels|says|saying|tells|getting|having|s?hes|won't|wont|can't|cant|doesn't|doesnt|keeps|gets|hurts|wants|needs|lips|goes)\b|\bjust\s+(?!had|got|did|like|an?\b)\w+|'s\b(?!\s+@)",
    re.IGNORECASE,
)
"""Words about the state of somebody else that is of now: the message is about them ("my mother had it on Monday and is red")."""
PAST = re.compile(
    r"\b(had|did|got|was|were|done|treated|\w*needled|left|saw|came|went|since|from|after|finished)\b", re.IGNORECASE
)
NOT_YET = re.compile(
    rf"\b(if\s+(?:i|it|we)|next\s+(?:{TREATMENT_NOUN}|one|visit)|book\w*|rebook|cancel\w*|reschedul\w*|postpone\w*|shift|swap|change\s+my|thinking\s+(?:of|about)|"
    r"want\w*|plan(?:ning|s)?|tomorrow|tmrw|(?<!since )(?<!after )(?<!from )having\s+(?:it|my|the|a)|due|scheduled|looking\s+forward|nervous|excited|prep\w*|move\s+(?:it|my)|can\s+i\s+(?:have|get|come))\b",
    re.IGNORECASE,
)
DID_SO = re.compile(
    r"\b(?!need|indeed|treat|roll|finish)\w{2,}ed\s+(?:\w+\s+)?(?:(?:on|from)\s+)?$",
    re.IGNORECASE,
)
"""A sign's past just before a day: "peeled day 3" tells of that day, not of now."""
DID = re.compile(r"\bi\s+(?:\w+ed|ate|drank|went|fell|hit|cut|burnt|slept|took|gave|called|rang)\b", re.IGNORECASE)
"""Something that the writer did themselves, so that "that was yesterday" may be said of it."""
TO_COME = re.compile(
    rf"(?<!had )\b(?:have|need|like|get|make)\s+(?:an?|my|another|the)\s+(?:\w+\s+)?{TREATMENT_NOUN}", re.IGNORECASE
)
"""A treatment that is still to come, if the day said with it can be ("I have my treatment on Monday")."""
ASKS = re.compile(
    r"^[^\w@]*(?:(?:hi|hello|hey|also|and|so|please|pls|ok|btw)\W+)*(?:can|could|should|shall|may|will|would|when|how|what|do|does|did\s+you|is(?!\s+@)|are|which(?!\s+(?:is|was|makes)\s+@)|who)\b(?!n?'?t\b)",
    re.IGNORECASE,
)
GENERAL = re.compile(
    r"\b(what(?:\s+(?:about|will|should|would|happens|do|can|to))|how\s+(?:about|long|soon|will|many|do)|will\s+(?:i|it|my|the|there)|when\s+(?:can|will|do|should|does|is)|"
    r"can\s+(?:i|you|we|it)|could\s+i|should\s+i|may\s+i|shall\s+i|do(?:es)?\s+(?:it|people|you|the|most|everyone)|is\s+it\s+(?:\w+\s+)?to|people|usually|normally|typically|heard|read|"
    r"they\s+say|(?:dem|they|una)\s+(?:don\s+)?tell\s+me|expect|going\s+to|gonna|supposed\s+to|ok(?:ay)?\s+(?:to|on|by)|safe\s+to|last\s+time|told|avoid|wait|must(?!\s+be\b)|have\s+to|need\s+to|suppos(?:e|ing)|imagine|if\s+(?:they|there|these|those|the))\b",
    re.IGNORECASE,
)
"""A day asked about, heard of or advised, not the patient's own."""
IS_USUAL = re.compile(
    r"\bis\s+(?:it|that|this)\s+(?:\w+\s+)?(?:normal|usual|common|expected|right|typical)\s+(?:still\s+)?to\s+"
    r"(?:still\s+)?(?:be|feel|peel|bleed|itch|swell|flake|hurt|sting|burn|ache|ooze|weep)\b",
    re.IGNORECASE,
)
"""Who asks whether a sign is usual on a day has the sign on that day."""
OWN = re.compile(
    r"\b(i'?m|i\s+am|it'?s|it\s+is|today\s+is|this\s+is|today|now|currently|been|still(?!\s+(?:ok|okay|fine|alright|safe|allowed)\b)|be\s+this|my\s+\w+\s+(?:is|are)|am\s+i|(?:is|are)\s+(?:my|this|these)|this\s+time)\b",
    re.IGNORECASE,
)
IS_NOW = re.compile(
    r"(?:^\W*|\b(?:now|which|that|today|dis)\s+)is\s+(?:now\s+|already\s+|only\s+|just\s+)?$", re.IGNORECASE
)
"""Just before a count: "which is day 5 so fair enough", "is two days since the needles"."""
HAPPENED = re.compile(
    r"\b(?:\w{2,}ed|went|fell|got|had|did|put|ate|drank|slept|ran|swam|took|came|left|broke|felt|burnt|saw|made|wore)\b",
    re.IGNORECASE,
)
AT_THE_CLINIC = re.compile(
    r"\b(?:numbing|numb(?:ed)?\b[^.?!]{0,40}\bcream|anaesthetic|anesthetic|your\s+(?:girl|nurse|lady|lass|staff|place|clinic|colleague|therapist))\b",
    re.IGNORECASE,
)
"""What is there on the day of the treatment alone: hours ago, it was today."""
HEARSAY = re.compile(r"\b(?:said|says|say|peaks?|worst)\b", re.IGNORECASE)
"""What is told of a day in general: "she said it peaks the day after"."""
PERSON = re.compile(
    r"\b(?:(?:my|our|the|his|her)\s+(?:\w+\s+)?(?:sister|sis|brother|bro|friend|bff|mate|mum|mom|mummy|mother|dad|father|wife|husband|hubby|partner|boyfriend|"
    r"girlfriend|daughter|son|kid|child|pikin|cousin|aunt\w*|uncle|niece|nephew|nan|gran\w*|roommate|flatmate|colleague|coworker|boss|"
    r"neighbou?r|missus)s?|mum|mom|mummy|hubby|she|he|her|hers|him|his|someone)\b(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
IS_PATIENT = re.compile(
    rf"\b(?:mine|my\s+(?:own\s+)?(?:{TREATED_PART}|eyes?|nose|{TREATMENT_NOUN})|i\s+(?:had|did|got|have|want|plan|look|feel|peel\w*)|"
    r"am\s+i\b|i(?:'m|m|\s+am)\s+(?!writing|typing|talking|speaking|calling|ringing|holding|sitting\s+with|worried|scared"
    r"|asking\s+(?:for|on)|her|his|the|at\s+(?:work|home|the)|with\s+(?:her|him|them)"
    r"|in\s+(?!(?:a\s+(?:lot|bit)\s+of\s+|so\s+much\s+|real\s+|severe\s+)?(?:pain|agony|tears|bits|bed)|your\b)))\b",
    re.IGNORECASE,
)
"""A writer who speaks of an own treatment, skin or state: what is told of others is then only a comparison."""
SELF = re.compile(
    r"\b(i|i'?m|me|mine|my\s+(?:own|face|skin|treat\w*|session|micro\w*))\b|^\s*(?:did|says?|said|thinks?)\b",
    re.IGNORECASE,
)
TOGETHER = re.compile(r"(?<!tell )(?<!told )(?<!asked )(?<!about )(?<!for )\bme\s+(?:and|n|&|plus)\s+$", re.IGNORECASE)
"""Just before another person: "me and my flatmate mixed up our rollers last night" is told of both."""
CORRECTED = re.compile(r"\b(sorry|meant|i\s+mean|actually|correction|mistake|wait|no\W)", re.IGNORECASE)
PUT_RIGHT = re.compile(r"\b(meant|i\s+mean|(?:no|sorry|actually|wait)\W+(?:it|that)\s+was|mistake)\b", re.IGNORECASE)
QUOTED = re.compile(r"\bi\s+(?:said|told\s+you|wrote|typed)\s", re.IGNORECASE)
EARLIER = re.compile(
    r"\b((?:first|1st)\s+(?:one|session|sesh|treatment|time)|(?:session|treatment|one)\s+one|last\s+time|previous\w*|the\s+time\s+before)\b",
    re.IGNORECASE,
)
MARK = re.compile(
    r"\b(?:bruis\w*|bumps?|spots?|scabs?|marks?|rash|patch\w*|lumps?|scars?|blisters?|dots?)\b", re.IGNORECASE
)
"""Signs that are told by their age ("a bruise from the needling, 12 days old")."""
NUMB = re.compile(
    r"\b(?:numb\w*|asleep|frozen|an?aesthetic|no\s+feeling|without\s+(?:any\s+)?feeling|can'?t\s+feel)\b", re.IGNORECASE
)
LAST_TIME = re.compile(
    r"\s*(?:the|my|our|her|his|their)\s+last\s+(?:time|one|go|round|visit)\b(?!\s+(?:that\s+)?(?:i|we|she|he|they)\b)",
    re.IGNORECASE,
)
"""What is counted from where the treatment has no name ("two months since the last time")."""
NUMBING = re.compile(
    r"\s+(?:(?:the|my|your|that)\s+)?(?:(?P<named>numb\w*|an?aesthetic|lidocaine)\s+)?(?:cream|gel|stuff)\b",
    re.IGNORECASE,
)
"""The cream that numbs is of the treatment's day ("forehead asleep four hours after the cream")."""
STILL = re.compile(
    r"[\s@]*(?:$|(?:still|and|yet|already|that)\b(?!\s+(?:a\s+half|i\s+(?:have|want|need)\b))|i\s+(?:did|had|look|feel|have\s+th)|i'?m\s+(?:still|having)\b|me\s+still\b)",
    re.IGNORECASE,
)
"""What goes on after a count that opens a clause: it is then how long ago all began ("10 days and still red")."""
FILLER = re.compile(
    r"\b(it|that|this|was|is|its|on|the|i|think|maybe|about|around|hi|hello|so|ok|only|just|sorry|actually|well|no|yes|yeah|yep|like|say|said|roughly|"
    r"must|have|be|been|probably|a|an|at|morning|night|evening|afternoon|approx|um+|er+|guess|believe|nearly|almost|s|gone|exactly|precisely|please|oh|wait|id|d|meant|mean|not|my|mistake)\b|[\W\d_]+",
    re.IGNORECASE,
)
"""What may stand with a time that nothing else is said of."""


@dataclass(frozen=True)
class TimeMention:
    """One time expression. ``kind``: ``since`` (days since treatment), ``onset`` (a sign began), ``lasting`` (a sign has
    lasted), ``asked`` (a day asked about, no statement), ``unclear`` (a past moment and nothing else), ``loose`` (a past
    moment of something that is not understood: the treatment only where we have just asked for its day), ``other`` (a past
    moment of something that is no treatment), ``next`` (so many days more have passed since the patient wrote before).

    ``days`` is days before now, or None where ``weekday`` (0 = Monday) or ``date`` (year or 0, month or 0, day) says it.
    With both, ``days`` will have passed on that weekday to come ("it'll be a week on Monday"). What is ``weak`` tells the day
    of the treatment where nothing else does ("bumps came up round day 4"). ``more`` days lie before the weekday or date ("a
    week last Tuesday"; fewer than 0: after it).
    """

    kind: str
    start: int
    end: int
    text: str
    days: int | None = None
    weekday: int | None = None
    last_week: bool = False
    date: tuple[int, int, int] | None = None
    weak: bool = False
    more: int = 0

    def days_before(self, today: dt.date) -> int | None:
        """Days between the moment meant and ``today``; None where it cannot be (31 February).

        A weekday that is today's means a week ago: for today people say today.
        """
        if self.weekday is not None:
            if self.days is not None:
                return max(self.days - (self.weekday - today.weekday()) % 7, 0)
            back = (today.weekday() - self.weekday) % 7
            if self.more:
                return max((back or 7) + self.more, 0)
            in_this_week = back <= today.weekday()
            if back == 1 and self.text.lower().startswith("last"):
                return 8  # yesterday is called so
            return back + 7 if self.last_week and in_this_week else back or 7
        if self.days is not None or self.date is None:
            return self.days
        in_figures = bool(re.search(r"\d[/.]\d", self.text))
        past = [(today - d).days for d in _candidates(today, *self.date, swapped=in_figures) if d <= today]
        long_past = self.text.lower() in FEASTS and min(past, default=0) > LONGEST_SIGN  # then one to come is meant
        return max(min(past) + self.more, 0) if past and not long_past else None


def _candidates(today: dt.date, year: int, month: int, day: int, swapped: bool) -> list[dt.date]:
    """Possible dates. What is not said is this or the last month and year; figures may be day/month or month/day."""
    years = [year + 2000 if year < 100 else year] if year else [today.year, today.year - 1]
    months = [month] if month else [today.month, (today.replace(day=1) - dt.timedelta(days=1)).month]
    pairs = {(m, day) for m in months} | ({(day, month)} if swapped else set())
    found = []
    for y in years:
        for m, d in pairs:
            try:
                found.append(dt.date(y, m, d))
            except ValueError:
                continue
    return found


@dataclass(frozen=True)
class _Claim:
    """A reading of one expression, and how much it says on the treatment day against others of the same message."""

    mention: TimeMention
    weight: int = 0
    weak: bool = False


PUT_RIGHT_BY = re.compile(
    rf"\s*[,–—-]?\s*(?:(?:no|oh|or)\s+)?(?:wait|sorry|actually|i\s+mean|make\s+that|scratch\s+that)[\s,]+(?:it'?s\s+)?(?P<n>\d{{1,2}}|{_WORDS})(?=\s*(?:$|[!?)]|\.(?!\d)))",
    re.IGNORECASE,
)
"""A count that is corrected by a number: "4 days, no wait 5"."""

LATER = frozenset({None, "later", "l8r", "afterwards", "on", "in", "out", "down", "running"})
"""Links of a count of hours that say nothing of the treatment: "two hours later it still stings" counts from whatever was done
then, the treatment where nothing else tells its day."""

NAMED, NOW, MOMENT, FORMER = 4, 3, 2, 1
"""How much a claim says: "treated 3 days ago", "day 3", "treated on Monday", an earlier session or what only surroundings tell."""
CORRECTION = 10


def find_times(text: str) -> list[TimeMention]:
    """All time expressions of a message that say something, in the order of the text; at most one ``since``."""
    answer = _number_alone(text)
    if answer is not None:
        return [answer]
    scene = _Scene(divided(text))
    claims = [c for kind, match in scene.expressions if (c := _RULES[kind](kind, match, scene)) is not None]
    counts_days = any(kind == "day" for kind, _ in scene.expressions)
    claims = [c for c in claims if not (c.weak and c.mention.days == 0 and counts_days)]
    best = _best([c for c in claims if c.mention.kind == "since"])
    return [
        replace(c.mention, weak=c.weak) if c is best else c.mention
        for c in claims
        if c.mention.kind != "since" or c is best
    ]


def _best(claims: list[_Claim]) -> _Claim | None:
    """The weightiest claim; of equal ones the last count ("day 2 ... now day 4"), but the first moment."""
    weight = max((c.weight for c in claims), default=0)
    equal = [c for c in claims if c.weight == weight]
    if not equal:
        return None
    best = equal[-1] if weight % CORRECTION == NOW else equal[0]
    return next((c for c in claims if _makes_exact(c.mention, best.mention)), best)


def _makes_exact(mention: TimeMention, rough: TimeMention) -> bool:
    """Whether a count of days says exactly what weeks beside it said roughly ("over a week since, eight days")."""
    if mention.days is None or rough.days is None or mention is rough:
        return False
    in_weeks, in_days = (re.search(r"week|wk|fortnight|month", m.text, re.IGNORECASE) for m in (rough, mention))
    return bool(in_weeks) and not in_days and 0 < abs(mention.days - rough.days) <= ROUNDED_BY


def _number_alone(text: str) -> TimeMention | None:
    """A message that is a number ("3", "three", "16th") answers our question for the day; without one it is loose."""
    roughly = (
        r"(?:(?:about|around|like|maybe|roughly|approx|i\s+think|nearly|almost|it'?s|um+|er+|ok|yes|over|just)\W+)*"
    )
    number = (
        rf"(?:(?P<n>\d{{1,2}}|{_WORDS})|(?:on\s+)?(?:the\s+)?(?P<d>\d{{1,2}}){_NTH}|(?:on\s+)?the\s+(?P<d2>\d{{1,2}}))"
    )
    match = re.fullmatch(rf"\W*{roughly}{number}(?:\W+(?:i\s+think|maybe|or\s+so|ish|roughly))?\W*", text.lower())
    if match is None:
        return None
    said = partial(TimeMention, "loose", match.start(), match.end(), text)
    return (
        said(days=_days_of(match))
        if match.group("n")
        else said(date=(0, 0, int(match.group("d") or match.group("d2"))))
    )


@lru_cache(maxsize=1)
def language_of_times() -> Language:
    """How messages are split, with the words of time that are repaired. A second to make: ``Reader`` has it made at once,
    since a process that meets its first messages in many threads would make it in each of them."""
    return Language(TYPED)


class _Scene:
    """One message: its text in lower case with typing errors in words of time repaired, its expressions, clauses and events."""

    def __init__(self, text: str) -> None:
        self.original = text
        self.text = self._repaired(text)
        self.expressions = _expressions(self.text)
        masked = list(self.text)
        for kind, match in self.expressions:
            if kind not in KEPT_IN_SIGHT:
                masked[match.start() : match.end()] = "@" * (match.end() - match.start())
        self.masked = "".join(masked)
        spans = [b.span() for b in BREAK.finditer(self.masked)]
        self._starts = [0, *(end for _, end in spans)]
        self._ends = [*(start for start, _ in spans), len(self.text)]
        self._shorten()

    @cached_property
    def writes_for_another(self) -> bool:
        is_now = PRESENT.search(self.masked) or any(kind == "today" for kind, _ in self.expressions)
        return bool(is_now) and not IS_PATIENT.search(self.masked)

    @cached_property
    def is_numb(self) -> bool:
        return bool(NUMB.search(self.masked))

    @cached_property
    def _events(self) -> dict[int, list[re.Match[str]]]:
        """What happened, by clause."""
        found: dict[int, list[re.Match[str]]] = {}
        for event in EVENTS.finditer(self.masked):
            found.setdefault(self.clause(event.start()), []).append(event)
        return found

    @cached_property
    def _today(self) -> re.Match[str] | None:
        """Where the message says which weekday it is."""
        return TODAY_IS.search(self.text)

    def _shorten(self) -> None:
        """Cuts a clause that goes on and on, so that the work grows no faster than the message."""
        cuts = [
            at
            for start, end in zip(self._starts, self._ends, strict=True)
            for at in range(start + LONGEST_CLAUSE, end, LONGEST_CLAUSE)
        ]
        self._starts = sorted([*self._starts, *cuts])
        self._ends = sorted([*self._ends, *cuts])

    def _repaired(self, text: str) -> str:
        """Also notes where each word of the text came from."""
        doc, words = language_of_times().words_of(text)
        pieces, self._here, self._there, length = [], [0], [0], 0
        for token, word in zip(doc, words, strict=True):
            if token.is_space:
                pieces.append("\n" if "\n" in token.text else "")
                length += len(pieces[-1])
                continue
            piece = word if token.is_alpha and len(token) > 3 else token.lower_
            self._here.append(length)
            self._there.append(token.idx)
            pieces.append(piece + token.whitespace_)
            length += len(pieces[-1])
        return "".join(pieces).translate(APOSTROPHES)

    def _place(self, at: int) -> int:
        """Where a place of the repaired text stands in the message."""
        i = bisect_right(self._here, at) - 1
        following = self._there[i + 1] if i + 1 < len(self._there) else len(self.original)
        return min(self._there[i] + at - self._here[i], following)

    def said(self, kind: str, match: re.Match[str]) -> partial[TimeMention]:
        start, end = self._place(match.start()), self._place(match.end())
        return partial(TimeMention, kind, start, max(end, start), self.original[start:end])

    def __len__(self) -> int:
        """How many clauses there are."""
        return len(self._starts)

    def clause(self, at: int) -> int:
        return bisect_right(self._starts, at) - 1

    def words(self, clause: int) -> str:
        """A clause with its times masked; nothing beyond the first and the last one."""
        return self.masked[self._starts[clause] : self._ends[clause]] if 0 <= clause < len(self._starts) else ""

    def before(self, at: int) -> str:
        return self.masked[self._starts[self.clause(at)] : at]

    def after(self, at: int) -> str:
        return self.masked[at : self._ends[self.clause(max(at - 1, 0))]]

    def days_since_date(self, day: int) -> int | None:
        """Days from a day of this month to what the message says is today ("today is the twentieth"); None without it."""
        told = re.search(
            rf"\b(?:today(?:\s+is|'s)?|(?:it'?s|it\s+is)\s+now|(?:it'?s|it\s+is)(?=\s+the\s+\w+\s+(?:now|today)\b))\s+(?:already\s+|only\s+)*(?:the\s+)?(?:(?P<d>\d{{1,2}}){_NTH}|(?P<o>{_any(ORDINALS)}))(?=\s*(?:$|[,.;!?)]|and\b|now\b|today\b|so\b))",
            self.text,
        )
        passed = _day_of_month(told.groupdict()) - day if told else 0
        return passed if passed > 0 else None

    def days_since_weekday(self, weekday: int) -> int | None:
        """Days from a weekday to the one that the message says is today ("done Monday, today Thursday"); None without it."""
        told = self._today
        if told is None:
            return None
        return (WEEKDAYS[told.group("wd") or told.group("wd2") or told.group("wd3")] - weekday) % 7 or None

    def is_of_today(self, match: re.Match[str]) -> bool:
        """Whether a weekday is the one that the message says is today."""
        return self._today is not None and self._today.start() <= match.start() < self._today.end()

    def is_asked(self, at: int) -> bool:
        """Whether the sentence of a place ends in a question mark."""
        end = re.compile(r"[.!?\n](?!\d)").search(self.masked, at, at + LONGEST_CLAUSE)
        return end is not None and end.group() == "?"

    def counts_twice(self) -> bool:
        """Whether days are counted more than once."""
        return sum(kind in ("day", "after", "ago", "been") for kind, _ in self.expressions) > 1

    def event(self, match: re.Match[str]) -> str | None:
        """What happened at a time: the nearest event before it in its clause, else the nearest after it."""
        events = self._events.get(self.clause(match.start()), [])
        for event in reversed([e for e in events if e.end() <= match.start()]):
            is_ago = "ago" in match.group() and self.masked[event.end() : match.start()].strip() in ("is", "is now")
            stated = STATE.search(self.masked, event.end(), match.start()) and not is_ago
            if event.lastgroup != "treatment" or not stated:
                return event.lastgroup
        return next((e.lastgroup for e in events if e.start() >= match.end()), None)

    def answers_when(self, match: re.Match[str]) -> bool:
        """Whether a time is offered as the answer to a question ("when does it start, day 3?")."""
        own = self.clause(match.start())
        return bool(re.search(r"\b(?:when|what\s+day|how\s+(?:long|many|soon))\b", self.words(own - 1))) and self.text[
            match.end() :
        ].startswith("?")

    def names_treatment(self, clause: int) -> bool:
        return any(e.lastgroup == "treatment" for e in self._events.get(clause, []))

    def defines_treatment(self, match: re.Match[str]) -> bool:
        """Whether the clause beside a time says that it is the treatment's ("since Tuesday when I had my treatment",
        "after my session, which was on Tuesday")."""
        before = self.words(self.clause(match.start()) - 1)
        if re.search(r"\bwhich\s+was\s+(?:on\s+)?$", self.before(match.start())) and re.search(
            rf"{TREATMENT_NOUN}\W*$", before
        ):
            return True
        following = self.clause(match.start()) + 1
        joined = re.match(r"\W*(?:which\s+is\s+|that'?s\s+)?when\s", self.text[match.end() :])
        return bool(joined) and self.names_treatment(following)

    def dates_treatment(self, match: re.Match[str]) -> bool:
        """Whether a time is that of the treatment told after it ("since Monday's session", "since Monday that you did me")."""
        after = self.after(match.end())
        if re.match(r"'?s?\s+(?:\w+\s+)?" + TREATMENT_NOUN, after):
            return True
        told = re.match(r"\W*(?:that|wey|when|after|which|i|you|u|we|they|she|he|una|dem)\b", after)
        first = EVENTS.search(after)
        return bool(told and first and first.lastgroup == "treatment")

    def is_bare(self, clause: int) -> bool:
        """Whether a clause holds a time and nothing else."""
        return not FILLER.sub("", self.words(clause).replace("@", ""))

    def ends_story(self, match: re.Match[str]) -> bool:
        """Whether "that was yesterday" closes a story that nothing but the treatment can be meant by."""
        own = self.clause(match.start())
        told = re.search(
            r"\b(?:it|that|this)(?:'?s|\s+(?:was|is))\s+(?:about\s+|only\s+|like\s+|just\s+)*$",
            self.before(match.start()),
        )
        earlier = [e for c in range(own) for e in self._events.get(c, [])]
        story = re.search(r"\w", self.masked[: self._starts[own]])
        return bool(told and story) and all(e.lastgroup == "treatment" for e in earlier) and not DID.search(self.masked)

    def borrows_treatment(self, match: re.Match[str]) -> bool:
        """Whether a bare time belongs to the treatment in the clause before or after it ("Fri just gone, my session")."""
        own = self.clause(match.start())
        # "Done on Friday evening, so three days ago": the count says what the weekday before it said.
        restated = match.groupdict().get("unit") and self.text[: match.start()].rstrip().endswith((" so", "("))
        told = next((c for c in range(own - 1, -1, -1) if self.words(c).strip()), -1)
        if restated and self.is_bare(own) and self.names_treatment(told):
            return True
        return self.is_bare(own) and any(
            self.names_treatment(c) and "@" not in self.words(c) for c in (own - 1, own + 1)
        )


def _expressions(text: str) -> list[tuple[str, re.Match[str]]]:
    """In the order of the text; where two overlap the sort that stands first in ``EXPRESSIONS``."""
    found: list[tuple[str, re.Match[str]]] = []
    taken = bytearray(len(text))
    lowered = text.lower()
    for kind, expression in EXPRESSIONS:
        for match in expression.finditer(text, lowered):
            if not any(taken[match.start() : match.end()]):
                taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
                found.append((kind, match))
    return sorted(found, key=lambda f: f[1].start())


def _days_of(match: re.Match[str]) -> int:
    """The whole days of "2 and a half weeks", "third", "48 hours"."""
    said = match.groupdict()
    if said.get("o"):
        return ORDINALS[said["o"]]
    words = re.sub(r"\s+", " ", said.get("n") or said.get("nth") or "a")
    number = float(words) if words[0].isdigit() else NUMBERS[words]
    number += 0.5 * bool(said.get("half") or said.get("half_more"))
    unit = said.get("unit") or ("w" if match.group().startswith("week") else "d")
    plus = said.get("plus") or "0"
    more = int(plus) if plus.isdigit() else int(NUMBERS[plus])
    return int(number * UNIT_DAYS["mi" if unit.startswith("mi") else unit[0]]) + more


def _shifted(days: int, match: re.Match[str], scene: _Scene) -> int:
    """Counted for another day: "tomorrow is day 3" is day 2, "yesterday was day 2" is day 3."""
    around = scene.text[max(match.start() - 30, 0) : match.start()], scene.text[match.end() : match.end() + 20]
    link = r"(?:\s+(?:is|was|will\s+be|it\s+will\s+be|it'?ll\s+be|makes\s+it|would\s+be|i'?m|i'?ll\s+be|on|my|the|only))*\W+"
    if re.search(rf"\b(?:tomorrow|tmrw){link}$", around[0]) or re.match(r"\W+(?:is\s+)?(?:tomorrow|tmrw)\b", around[1]):
        return max(days - 1, 0)
    if re.search(rf"\byesterday\s+was{link}$", around[0]) or re.match(r"\W+was\s+yesterday\b", around[1]):
        return days + 1
    return days


def _is_negated(match: re.Match[str], scene: _Scene) -> bool:
    return bool(re.search(r"\b(?:not|isn't|wasn't|nt)\s+(?:on\s+|the\s+|my\s+)*$", scene.before(match.start())))


def _is_of_another(match: re.Match[str], scene: _Scene) -> bool:
    before = scene.before(match.start())
    other = PERSON.search(before)
    if scene.writes_for_another or other is None:
        return False
    at = match.start() - len(before) + other.start()
    if TOGETHER.search(scene.masked[:at]):
        return False
    return not SELF.search(other.group("rest"))


def _weight(weight: int, match: re.Match[str], scene: _Scene) -> int:
    own = scene.clause(match.start())
    if EARLIER.search(scene.words(own)):
        weight = FORMER
    near = scene.masked[max(match.start() - 25, 0) : match.start()]
    return weight + CORRECTION * bool(CORRECTED.search(near))


def _count(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """Days counted up to now: "day 3", "3 days post", "it's been 3 days"."""
    before = scene.before(match.start())
    if _is_negated(match, scene) or _is_of_another(match, scene):
        return None
    corrected = PUT_RIGHT_BY.match(scene.text[match.end() :])
    days = _shifted(_days_of(corrected or match), match, scene)
    permitted = re.match(
        r"\W*(?:is\s+|are\s+)?(?:it\s+)?(?:ok|okay|allowed|fine|alright|safe|possible)\b", scene.after(match.end())
    )
    general = (
        GENERAL.search(before) or ASKS.search(before) or (permitted and scene.is_asked(match.end()) and before.strip())
    )
    stated = OWN.search(before) or _is_now(match, scene)
    asked = (general and not stated) or scene.answers_when(match)
    if asked and IS_USUAL.search(before):
        return _Claim(scene.said("since", match)(days=days), FORMER, weak=True)
    if asked and not EARLIER.search(before):
        return _Claim(scene.said("asked", match)(days=days))
    if asked:
        return None
    in_days = (
        match.groupdict().get("unit", "d")[0] not in "hm"
        or "month" in match.group()
        or scene.event(match) == "treatment"
    )
    weak = not in_days and match.groupdict().get("link") in LATER
    return _Claim(scene.said("since", match)(days=days), _weight(NOW if in_days else FORMER, match, scene), weak)


def _is_now(match: re.Match[str], scene: _Scene) -> bool:
    """Whether "is" before a count states it: "which is day 5", "is two days since the needles"; not "is day 2 too early"."""
    if not IS_NOW.search(scene.before(match.start())) or scene.is_asked(match.end()):
        return False
    begins = re.search(r"(?:^|[.!?\n])\s*is\s+(?:\w+\s+)?$", scene.text[: match.start()])
    return not (begins and match.group().startswith("day"))


def _nth(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """'Today is the fourth' is a day where the message counts days ("on the second day"), else a date that says nothing."""
    if not any(sort == "day" for sort, _ in scene.expressions):
        return None
    return _count(kind, match, scene)


def _day(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    before, after = scene.before(match.start()), scene.after(match.end())
    part_of_it = re.search(r"\b(?:morning|evening|night|afternoon|start|end)\s+of\s+$|\bi?t?'?[sm]\s+like\s+$", before)
    compared = _compared_to(match, scene)
    if compared is not None:
        return _Claim(scene.said("since", match)(days=max(_days_of(match), compared)), _weight(NOW, match, scene))
    if not part_of_it and re.search(
        r"\b(?:(?:than|same\s+as)\s+(?:(?:it|i|she|he|they)\s+(?:was|were)\s+)?(?:on|at)|as\s+(?:it|i|she|he|they)\s+(?:was|were)\s+(?:on|at)|since|from|than|of|like|same\s+as)\s+(?:(?:the|my)\s+)?$",
        before,
    ):
        return None
    if _is_told(match, scene) and scene.event(match) == "onset" and re.search(r"\b(?:around|round|about)\s+$", before):
        return _Claim(scene.said("since", match)(days=_days_of(match)), FORMER, weak=True)
    if re.search(r"\b(?:by|until|till|around|about|after|before)\s+$", before):
        return _Claim(scene.said("asked", match)(days=_days_of(match)))
    of = re.match(r"\s+(?:of|on)\s+(?:my\s+|the\s+|this\s+)?(?:(?:very\s+)?(?:first|second|third)\s+)?(\w+)", after)
    if re.match(r"\s+in\s+a\s+row", after) or (
        of and not re.match(rf"{TREATMENT_NOUN}|heal|recover|post|downtime|aftercare|it\b|this\b", of.group(1))
    ):
        return None
    claim = _count(kind, match, scene)
    told = (
        re.search(r"\b(?:was|were|had)\b", before + after)
        or (DID_SO.search(before) and scene.counts_twice())
        or (re.search(r"\bon\s+$", before) and scene.event(match) == "onset")
    )
    if claim is not None and claim.mention.kind == "since" and scene.event(match) == "onset" and not OWN.search(before):
        claim = replace(claim, weight=FORMER, weak=True)
    if (
        claim is None
        or claim.mention.kind != "since"
        or not told
        or OWN.search(before)
        or _shifted(0, match, scene)
        or CORRECTED.search(before)
    ):
        return claim
    return _Claim(scene.said("onset", match)(days=_days_of(match)))


def _compared_to(match: re.Match[str], scene: _Scene) -> int | None:
    """The other day of "bigger on day 4 than it was on day 2"; the later one of both is the present one."""
    if ASKS.search(scene.before(match.start())) or scene.is_asked(match.end()):
        return None
    if not re.match(r"[^@.?!]{0,20}\bthan\b[^@.?!]{0,25}@", scene.after(match.end())):
        return None
    other = next((m for kind, m in scene.expressions if m.start() > match.end()), None)
    return _days_of(other) if other is not None and "day" in other.group() and other.groupdict().get("n") else None


MINE = re.compile(
    r"\s*(?:mine|hers|the\s+pen|(?:my|the)\s+(?:first|second|third)(?:\s+go)?)(?=\s*(?:$|[,.;!?)]|and\b|but\b|so\b|now\b))",
    re.IGNORECASE,
)
"""The treatment, after "days since", where nothing follows that it could be of."""


def _after(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """'3 days post', '3 days since my session'; not of what else it may be after ('2 days since I used retinol')."""
    before, after = scene.before(match.start()), scene.after(match.end())
    if scene.event(match) in ("onset", "other") and EVENTS.search(before):
        if scene.event(match) == "onset" and match.groupdict().get("unit", "d")[0] in "wf" and EVENTS.search(after):
            return _Claim(scene.said("since", match)(days=_days_of(match)), FORMER)
        return _Claim(scene.said("onset", match)(days=_days_of(match)))
    if re.search(r"\b(?:since|from)\s+(?:about\s+|around\s+)?$", before):
        return _Claim(scene.said("onset", match)(days=_days_of(match)))
    later = _days_later(match, scene)
    if later is not None:
        return _Claim(scene.said("since", match)(days=_days_of(match) + later), _weight(NOW, match, scene))
    numbing = NUMBING.match(after)
    if numbing and (numbing.group("named") or scene.is_numb):
        return _Claim(scene.said("since", match)(days=_days_of(match)), _weight(NOW, match, scene))
    if MINE.match(after):
        return _count(kind, match, scene)
    if (match.groupdict().get("link") or "since") in ("after", "since", "from", "past") and not LAST_TIME.match(after):
        first = EVENTS.search(after)
        if first and first.lastgroup != "treatment":
            return _Claim(scene.said("onset", match)(days=_days_of(match))) if first.lastgroup == "onset" else None
        if not first and after.strip() and not STATE.search(after) and not re.match(r"\s*(?:now|and)\b", after):
            return None
    return _count(kind, match, scene)


def _days_later(match: re.Match[str], scene: _Scene) -> int | None:
    """How long ago it was that so many days had passed: "it rained on me yesterday, two days after my session"."""
    if match.groupdict().get("link") != "after":
        return None
    for sort, other in scene.expressions:
        behind, ahead = scene.text[other.end() : match.start()], scene.text[match.end() : other.start()]
        told_before = other.end() <= match.start() and re.fullmatch(
            r"[\s,(–—-]*(?:(?:which|that|so)\s+(?:was|is)?\s*)?", behind
        )
        told_after = match.end() <= other.start() and re.fullmatch(r".{0,40}\b(?:that|this)\s+was\s+", ahead)
        if sort in ("moment", "ago") and (told_before or told_after) and scene.event(other) != "treatment":
            return 1 if other.groupdict().get("back1") else 2 if other.groupdict().get("back2") else _days_of(other)
    return None


def _been(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    after = scene.after(match.end())
    if re.match(r"\s+(?:of|without|with)\b", after):
        return _Claim(scene.said("lasting", match)(days=_days_of(match)))
    if re.match(r"\s*(?:i'?m|i\s+am)\s+.*(?:week|wk|month|mth)", match.group()):
        return None  # said so of a pregnancy; of the treatment one says "2 weeks in", "2 weeks post"
    if match.group().startswith("coming") and FILLER.sub("", scene.before(match.start())):
        return None
    since = re.search(r"\bsince\b(.*)", after)
    first = EVENTS.search(since.group(1)) if since else None
    if first and first.lastgroup == "onset":
        return _Claim(scene.said("onset", match)(days=_days_of(match)))
    if since and (first.lastgroup == "other" if first else re.match(r"\s+(?:my|the|her|his)\s", since.group(1))):
        return None
    return _count(kind, match, scene)


def _asked_after(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """'After 4 days' is asked about or a rule; told of with a state of now it is a count."""
    before, after = scene.before(match.start()), scene.after(match.end())
    if re.search(r"\bwhy\b", before):
        return _Claim(scene.said("since", match)(days=_days_of(match)), FORMER)
    if ASKS.search(before) or GENERAL.search(before + after) or scene.is_asked(match.end()):
        return _Claim(scene.said("asked", match)(days=_days_of(match)))
    now = re.search(r"\b(?:now|today)\s*$", scene.masked[: match.start()])
    elsewhere = re.search(rf"\b(?:stopped|quit|{OTHER_PROCEDURE})\b", scene.masked[: match.start()])
    if STATE.search(before + after) or (now and not elsewhere and not re.match(r"\s+of\b", after)):
        return _Claim(scene.said("since", match)(days=_days_of(match)), FORMER)
    return None


def _old(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """'The bruise from my session is 17 days old'; without the session it is how long a sign has lasted."""
    before = scene.before(match.start())
    if re.search(r"\b(?:i|he|she|we|they)\s*$|\b(?:cream|balm|serum|gel|roller|bottle|tube|baby|kid)\b", before):
        return None
    own = scene.clause(match.start())
    if match.group().startswith(",") and not MARK.search(before):
        return None
    if scene.names_treatment(own):
        return _Claim(scene.said("since", match)(days=_days_of(match)), _weight(NOW, match, scene))
    return _lasting(kind, match, scene)


def _next(kind: str, match: re.Match[str], scene: _Scene) -> _Claim:
    """'It's the next evening now': a day more than when the patient wrote before."""
    return _Claim(scene.said("next", match)(days=1))


def _until(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """'It'll be a week on Monday': counted to a day that is still to come."""
    before, after = scene.before(match.start()), scene.after(match.end())
    if not (
        scene.names_treatment(scene.clause(match.start()))
        or (re.search(r"(?:it|that)(?:'?ll| will)\s+$", before) and not after.strip())
    ):
        return None
    said = scene.said("since", match)
    if match.groupdict().get("wd"):
        return _Claim(said(days=_days_of(match), weekday=WEEKDAYS[match.group("wd")]), _weight(NOW, match, scene))
    return _Claim(said(days=max(_days_of(match) - 1, 0)), _weight(NOW, match, scene))


def _week_before(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """'It was a week yesterday that you treated me', 'a week last Tuesday'."""
    clause = scene.clause(match.start())
    if not (scene.event(match) == "treatment" or scene.names_treatment(clause) or scene.ends_story(match)):
        return _Claim(scene.said("onset", match)(days=_days_of(match) + 1)) if match.groupdict().get("back1") else None
    said = partial(scene.said("since", match), more=_days_of(match))
    if match.groupdict().get("back1"):
        return _Claim(scene.said("since", match)(days=_days_of(match) + 1), _weight(NAMED, match, scene))
    return _Claim(said(weekday=WEEKDAYS[match.group("wd")]), _weight(NAMED, match, scene))


def _tomorrow_makes(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """'Tomorrow makes a week' is counted from the treatment, unless it is said of something else."""
    of = re.match(r"\s*(?:since|that|of|after)\b(?P<what>.*)", scene.after(match.end()))
    first = EVENTS.search(of["what"]) if of else None
    if of and not re.match(r"\s+(?:it|then)\b", of["what"]) and (first is None or first.lastgroup != "treatment"):
        return None
    return _Claim(scene.said("since", match)(days=max(_days_of(match) - 1, 0)), NOW)


def _by_surroundings(days: int, kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """'Woke up the morning after with welts', 'straight from the clinic': of now, where nothing else tells of a later day."""
    before, own = scene.before(match.start()), scene.words(scene.clause(match.start()))
    if re.search(r"\b(?:was|were|felt|looked|if)\b", before) or not _is_told(match, scene) or NOT_YET.search(own):
        return None
    return _Claim(scene.said("since", match)(days=days), FORMER, weak=True)


def _on_the_spot(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """'In your waiting room', 'just home from your clinic': of now, where no other time is told and nothing has gone on since."""
    others = {sort for sort, _ in scene.expressions} - {"on_the_spot", "today", "clock"}
    elsewhere = scene.masked[: match.start()] + scene.masked[match.end() :]
    if others or re.search(r"\b(?:since|again|every|days|weeks)\b", elsewhere):
        return None
    return _by_surroundings(0, kind, match, scene)


def _is_told(match: re.Match[str], scene: _Scene) -> bool:
    """Whether a time is said of the patient, and neither asked, heard of nor another's."""
    before = scene.before(match.start())
    return not (ASKS.search(before) or GENERAL.search(before) or _is_of_another(match, scene))


def _beside(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """'My birthday was on the 9th, I had it the day after': counted from another moment that is told before."""
    anchors = [
        (sort, other)
        for sort, other in scene.expressions
        if sort in ("date", "weekday") and other.end() <= match.start() and scene.event(other) != "treatment"
    ]
    before, own = scene.before(match.start()), scene.words(scene.clause(match.start()))
    past = PAST.search(before) and not re.search(r"\b(?:after|since|from)\b", before)
    if not past or NOT_YET.search(own) or not _is_told(match, scene) or scene.event(match) != "treatment":
        return None
    anchor = _told(*anchors[-1], scene, "since") if anchors else None
    if anchor is None:
        return None
    groups = match.groupdict()
    days = _days_of(match) if groups.get("unit") else 1
    back = groups.get("back") or groups.get("back2")
    return _Claim(replace(anchor.mention, more=anchor.mention.more + (days if back else -days)), MOMENT)


def _day_after(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """'I fell asleep in the sun the day after': after the treatment, where nothing else is told that it could be after."""
    anchored = _beside(kind, match, scene)
    if anchored is not None or not re.search(r"(?:day|morning)\s+after", match.group()):
        return anchored
    before = scene.before(match.start())
    names_moment = any(
        sort in ("date", "weekday", "moment") and m.end() <= match.start() for sort, m in scene.expressions
    )
    alone = not FILLER.sub("", before.replace("@", ""))
    if names_moment or (alone and scene.is_asked(match.end())) or HEARSAY.search(before):
        return None
    named = scene.event(match) == "treatment"
    told = alone or named or HAPPENED.search(before) or STATE.search(before)
    return _by_surroundings(1, kind, match, scene) if told else None


def _bare(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """A count with no word of direction: of the treatment if that stands in its clause, or if it stands alone ("ten days,
    still pink"), else how long a sign has lasted."""
    own = scene.clause(match.start())
    said = partial(scene.said, match=match)
    if scene.is_bare(own):
        if _days_of(match) > LONGEST_SIGN or scene.answers_when(match):
            return None
        if _days_of(match) < 1:
            return _Claim(said("loose")(days=0))
        corrected = PUT_RIGHT_BY.match(scene.text[match.end() :])
        return _Claim(said("since")(days=_days_of(corrected or match)), MOMENT)
    if (
        ASKS.search(scene.words(own))
        or GENERAL.search(scene.words(own))
        or re.search(r"\b(?:lasted|took|takes)\s+$", scene.before(match.start()))
    ):
        return None
    if scene.event(match) == "treatment" and not re.match(r"\s+of\b", scene.after(match.end())):
        return _count(kind, match, scene)
    if not FILLER.sub("", scene.before(match.start())) and STILL.match(scene.after(match.end())):
        return _Claim(said("since")(days=_days_of(match)), MOMENT)
    of_a_sign = re.match(r"\s+of\b", scene.after(match.end()))
    return _lasting(kind, match, scene) if match.group("unit")[0] in "hd" or of_a_sign else None


def _lasting(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    words = scene.words(scene.clause(match.start()))
    days = _days_of(match)
    if match.group().startswith("since") and scene.event(match) == "treatment":
        return _count(kind, match, scene)
    if (
        days > LONGEST_SIGN
        or ASKS.search(words)
        or GENERAL.search(words)
        or re.search(r"\b(?:us(?:e|ed|ing)|tak(?:e|en|ing)|took)\b", words)
    ):
        return None
    return _Claim(scene.said("lasting", match)(days=days))


def _fixed_day(days: int, kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """'The night of the treatment', 'straight after my session', 'it's the day after': of now only where it is said so."""
    before, after = scene.before(match.start()), scene.after(match.end())
    if days == 1 and not after.strip() and not FILLER.sub("", before):
        return _by_surroundings(days, kind, match, scene)
    named = re.match(rf"\s+(?:(?:my|the|a|having|getting)\s+)*(?:\w+\s+)?(?:{TREATMENT_NOUN}|it\b)", after)
    if not named or GENERAL.search(before) or PAST.search(before + after[named.end() :]):
        return None
    if days == 0 and FILLER.sub("", before) and not STATE.search(before):
        return None
    return _Claim(scene.said("since", match)(days=days), _weight(NOW, match, scene))


def _first_evening(kind: str, match: re.Match[str], scene: _Scene) -> _Claim:
    """'It's the first evening' is counted from the treatment."""
    return _Claim(scene.said("since", match)(days=0), NOW)


def _moment(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """A moment of the past: of what happened then."""
    said = partial(_told, kind, match, scene)
    before, own = scene.before(match.start()), scene.words(scene.clause(match.start()))
    if _is_negated(match, scene) or NOT_YET.search(own) or _is_of_another(match, scene) or QUOTED.search(before):
        return None
    if kind in ("weekday", "date") and TO_COME.search(before):
        return None
    if scene.defines_treatment(match):
        return said("since")
    if re.search(r"\b(?:since|from)\s+(?:about\s+|around\s+)?$", before) and not scene.dates_treatment(match):
        return None if kind == "today" else said("onset")
    # "Fever since last night after his session": the day may be that of the fever alone.
    if kind != "ago" and re.search(r"\bsince\s+$", before) and re.match(r"\s*after\b", scene.after(match.end())):
        claim = said("since")
        return claim and replace(claim, weight=FORMER, weak=True)
    event = scene.event(match)
    if kind == "ago" and event is None and _days_of(match) == 0 and AT_THE_CLINIC.search(own):
        claim = said("since")
        return claim and replace(claim, weight=FORMER, weak=True)
    proposed = kind == "weekday" and scene.is_asked(match.end()) and not STATE.search(own)
    asks = (bool(ASKS.search(own)) or proposed) and not PAST.search(own)
    if event == "treatment":
        return None if asks else said("since")
    if scene.borrows_treatment(match) or (
        kind != "today" and PUT_RIGHT.search(own) and scene.is_bare(scene.clause(match.start()))
    ):
        return said("since")
    if scene.is_bare(scene.clause(match.start())):
        alone = all(map(scene.is_bare, range(len(scene))))
        if kind != "today" and re.match(r"\W*was\s+@", scene.words(scene.clause(match.start()))) and not alone:
            return said("since")
        if scene.ends_story(match):
            claim = said("since")
            return claim and replace(claim, weak=True)
        return said("unclear" if alone else "loose")
    if kind == "today" or asks:
        return None
    return said(event if event in ("onset", "other") else "loose")


def _clock(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """'They finished at 11' with no other day is today."""
    own = scene.words(scene.clause(match.start()))
    if NOT_YET.search(own) or ASKS.search(own) or _is_of_another(match, scene) or not PAST.search(own):
        return None
    return _Claim(scene.said("since", match)(days=0)) if scene.event(match) == "treatment" else None


def _told(sort: str, match: re.Match[str], scene: _Scene, kind: str) -> _Claim | None:
    """What a moment's words say of the day."""
    said, groups = scene.said(kind, match), match.groupdict()
    claim = partial(_Claim, weight=_weight(MOMENT, match, scene))
    if sort == "ago":
        corrected = PUT_RIGHT_BY.match(scene.text[match.end() :])
        days = _days_of(corrected or match) + bool(groups.get("more"))
        return _Claim(said(days=days), _weight(NAMED if days else MOMENT, match, scene))
    if sort == "moment":
        return claim(said(days=2 if groups.get("back2") else 1))
    if sort == "today":
        alone = scene.words(scene.clause(match.start())).replace("@", "").strip() and "@" not in _without(match, scene)
        return claim(said(days=0)) if alone or kind != "since" else _Claim(said(days=0), FORMER)
    if sort == "weekday":
        wd = WEEKDAYS[groups.get("wd") or "saturday"]
        passed = scene.days_since_weekday(wd)
        if passed == 1 and match.group().lower().startswith("last"):
            passed = 8  # yesterday is called so
        if passed is not None and not groups.get("week"):
            return claim(said(days=passed + 7 * bool(groups.get("week_more"))))
        return claim(said(weekday=wd, last_week=groups.get("week") is not None, more=7 * bool(groups.get("week_more"))))
    month = MONTHS[groups["mon"]] if groups.get("mon") else int(groups.get("mm") or 0)
    if groups.get("feast"):
        return claim(said(date=(0, *FEASTS[re.sub(r"\s+", " ", str(groups["feast"]))])))
    day = _day_of_month(groups)
    passed = None if month else scene.days_since_date(day)
    if passed is not None:
        return _Claim(said(days=passed), _weight(NAMED, match, scene))
    return claim(said(date=(int(groups.get("y") or 0), month, day)))


def _day_of_month(groups: Mapping[str, str | None]) -> int:
    figures = groups.get("d")
    return int(figures or (ORDINALS | NUMBERS)[re.sub(r"\s+", " ", groups["o"] or "")])


def _without(match: re.Match[str], scene: _Scene) -> str:
    """The clause of a time without that time."""
    return scene.before(match.start()) + scene.after(match.end())


def _weekday(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """A weekday; "sat" and "sun" are also words, and mean the day only where a day is looked for."""
    if scene.is_of_today(match):
        return None
    if match.groupdict().get("wd") in ("sat", "sun"):
        before = re.search(
            rf"(?:\b(?:on|last|since|past|done|this)|{TREATMENT_NOUN}\s+was)\s+$", scene.before(match.start())
        )
        if re.match(r"\s+(?:just\s+)?(?:gone|passed)\b", scene.after(match.end())):
            return _moment(kind, match, scene)
        if not before and match.group() in ("sat", "sun"):
            return None
    if re.match(r"\s+(?:morning\s+|night\s+)?@*\s*(?:today|now)\b", scene.text[match.end() :]):
        return None
    return _moment(kind, match, scene)


def _nothing(kind: str, match: re.Match[str], scene: _Scene) -> _Claim | None:
    """A span of time that says nothing of the past: a rate, a term, a day to come."""
    return None


_RULES: dict[str, Callable[[str, re.Match[str], _Scene], _Claim | None]] = {
    "day": _day,
    "after": _after,
    "been": _been,
    "asked_after": _asked_after,
    "until": _until,
    "tomorrow_makes": _tomorrow_makes,
    "week_before": _week_before,
    "morning_after": partial(_by_surroundings, 1),
    "straight_from": partial(_by_surroundings, 0),
    "on_the_spot": _on_the_spot,
    "beside": _day_after,
    "day_after": _day_after,
    "bare": _bare,
    "lasting": _lasting,
    "next_day": partial(_fixed_day, 1),
    "same_day": partial(_fixed_day, 0),
    "first_evening": _first_evening,
    "moment": _moment,
    "ago": _moment,
    "today": _moment,
    "date": _moment,
    "weekday": _weekday,
    "nth": _nth,
    "clock": _clock,
    "old": _old,
    "next": _next,
    "noise": _nothing,
}
