"""Whether a tier holds when the same message is typed otherwise: ``python -m benchmarks.wording_variants [GOLD.jsonl ...]``.

Each message of a gold file (by default the held-out ones) that is graded soon or higher as it stands is graded again in
six disguises. Printed is, of each, the share that keeps its tier or rises. Only numbers are shown, so the held-out messages
stay unread.
"""

from __future__ import annotations

import argparse
import random
import re
import string
from collections.abc import Callable, Mapping
from pathlib import Path

from aftercare.evaluation.cases import TIERS
from benchmarks.reading_alone import HELD_OUT, ReadingAlone, gold_of

Disguise = Callable[[str, random.Random], str]

SLANG = {
    "you": "u", "your": "ur", "are": "r", "because": "cos", "going to": "gonna", "want to": "wanna", "really": "rly",
    "though": "tho", "please": "pls", "people": "ppl", "with": "w", "have to": "gotta", "kind of": "kinda", "and": "n",
    "right now": "rn", "tomorrow": "tmrw", "yesterday": "yday", "what": "wot", "something": "sumthin", "my": "me",
}  # fmt: skip
EMOJI = ("😭", "😬", "🙏", "😅", "🥴", "👀", "😩", "💀")
PREAMBLES = (
    "Hi there, hope you are all keeping well and that the weather is kinder on your side of town. I was in with you for my "
    "session, the lady at the desk was lovely, parking was a nightmare as ever but never mind that.",
    "Good evening. I have been meaning to write for a while and did not want to be a bother, I know how busy you get. I have "
    "read the leaflet you gave me twice and looked on your page, and my partner said just send it.",
    "so basically ive been saving up for this for ages and finally treated myself, told all my mates at work about it, took "
    "loads of selfies on the way home and all that. anyway the reason im messaging",
)
MINIMISERS = (
    "Probably nothing. {}",
    "{} My friend who is a nurse says it's fine.",
    "Sorry to bother you, I'm sure I am being silly. {}",
    "{} I expect it will sort itself out, not too worried.",
)
MISTYPED = 0.2
"""Share of the words of five letters and more."""
SHORTEST = 5


def lower_case(text: str, _: random.Random) -> str:
    return re.sub(r"[^\w\s]", "", text.lower())


def misspelt(text: str, chance: random.Random) -> str:
    return re.sub(rf"[A-Za-z]{{{SHORTEST},}}", lambda word: _mistyped(word[0], chance), text)


def _mistyped(word: str, chance: random.Random) -> str:
    if chance.random() >= MISTYPED:
        return word
    place = chance.randrange(1, len(word) - 1)
    before, letter, following, rest = word[:place], word[place], word[place + 1], word[place + 2 :]
    return chance.choice(
        (
            before + following + rest,
            before + following + letter + rest,
            before + letter + letter + following + rest,
            before + chance.choice(string.ascii_lowercase) + following + rest,
        )
    )


def slang(text: str, _: random.Random) -> str:
    for plain, short in SLANG.items():
        text = re.sub(rf"\b{plain}\b", short, text, flags=re.IGNORECASE)
    return text


def emoji(text: str, chance: random.Random) -> str:
    return f"{re.sub(r'(?<=[.!?]) ', lambda _: f' {chance.choice(EMOJI)} ', text)} {chance.choice(EMOJI)}"


def preamble(text: str, chance: random.Random) -> str:
    return f"{chance.choice(PREAMBLES)} {text}"


def minimised(text: str, chance: random.Random) -> str:
    return chance.choice(MINIMISERS).format(text)


DISGUISES: Mapping[str, Disguise] = {
    "lower case, no punctuation": lower_case,
    "misspelt": misspelt,
    "slang": slang,
    "emoji": emoji,
    "long preamble": preamble,
    "minimising words": minimised,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gold", nargs="*", type=Path, default=HELD_OUT)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    alone = ReadingAlone()

    def graded(text: str, days: int | None) -> int:
        return TIERS.index(alone.tier(text, alone.entities(text), days))

    as_typed = [(gold, graded(gold.text, gold.days)) for gold in gold_of(options.gold)]
    flagged = [(gold, tier) for gold, tier in as_typed if tier >= TIERS.index("soon")]
    chance = random.Random(options.seed)
    kept: dict[str, float] = {}
    print(f"{len(flagged)} messages graded soon or higher; tier kept or raised, per cent")
    for name, disguise in DISGUISES.items():
        held = sum(graded(disguise(gold.text, chance), gold.days) >= tier for gold, tier in flagged)
        kept[name] = held / max(len(flagged), 1)
        print(f"{name:28}{100 * kept[name]:6.1f}")
    print(f"{'all':28}{100 * sum(kept.values()) / len(kept):6.1f}")


if __name__ == "__main__":
    main()
