"""The one error of the knowledge base: it tells the author what to change and where."""

from __future__ import annotations

from pathlib import Path


class KnowledgeError(Exception):
    """A YAML file that cannot be used: which file, line and key, what is wrong, what to do."""

    def __init__(self, file: Path | str, line: int | None, key: str, problem: str, remedy: str) -> None:
        self.file, self.line, self.key, self.problem, self.remedy = str(file), line, key, problem, remedy
        place = f"{file}, line {line}" if line else str(file)
        about = f" at '{key}'" if key else ""
        super().__init__(f"{place}{about}: {problem}. {remedy}")
