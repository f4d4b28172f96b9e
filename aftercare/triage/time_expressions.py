"""Time in a patient's words: days since treatment, dates, weekdays, how long a sign has lasted. Clock-free: resolved later."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import partial

NUMBERS = {
    w: n
    for n, w in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
}
NUMBERS |= {
    "a": 1,
    "an": 1,
    "a couple of": 2,
    "a couple": 2,
    "couple of": 2,
    "couple": 2,
    "a few": 3,
    "few": 3,
    "half a": 0,
    "thirty": 30,
}
ORDINALS = {
    w: n
    for n, w in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
        ],
        1,
    )
}
WEEKDAYS = {
    **{
        n: i
        for i, names in enumerate(
            (
                ("monday", "mon"),
                ("tuesday", "tues", "tue"),
                ("wednesday", "weds", "wed"),
                ("thursday", "thurs", "thur", "thu"),
                ("friday", "fri"),
                ("saturday", "sat"),
                ("sunday", "sun"),
            )
        )
        for n in names
    }
}
MONTHS = {
    n: i
    for i, names in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sept", "sep"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        1,
    )
    for n in names
}
_N = r"(?P<n>\d{1,3}|" + "|".join(sorted((re.escape(w) for w in NUMBERS), key=len, reverse=True)) + r")"
_UNIT = r"(?P<unit>hours?|hrs?|h|days?|dayz|nights?|d|weeks?|weaks?|wks?|wk|w|fortnights?|months?|mths?|years?|yrs?)"
_WD = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
_MON = "|".join(sorted(MONTHS, key=len, reverse=True))

PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            "day",
            rf"\bday\s*(?:number\s*|no\.?\s*|#\s*)?(?P<n>\d{{1,3}}|{'|'.join(w for w in NUMBERS if ' ' not in w and len(w) > 2)})\b(?!\s*(?:hours?|times|days))",
        ),
        ("day", r"\b(?P<n>\d{1,2})(?:st|nd|rd|th)\s+day\b"),
        ("day", rf"\b(?P<o>{'|'.join(ORDINALS)})\s+day\b(?!\s+(?:of|back)\s+(?:work|school))"),
        ("day", r"\bd(?P<n>\d{1,2})\b"),
        (
            "ago",
            rf"\b{_N}(?:\s*(?:-|to|or)\s*(?P<m>\d{{1,3}}|{'|'.join(w for w in NUMBERS if ' ' not in w and len(w) > 2)}))?\s*(?:full\s+|whole\s+)?{_UNIT}\s*(?:and\s+a\s+half\s*)?(?:ago|back|since|prior)\b",
        ),
        (
            "after",
            rf"\b{_N}(?:\s*(?:-|to|or)\s*(?:\d{{1,3}}))?\s*(?:full\s+|whole\s+)?{_UNIT}\s*(?:after|post|past|since|from|into|in|out|on|later|l8r|afterwards|down|gone)\b",
        ),
        ("after", r"\ba?\s*(?P<unit>week|month|fortnight)\s*(?:ago|after|post|in|out|on|later|since|now)\b"),
        (
            "been",
            rf"\b(?:it'?s\s+been|its\s+been|has\s+been|been|been\s+like)\s+(?:about\s+|around\s+|nearly\s+|almost\s+|over\s+|only\s+|like\s+|more\s+than\s+)*{_N}\s*{_UNIT}\b",
        ),
        (
            "lasting",
            rf"\b(?:for|over|past|last|these)\s+(?:the\s+)?(?:last\s+|past\s+|about\s+|around\s+|nearly\s+|over\s+|more\s+than\s+|at\s+least\s+|like\s+)*{_N}\s*{_UNIT}\b",
        ),
        ("been", r"\b(?:it'?s\s+been|been|over|nearly|about)\s+a\s+(?P<unit>week|month|fortnight)\b"),
        ("last_unit", r"\blast\s+(?P<unit>week|month|year)\b(?!'s)"),
        ("hours", rf"\b{_N}\s*(?P<unit>hours?|hrs?)\b"),
        (
            "yesterday",
            r"\b(?:(?P<before>the\s+day\s+before\s+)?yest[eu]rday|yday|last\s+night|last\s+nite|the\s+other\s+day(?P<other>))\b",
        ),
        (
            "today",
            r"\b(?:today|2day|this\s+(?:morning|afternoon|evening|arvo|am|pm)|tonight|just\s+(?:now|got|had|been|done|left|finished)|an?\s+hour\s+ago|earlier)\b",
        ),
        ("weekday", rf"\b(?P<last>last\s+|this\s+past\s+)?(?P<wd>{_WD})\b(?P<week>\s+(?:last\s+week|week))?"),
        ("date", rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<mon>{_MON})\b"),
        ("date", rf"\b(?P<mon>{_MON})\s+(?:the\s+)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b"),
        ("date", r"\b(?P<d>\d{1,2})[/.](?P<mm>\d{1,2})(?:[/.](?P<y>\d{2,4}))?\b(?!\s*(?:c|f|°|degrees|/|percent|%))"),
        ("date", r"\b(?P<y>20\d\d)-(?P<mm>\d\d)-(?P<d>\d\d)\b"),
        ("date", r"\b(?:on\s+)?the\s+(?P<d>\d{1,2})(?:st|nd|rd|th)\b"),
    )
)
TREATED = re.compile(
    r"\b(treat\w*|session|micro\s?-?need\w*|needl\w+|procedure|appointment|appt|facial|dermapen|done|had (?:it|mine|my)|got (?:it|mine)|"
    r"clinic|post|in|out|derma\w*|roll(?:ed|ing)|visit|came in|saw you|skinpen|rf|prp)\b",
    re.IGNORECASE,
)
ONSET = re.compile(
    r"\b(start\w*|began|begun|notic\w*|appear\w*|came up|popped|woke|since|spread\w*|got worse|turned|developed|happened|used|put|applied|picked|took|"
    r"wore|went|washed|tried)\b",
    re.IGNORECASE,
)
ASKED = re.compile(
    r"\b(what about|how about|by|until|till|at|will|on|after|before|wait|expect|should)\s+(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
STATED = re.compile(
    r"\b(i'?m|i am|im|it'?s|its|today is|this is|now)\s+(?:on\s+|at\s+|only\s+|just\s+|already\s+)*$", re.IGNORECASE
)
QUESTION = re.compile(
    r"\b(what about|how about|what (?:will|should|would|happens|do)|will (?:i|it|my)|when (?:can|will|do)|how long|can i|expect|going to|gonna)\b",
    re.IGNORECASE,
)
UNIT_DAYS = {"h": 1 / 24, "d": 1, "n": 1, "w": 7, "f": 14, "m": 30, "y": 365}


@dataclass(frozen=True)
class TimeMention:
    """One time expression. ``kind``: ``since`` (days since treatment), ``onset`` (a sign began), ``lasting`` (a sign has
    lasted), ``asked`` (a day asked about, no statement), ``unclear`` (a past moment, of what is not said).

    ``days`` is days before now, or None where ``weekday`` (0 = Monday) or ``date`` (year or 0, month or 0, day) says it.
    """

    kind: str
    start: int
    end: int
    text: str
    days: int | None = None
    weekday: int | None = None
    last_week: bool = False
    date: tuple[int, int, int] | None = None

    def days_before(self, today: dt.date) -> int | None:
        """Days between the moment meant and ``today``; None where it cannot be (31 February)."""
        if self.days is not None:
            return self.days
        if self.weekday is not None:
            back = (today.weekday() - self.weekday) % 7
            return back + 7 if self.last_week and back < today.weekday() + 1 else back
        if self.date is None:
            return None
        year, month, day = self.date
        for candidate in _candidates(today, year, month, day):
            if candidate <= today:
                return (today - candidate).days
        return None


def _candidates(today: dt.date, year: int, month: int, day: int) -> list[dt.date]:
    """Possible dates, the likeliest first: the latest one that is not in the future."""
    years = [year + 2000 if year < 100 else year] if year else [today.year, today.year - 1]
    months = [month] if month else [today.month, (today.replace(day=1) - dt.timedelta(days=1)).month]
    pairs = [(month, day)] if month else [(m, day) for m in months]
    if month and month > 12 >= day:
        pairs = [(day, month)]
    found = []
    for y in years:
        for m, d in pairs:
            try:
                found.append(dt.date(y, m, d))
            except ValueError:
                continue
    return found


def find_times(text: str) -> list[TimeMention]:
    """All time expressions of a message, longest first where they overlap, in the order of the text."""
    raw: list[tuple[int, int, str, re.Match[str]]] = []
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            if not any(match.start() < e and s < match.end() for s, e, _, _ in raw):
                raw.append((match.start(), match.end(), kind, match))
    ordered = sorted(raw, key=lambda r: r[0])
    return [m for _, _, kind, match in ordered if (m := _mention(text, kind, match)) is not None]


def _number(match: re.Match[str]) -> float | None:
    groups = match.groupdict()
    if groups.get("o"):
        return ORDINALS[groups["o"].lower()]
    text = groups.get("n")
    if text is None:
        return 1.0
    return float(text) if text.isdigit() else float(NUMBERS[re.sub(r"\s+", " ", text.lower())])


def _days_of(match: re.Match[str]) -> int:
    unit = match.groupdict().get("unit") or "d"
    number = _number(match) or 0
    if match.groupdict().get("n", "").lower() == "half a":
        number = 0.5
    return int(number * UNIT_DAYS[unit[0].lower()])


def _mention(text: str, kind: str, match: re.Match[str]) -> TimeMention | None:
    start, end = match.span()
    before, around = text[max(0, start - 45) : start], _sentence_around(text, start, end)
    said = partial(TimeMention, start=start, end=end, text=match.group())
    if kind == "day":
        before = re.split(r"[.?!\n]", before)[-1]
        asked = (not STATED.search(before) and QUESTION.search(before)) or re.search(
            r"\b(by|until|till|around|what about)\s+$", before, re.IGNORECASE
        )
        return said("asked" if asked else "since", days=int(_number(match) or 0))
    if (
        kind == "after"
        and match.group().lower().endswith(("in", "on", "from", "since", "past"))
        and re.match(r"\s+(?:the\s+)?(?:morning|evening|a\s+row)", text[end:])
    ):
        return None
    if kind in ("after", "been"):
        asks = re.search(r"\b(can i|when|how long|should i|after)\s*$", before, re.IGNORECASE)
        asked = asks if "?" in text[end : end + 60] else None
        return said("asked" if asked else "since", days=_days_of(match))
    if kind == "ago":
        return said(_anchor(around, before), days=_days_of(match))
    if kind == "hours":
        return said("lasting", days=_days_of(match))
    if kind == "lasting":
        return said("lasting", days=_days_of(match))
    if kind == "last_unit":
        return said(_anchor(around, before), days=_days_of(match))
    if kind == "yesterday":
        days = 2 if match.group("before") or "other" in match.group().lower() else 1
        return said(_anchor(around, before), days=days)
    if kind == "today":
        return said(_anchor(around, before), days=0)
    if kind == "weekday":
        if match.group("wd").lower() in ("sat", "sun", "wed", "mon", "fri", "thu") and not re.search(
            r"\b(on|last|since|this|every|till|until)\s+$", before, re.IGNORECASE
        ):
            return None
        return said(
            _anchor(around, before),
            weekday=WEEKDAYS[match.group("wd").lower()],
            last_week=bool(match.group("week")),
        )
    groups = match.groupdict()
    month = MONTHS[groups["mon"].lower()] if groups.get("mon") else int(groups.get("mm") or 0)
    return said(_anchor(around, before), date=(int(groups.get("y") or 0), month, int(groups["d"])))


def _sentence_around(text: str, start: int, end: int) -> str:
    left = max((text.rfind(c, 0, start) for c in ".!?\n,;"), default=-1)
    right = min((p for p in (text.find(c, end) for c in ".!?\n,;") if p >= 0), default=len(text))
    return text[left + 1 : right]


def _anchor(around: str, before: str) -> str:
    """Of what a past moment speaks: the treatment, a sign's beginning, or nothing that is said."""
    if re.search(r"\bsince\s+(?:last\s+)?$", before, re.IGNORECASE):
        return "onset"
    if ONSET.search(around) and not re.search(
        r"\b(session|treat\w*|micro\s?-?need\w*|needl\w+|done|appointment|procedure)\b", around, re.IGNORECASE
    ):
        return "onset"
    return "since" if TREATED.search(around) else "unclear"
