"""What README.md shows exists: commands, targets, folders, pictures. And it names neither a machine nor a package index."""

from __future__ import annotations

import re

import pytest

from aftercare.cli import COMMANDS
from aftercare.cli.project import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")


def folder_tree() -> list[str]:
    """The paths of "Where things are"."""
    block = README.split("## Where things are")[1].split("```")[1]
    paths: list[str] = []
    parent = ""
    for line in block.strip("\n").splitlines():
        names = re.split(r"\s{2,}", line.strip())[0]
        indent = line.startswith(" ")
        for name in names.split(", "):
            paths.append(f"{parent}{name}" if indent else name)
        if not indent:
            parent = names if names.endswith("/") else ""
    return paths


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE))))
def test_make_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_every_command_is_told() -> None:
    for name in COMMANDS:
        assert re.search(rf"`{name}\b|`[^`|]*\b{name}`", README), name


@pytest.mark.parametrize("path", folder_tree())
def test_place_exists(path: str) -> None:
    assert (PROJECT / path).exists()


@pytest.mark.parametrize("link", re.findall(r'(?:\]\(|src=")([^)"]+)', README))
def test_link_leads_somewhere(link: str) -> None:
    assert (PROJECT / link).exists()


def test_it_names_no_machine_and_no_index() -> None:
    assert not re.search(r"/(home|root|work|tmp)/|https?://|pypi\.|npmjs", README)
