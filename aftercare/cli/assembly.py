"""Puts the rooms together: knowledge and clinic in, the conversation's ports and the web application out."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.applications import Starlette

from aftercare.cli.project import PROJECT
from aftercare.conversation.assistant import Assistant
from aftercare.conversation.ports import Ports
from aftercare.conversation.worker import Patience
from aftercare.knowledge import Clinic, KnowledgeBase, load_clinic, load_knowledge
from aftercare.knowledge.saved_replies import load_saved_replies
from aftercare.web.app import create_app
from aftercare.web.console_content import ConsoleContent
from aftercare.web.settings import Settings

RASA_STARTS = 60.0
"""Seconds that Rasa may take to start beside the web process."""


def knowledge_folder() -> Path:
    return Path(os.environ.get("AFTERCARE_KNOWLEDGE_DIR") or PROJECT / "data" / "knowledge")


def clinic_file() -> Path:
    return Path(os.environ.get("AFTERCARE_CLINIC") or PROJECT / "clinic.yml")


def saved_replies_file() -> Path:
    return Path(os.environ.get("AFTERCARE_SAVED_REPLIES") or PROJECT / "saved_replies.yml")


def read_clinic() -> tuple[Clinic, KnowledgeBase]:
    """The clinic and what is known of its treatment. Raises KnowledgeError, also where no emergency number is given."""
    clinic = load_clinic(clinic_file())
    return clinic, load_knowledge(knowledge_folder(), clinic.treatments[0])


def conversation_ports(clinic: Clinic, knowledge: KnowledgeBase, assistant: Assistant) -> Ports:
    """What the conversation needs of the other rooms."""
    from aftercare.answers.wording import ClinicWording
    from aftercare.conversation.handoff_rules import HandoffRules
    from aftercare.conversation.screen import RedFlagScreen, TriageReports
    from aftercare.triage import Reader

    screen = RedFlagScreen(Reader(knowledge), knowledge, clinic)
    wording = ClinicWording(knowledge, clinic)
    zone, rules = ZoneInfo(clinic.time_zone), HandoffRules.of(clinic)
    return Ports(assistant, screen, wording, TriageReports(), clinic.assistant_name, zone, rules)


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
        console_content=ConsoleContent(
            load_saved_replies(saved_replies_file()), {item.id: item.title for item in knowledge.items.values()}
        ),
    )
