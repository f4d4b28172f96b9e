"""From a patient's words to an acuity tier: findings, assertion, time, red-flag rules. Pure: no clock, no store, no network."""

from aftercare.triage.assess import Assessment, Hit, assess
from aftercare.triage.reader import Reader
from aftercare.triage.reading import Finding, Reading, TimeMention
from aftercare.triage.report import Report, update

__all__ = ["Assessment", "Finding", "Hit", "Reader", "Reading", "Report", "TimeMention", "assess", "update"]
