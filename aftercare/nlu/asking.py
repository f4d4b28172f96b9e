"""Whether a text has any form of a question or a request. English only, by its closed classes of words: no model.

A learned classifier takes a sign that is merely told ("one cheek is up like a hamster, 3 days") for the question that is
asked of it most often. On 440 messages of two authors, 41 of 65 such mistakes had no form of a question at all.
"""

from __future__ import annotations

import re

_AUXILIARY = r"(?:is|isn'?t|are|aren'?t|am|was|should|shouldn'?t|shall|can|can'?t|could|do|does|did|will|won'?t|would|may|might|must)"
_SUBJECT = r"(?:i|it|this|that|they|these|those|there|you|u|we|my|the|any(?:one|body|thing)?|some(?:one|body)|people|he|she|her|his)"
_ASKS = re.compile(
    rf"\?|\b{_AUXILIARY} {_SUBJECT}\b|(?:^|[.!;:,(]\s*|\b(?:and|so|but|just|also|or|ok|hi|hello) ){_AUXILIARY} \w|\bisn'?t it\b|\baint it\b"
    rf"|(?:^|[.!;:,(]\s*|\b(?:and|so|but|or|ok|hi|hello) )(?:have|has) {_SUBJECT}\b"
    r"|\b(?:what\w*|wat|wats|wot|when'?s?|wen|where|why|y|how|hw|hows|how's|which|who|whose|wetin)\b"
    r"|\b(?:ok|okay|normal\w*|fine|safe|allowed|permitted|usual|expected) (?:to|for|if|or|yet|already|then|now|day|after|with|on)\b"
    r"|\b(?:normal|ok|okay|allowed|safe|right|yeah|true|pls|plz)\s*[.!)]*$|\b(?:check|checking|hear|heard) (?:that|it|its|it's|if|of)\b"
    r"|(?:^|[.!;,]\s*)(?:any|best|list|need|give me|show me|do|does|reason|signs) \w|\b(?:pls|plz|yes/no|yes or no|true or false)\b|\b(?:or|and) (?:not|no|nah|what|which)\b"
    r"|\b(?:worr(?:y|ied|ying|ies)|concern(?:ed|ing)?|scared|nervous|panick\w*|wonder\w*|curious|not sure|unsure|confused)\b"
    r"|\b(?:advi[cs]e|advise|suggest\w*|recommend\w*|tips?|ideas?|guidance|help|tell me|let me know|explain|any ?thing (?:i|to|for|nice|you)"
    r"|know (?:if|whether)|supposed to|meant to|need to|want to know|like to know|question|please)\b",
    re.IGNORECASE,
)


def asks(text: str) -> bool:
    """Whether a text asks for something, however politely, or voices a worry that wants an answer."""
    return bool(_ASKS.search(text))
