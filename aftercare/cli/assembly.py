"""Puts the rooms together: knowledge and clinic in, the conversation's ports and the web application out."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.applications import Starlette

from aftercare.cli.project import PROJECT
from aftercare.conversation.assistant import Assistant
from aftercare.conversation.worker import Patience, Ports
from aftercare.knowledge import Clinic, KnowledgeBase, load_clinic, load_knowledge
from aftercare.web.app import create_app
from aftercare.web.settings import Settings

RASA_STARTS = 60.0
"""Seconds that Rasa may take to start beside the web process."""


def knowledge_folder() -> Path:
    return Path(os.environ.get("AFTERCARE_KNOWLEDGE_DIR") or PROJECT / "data" / "knowledge")


def clinic_file() -> Path:
    return Path(os.environ.get("AFTERCARE_CLINIC") or PROJECT / "clinic.yml")


def read_clinic() -> tuple[Clinic, KnowledgeBase]:
    """The clinic and what is known of its treatment. Raises KnowledgeError, also where no emergency number is given."""
    clinic = load_clinic(clinic_file())
    return clinic, load_knowledge(knowledge_folder(), clinic.treatments[0])


def conversation_ports(clinic: Clinic, knowledge: KnowledgeBase, assistant: Assistant) -> Ports:
    """What the conversation needs of the other rooms."""
    from aftercare.answers.wording import ClinicWording
    from aftercare.conversation.screen import EmergencyScreen, TriageReports
    from aftercare.triage import Reader

    screen = EmergencyScreen(Reader(knowledge), knowledge, clinic)
    wording = ClinicWording(knowledge, clinic)
    return Ports(assistant, screen, wording, TriageReports(), clinic.assistant_name, ZoneInfo(clinic.time_zone))


def web_app(settings: Settings, assistant: Assistant | None = None) -> Starlette:
    """The web application of this installation. Raises KnowledgeError, BadSetting, StorageError."""
    from aftercare.conversation.rasa_assistant import HttpAssistant

    clinic, knowledge = read_clinic()
    answering = assistant or HttpAssistant(settings.rasa_url, settings.turn_secret)
    ports = conversation_ports(clinic, knowledge, answering)
    return create_app(
        settings,
        clinic=clinic,
        screen=ports.screen,
        wording=ports.wording,
        reports=ports.reports,
        assistant=answering,
        patience=Patience(start=RASA_STARTS),
    )
