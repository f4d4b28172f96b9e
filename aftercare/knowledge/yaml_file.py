"""YAML with line numbers: read with PyYAML's safe loader, checked against a JSON Schema."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from aftercare.knowledge.errors import KnowledgeError

SCHEMAS = Path(__file__).with_name("schemas")
Key = tuple[str | int, ...]


@dataclass(frozen=True)
class YamlFile:
    """One parsed file: ``data`` and, for every key path, the line it stands on (from 1)."""

    path: Path
    data: Any
    lines: dict[Key, int]

    def line(self, key: Key) -> int | None:
        """The line of ``key``, or of its nearest parent that has one."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key)

    def error(self, key: Key, problem: str, remedy: str) -> KnowledgeError:
        return KnowledgeError(self.path, self.line(key), ".".join(map(str, key)), problem, remedy)


def read_yaml(path: Path, schema: str) -> YamlFile:
    """Read and validate one file. ``schema`` is the name of a file in ``schemas/``.

    Raises KnowledgeError naming file, line, key and remedy.
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except FileNotFoundError:
        raise KnowledgeError(path, None, "", "the file does not exist", "Create it or take its name out.") from None
    except UnicodeDecodeError:
        raise KnowledgeError(path, None, "", "the file is not UTF-8 text", "Save it again as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = str(getattr(error, "problem", None) or error)
        remedy = "Check the indentation, colons and quotes of this line and the one above it."
        raise KnowledgeError(path, mark.line + 1 if mark else None, "", problem, remedy) from None
    if node is None:
        raise KnowledgeError(path, 1, "", "the file is empty", "Fill it in, or delete it.")
    lines: dict[Key, int] = {}
    _index(node, (), lines, path)
    data = yaml.safe_load(text)
    file = YamlFile(path, data, lines)
    violation = best_error(data, schema)
    if violation is not None:
        raise file.error(tuple(violation.absolute_path), _problem(violation), _remedy(violation))
    return file


def best_error(data: Any, schema: str) -> ValidationError | None:
    """The deepest schema violation, which is the one an author can act on."""
    errors = list(_validator(schema).iter_errors(data))
    return max(errors, key=lambda e: len(e.absolute_path), default=None)


@lru_cache
def _validator(schema: str) -> Draft7Validator:
    return Draft7Validator(json.loads((SCHEMAS / f"{schema}.schema.json").read_text(encoding="utf-8")))


def _index(node: yaml.Node, key: Key, lines: dict[Key, int], path: Path) -> None:
    lines[key] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: dict[Any, int] = {}
        for name, value in node.value:
            line = name.start_mark.line + 1
            if name.value in seen:
                problem = f"the key stands twice, first on line {seen[name.value]}"
                raise KnowledgeError(
                    path, line, ".".join(map(str, (*key, name.value))), problem, "Join the two into one."
                )
            seen[name.value] = line
            _index(value, (*key, name.value), lines, path)
            lines[key + (name.value,)] = line
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _index(value, (*key, number), lines, path)
    elif isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:timestamp":
        _check_date(node, key, path)


def _check_date(node: yaml.ScalarNode, key: Key, path: Path) -> None:
    try:
        yaml.constructor.SafeConstructor().construct_yaml_timestamp(node)
    except ValueError:
        line, problem = node.start_mark.line + 1, f"{node.value!r} is not a date"
        raise KnowledgeError(path, line, ".".join(map(str, key)), problem, "Write it like 2026-12-25.") from None


def _problem(error: ValidationError) -> str:
    shown = json.dumps(error.instance, default=str)
    if error.validator in ("required", "additionalProperties"):
        return str(error.message)
    return str(error.message) if len(shown) < 120 else f"the value does not fit ({error.validator})"


def _remedy(error: ValidationError) -> str:
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    if error.validator == "required":
        return "Add the missing key."
    if error.validator == "additionalProperties":
        return f"Known keys here: {', '.join(sorted(schema.get('properties', {})))}."
    if error.validator == "enum":
        return f"Use one of: {', '.join(map(str, schema['enum']))}."
    wanted = schema.get("description")
    return f"Expected: {wanted}." if wanted else f"Expected {error.validator} {error.validator_value}."
