"""Whether a text speaks of skin, a treatment of it or its care in any word. English only, a closed list: no model.

Of 1,455 messages of the development authors that are about aftercare 15 name nothing of the knowledge base and hold none of
these words either; of 283 out of scope that name nothing 259 hold none.
"""

from __future__ import annotations

import re

_SKIN = (
    r"face|facial|skin|pores?|cheeks?|fore?head|chin|nose|lips?|jaw\w*|neck|eye\w*|temples?|brows?|mouth|complexion|scars?|spots?"
    r"|tongue|throat|chest|heart|head|hands?|arms?|legs?|body"
)
_TREATMENT = (
    r"(?:micro|derma)?\s?-?(?:needl|neadl|roll)\w*|dermapen|treat(?:ed|ments?)?|sessions?|sesh|procedure|after[\s-]?care|heal\w*"
    r"|recover\w*|down\s?time|day \d+|numb\w*|glow\w*"
)
_CARE = (
    r"creams?|serums?|moisturi\w*|sun\s?(?:screen|block|cream|burn\w*)?|spf|cleans\w*|wash\w*|make\s?up|retin\w*|medic\w*"
    r"|tablets?|pills?|doctor|pregnan\w*"
)
_SIGNS = (
    r"swell\w*|swollen|bruis\w*|ooz\w*|scab\w*|burn\w*|sting\w*|stung|throb\w*|pain\w*|ach(?:e\w*|ing)|hot|warm"
    r"|red(?:ness|dish|der)?|sore\w*|hurt\w*|bleed\w*|blood|bump\w*|itch\w*|peel\w*|flak\w*|dry|tight|breath\w*|faint\w*|dizzy"
    r"|fever\w*|pus|infect\w*|rash\w*|wound\w*"
)
_OURS = re.compile(rf"\b(?:{_SKIN}|{_TREATMENT}|{_CARE}|{_SIGNS})\b", re.IGNORECASE)


def speaks_of_ours(text: str) -> bool:
    """Whether any of the words stands in the text, of whatever it is said."""
    return bool(_OURS.search(text))
