"""Gold lines and replay lines by hand, as the files hold them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aftercare.evaluation.cases import Joined, join

Line = dict[str, Any]


def message(identity: str, tier: str, **told: Any) -> Line:
    return {"id": identity, "text": f"text of {identity}", "tier": tier, **told}


def dialogue(identity: str, *turns: Line) -> Line:
    return {"id": identity, "turns": list(turns)}


def said(tier: str, **told: Any) -> Line:
    """A turn of a gold dialogue."""
    return {"user": "my cheek hurts", "tier": tier, **told}


def played(identity: str, *turns: Line) -> Line:
    return {"id": identity, "turns": list(turns)}


def came(tier: str, **told: Any) -> Line:
    """A turn of a replay."""
    return {"tier": tier, "replies": [{"text": "…", "kind": "answer"}], "ms": 10.0, **told}


def sign(value: str, assertion: str = "present", kind: str = "symptom") -> Line:
    return {"type": kind, "value": value, "assertion": assertion, "start": 0, "end": 4, "text": value[:4]}


def write(file: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return file


def joined(folder: Path, gold: Iterable[Line], replay: Iterable[Line]) -> Joined:
    return join(write(folder / "replay.jsonl", replay), [write(folder / "gold.jsonl", gold)])
