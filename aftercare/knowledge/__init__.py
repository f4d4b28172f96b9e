"""The symptom knowledge base: load, validate and query ``data/knowledge`` and ``clinic.yml``."""

from aftercare.knowledge.base import KnowledgeBase, load_knowledge
from aftercare.knowledge.clinic import Clinic, load_clinic
from aftercare.knowledge.errors import KnowledgeError
from aftercare.knowledge.model import Condition, Flag, Item, Rule, Sentence, Source, Window

__all__ = [
    "Clinic",
    "Condition",
    "Flag",
    "Item",
    "KnowledgeBase",
    "KnowledgeError",
    "Rule",
    "Sentence",
    "Source",
    "Window",
    "load_clinic",
    "load_knowledge",
]
