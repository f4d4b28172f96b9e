"""How far a negation reaches: what "no", "not" and "without" deny, and what they leave standing."""

from __future__ import annotations

from collections.abc import Sequence

from aftercare.triage.language import Utterance

ENDS_A_DENIAL = frozenset(
    [
        "only",
        "just",
        "since",
        "because",
        "cos",
        "cuz",
        "coz",
        "when",
        "while",
        "until",
        "till",
        "if",
        "which",
        "where",
        "who",
    ]
)
"""'no fever, only red', "not slept since it swelled": what follows is said, not denied."""
LEADS_ON = frozenset(["from", "for", "with", "after", "in"])
"""'no sleep from the pain': the finding is the reason, unless the denied word is one of ``OF_SIGNS``."""
OF_SIGNS = frozenset(
    ["problem", "problems", "issue", "issues", "trouble", "troubles", "sign", "signs", "symptom", "symptoms", "change",
     "way", "much", "lot", "bother", "bothered", "anything", "difficulty", "difficulties", "increase", "rise"]
)  # fmt: skip
LIGHT = frozenset(
    [
        "have", "has", "had", "'ve", "get", "gets", "got", "gotten", "getting", "be", "been", "being", "is", "feel", "feels",
        "feeling", "felt", "see", "sees", "seen", "seeing", "notice", "noticed", "noticing", "look", "looks", "looking",
        "seem", "seems", "show", "showing", "experience", "experienced", "experiencing", "develop", "developed", "think",
        "believe", "suffer", "suffered", "suffering", "find", "found", "even", "ever", "really", "yet", "any", "a", "an",
        "the", "much", "at", "all", "too", "very", "so", "that", "this", "it", "my", "to", "of", "as", "quite", "actually",
        "particularly", "exactly", "always", "anything", "more", "bad", "big", "hugely", "there", "they", "noticeably",
        "and", "or", ",", "one", "some", "appear", "spot", "call", "say",
    ]
)  # fmt: skip
"""Words between a negation and what it denies: "I haven't really noticed any oozing" denies the oozing."""
COMES = frozenset(["come", "comes", "came", "coming", "break", "broke", "broken", "breaking"])
AUXILIARIES = frozenset(
    [
        "do",
        "does",
        "did",
        "have",
        "has",
        "had",
        "can",
        "could",
        "will",
        "would",
        "should",
        "'ve",
        "'d",
        "may",
        "might",
        "must",
    ]
)
CANNOT = frozenset(["not", "never", "no", "nothing", "hardly", "barely", "impossible", "hard", "unable", "difficult"])
OPENS_A_STATEMENT = frozenset(
    ["i", "my", "it", "its", "she", "he", "there", "have", "has", "had", "am", "is", "are", "now", "still", "feel", "feels",
     "look", "looks", "today", "got", "getting", "'m"]
)  # fmt: skip
OPENS_AN_ITEM = frozenset(
    ["a", "an", "some", "the", "this", "that", "these", "bit", "little", "slight", "slightly", "mild", "mildly", "lots",
     "very", "really", "quite", "so", "more", "one", "two", "three", "all", "both", "deep"]
)  # fmt: skip
HAVING = frozenset(["have", "has", "had", "got", "get", "see", "seen", "noticed", "notice", "any", "feel", "felt"])
DESCRIBES = frozenset(
    ["red", "sore", "hot", "warm", "pink", "raw", "tight", "tender", "swollen", "numb", "dry", "painful", "wet", "hard"]
)
"""Words that "no" cannot stand before: after "no blisters," a "sore" is a new statement. So are most that end in y."""


def denies_another_verb(start: int, end: int, signs: frozenset[int], utterance: Utterance) -> bool:
    """Whether a negation denies a verb that is no sign: "didn't sleep", "never come to a head", "nothing helps".

    ``start`` and ``end`` of the negation; ``signs`` are the tokens that signs are made of.
    """
    words = utterance.words
    if words[start] == "nothing":
        return end < len(words) and end not in signs and words[end].endswith("s") and words[end] not in LIGHT | {"was"}
    follows = next((i for i in range(_after_coming_up(end, words), len(words)) if words[i] not in LIGHT), None)
    if follows is None or follows in signs or not words[follows].isalpha():
        return False
    if words[start] == "never" or (start and words[start - 1] in AUXILIARIES):
        return True
    return words[follows].endswith("ing")


def _after_coming_up(end: int, words: Sequence[str]) -> int:
    """Past "come up in", "break out with": what comes up is what is denied ("never came up in welts")."""
    came = words[end : end + 3]
    comes = len(came) == 3 and came[0] in COMES and came[1] in ("up", "out") and came[2] in ("in", "with")
    return end + 3 if comes else end


def undone(start: int, utterance: Utterance) -> bool:
    """Whether an earlier "can't" in the clause turns a "without" round: "can't say a word without gasping"."""
    if utterance.words[start] != "without":
        return False
    before = [i for i in range(start) if utterance.clause[i] == utterance.clause[start]]
    return any(utterance.words[i] in CANNOT for i in before)


def ends_before(end: int, tokens: frozenset[int], utterance: Utterance) -> bool:
    """Whether the scope of a negation that stands before ``end`` ends before the finding on ``tokens``."""
    words, last = utterance.words, max(tokens)
    between = [i for i in range(_after_coming_up(end, words), last) if i not in tokens]
    for i in between:
        if (i > end and words[i] in ENDS_A_DENIAL) or words[i] in (":", "-", "–", "—"):
            return True
        if words[i] in LEADS_ON and not OF_SIGNS & set(words[end:i]):
            return True
    return "," in words[end:last] and _leaves_the_list(end, tokens, utterance)


def _leaves_the_list(end: int, tokens: frozenset[int], utterance: Utterance) -> bool:
    """Whether a comma before the finding ends the list of what is denied: "no fever, my face is hot", "no pus, a bit red"."""
    words, last = utterance.words, max(tokens)
    commas = [i for i in range(end, last) if words[i] == ","]
    if any(words[i + 1] in OPENS_A_STATEMENT for i in commas):
        return True
    if {"or", "nor"} & set(words[end : last + 4]):
        return False
    if not _denies_nouns(end, utterance):
        return True
    own = commas[-1] + 1
    first = min(i for i in tokens if i >= own) if max(tokens) >= own else last
    return words[own] in OPENS_AN_ITEM or words[own][:1].isdigit() or _describes(words[first])


def _denies_nouns(end: int, utterance: Utterance) -> bool:
    """ "no A, B" and "don't have A, B" go on; "it isn't A, B" does not."""
    return utterance.words[end - 1] not in ("not", "nt", "never") or bool(HAVING & set(utterance.words[end : end + 2]))


def _describes(word: str) -> bool:
    return word in DESCRIBES or (len(word) > 4 and word.endswith("y"))
