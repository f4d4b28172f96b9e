"""``aftercare kb check | render | diff``: tools for the people who own the content."""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from aftercare.cli.project import PROJECT, shown
from aftercare.knowledge import KnowledgeBase, KnowledgeError, load_knowledge


def configure(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True)
    parts.add_parser("check", help="look for missing facts, wrong sources, hard sentences, forbidden words, clashes")
    render = parts.add_parser("render", help="write one HTML page to read and sign off")
    render.add_argument("output", type=Path, nargs="?", default=Path("knowledge.html"))
    diff = parts.add_parser("diff", help="what a change means in answers")
    diff.add_argument("old", help="a folder with the old knowledge base, or a git revision")


def run(options: argparse.Namespace) -> int:
    try:
        return {"check": _check, "render": _render, "diff": _diff}[options.part](options)
    except KnowledgeError as error:
        print(f"aftercare kb: {error}", file=sys.stderr)
        return 1


def _check(_options: argparse.Namespace) -> int:
    from aftercare.cli.assembly import knowledge_folder, read_clinic
    from aftercare.knowledge.check import CONTRADICTIONS, FACTS, check, every_sentence

    clinic, knowledge = read_clinic()
    problems = check(knowledge_folder(), knowledge, clinic)
    for problem in problems:
        print(problem)
    total = sum(1 for _ in every_sentence(knowledge))
    print(f"{len(knowledge.items)} items, {total} sentences, {len(knowledge.rules)} rules; {len(problems)} problems")
    if not problems:
        print(f"{FACTS} of {FACTS} facts and {CONTRADICTIONS} of {CONTRADICTIONS} contradictions accounted for")
    return 1 if problems else 0


def _render(options: argparse.Namespace) -> int:
    from aftercare.cli.assembly import read_clinic
    from aftercare.knowledge.render import render

    clinic, knowledge = read_clinic()
    options.output.write_text(render(knowledge, clinic), encoding="utf-8")
    print(f"Wrote {shown(options.output.resolve())}")
    return 0


def _diff(options: argparse.Namespace) -> int:
    from aftercare.answers.compare import differences
    from aftercare.cli.assembly import read_clinic

    clinic, knowledge = read_clinic()
    found = list(differences(_old(options.old, clinic.treatments[0]), knowledge, clinic))
    for difference in found:
        print(f"{difference}\n")
    print(f"{len(found)} answers change")
    return 0


def _old(where: str, treatment: str) -> KnowledgeBase:
    """The knowledge base in a folder, or as it stood at a git revision."""
    if Path(where).is_dir():
        return load_knowledge(Path(where), treatment)
    command = ["git", "-C", str(PROJECT), "archive", where, "data/knowledge"]
    archive = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    if archive.returncode:
        problem = "this is neither a folder nor a git revision that has data/knowledge"
        raise KnowledgeError(where, None, "", problem, "Name a folder, or a revision such as HEAD~1.")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(folder)  # noqa: S202  # made by git a moment ago
        return load_knowledge(Path(folder) / "data" / "knowledge", treatment)
