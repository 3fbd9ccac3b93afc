"""People and places: one file a subject."""

from .api_key import ApiKey
from .assistant import (
    Absence,
    AssistantProfile,
    Clearance,
    Confidentiality,
    Cover,
    LanguageLevel,
    Skill,
    SkillLevel,
)
from .calendar import Calendar, CalendarChange, CalendarDay, HolidayFeed, OpeningInterval
from .engagement import Engagement
from .import_batch import ImportBatch, ImportLine
from .invitation import Invitation
from .kept_answer import KeptAnswer
from .organisation import Company, Establishment, LegalEntity, Provider, Site
from .organisation_change import OrganisationChange
from .person import Person, Role, User
from .shift import OnSiteDay, Rostered, Shift, Wish
from .system import System, SystemAccess

__all__ = [
    "Absence",
    "ApiKey",
    "AssistantProfile",
    "Calendar",
    "CalendarChange",
    "CalendarDay",
    "Clearance",
    "Company",
    "Confidentiality",
    "Cover",
    "Engagement",
    "Establishment",
    "HolidayFeed",
    "ImportBatch",
    "ImportLine",
    "Invitation",
    "KeptAnswer",
    "LanguageLevel",
    "LegalEntity",
    "OnSiteDay",
    "OpeningInterval",
    "OrganisationChange",
    "Person",
    "Provider",
    "Role",
    "Rostered",
    "Shift",
    "Site",
    "Skill",
    "SkillLevel",
    "System",
    "SystemAccess",
    "User",
    "Wish",
]
