"""What is typed of persons: who they are, their roles, and who steers."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relais.lib.kept_form import KeptForm, QuickSelect, SuggestInput
from relais.lib.text import french_key

from . import organisation
from .access import Access
from .models import Company, Engagement, LegalEntity, Person, Role, Site

ADDRESS = re.compile(r"<([^<>]+)>\s*$")


def label_of(person: Person) -> str:
    """Return a person as the line shows and understands it: name and address."""
    return f"{person.name} <{person.email}>" if person.email else person.name


class PersonField(forms.CharField):
    """One of `rows`, typed as a name, an e-mail address, or both. Cleans to the person, or None."""

    def __init__(self, *, rows: QuerySet[Person], company: int | None, **kwargs: Any) -> None:
        self.rows = rows.filter(archived_at=None)
        scope = f"?company={company}" if company else ""
        widget = SuggestInput(url=reverse("person_suggest") + scope)
        super().__init__(widget=widget, max_length=400, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the text of the line: a key that the model gave becomes name and address."""
        if isinstance(value, int):
            person = self.rows.model._base_manager.filter(pk=value).first()
            return label_of(person) if person else ""
        return label_of(value) if isinstance(value, Person) else value

    def clean(self, value: Any) -> Person | None:  # type: ignore[override]
        """Return the one person meant; else say how to name that person. A number is a key."""
        if isinstance(value, int):
            # A key is never searched as a text: somebody's address may hold the same digits.
            found, text = list(self.rows.filter(pk=value)), str(value)
        elif text := super().clean(value):
            found = self._meant(text)
        else:
            return None
        if len(found) == 1:
            return found[0]
        if found:
            raise forms.ValidationError(
                _("Several persons are called “%(name)s”: type the e-mail address.")
                % {"name": text},
                code="several",
            )
        raise forms.ValidationError(
            _("“%(name)s” is not found here: choose a suggestion, or enter the person first.")
            % {"name": text},
            code="unknown",
        )

    def _meant(self, text: str) -> list[Person]:
        address = ADDRESS.search(text)
        if address or "@" in text:
            email = address[1] if address else text
            return list(self.rows.filter(email__iexact=email.strip())[:2])
        found = list(by_words(self.rows, text)[:20])
        exact = [one for one in found if _is_called(one, text)]
        return exact or found[:2]


def _is_called(person: Person, text: str) -> bool:
    key = french_key(text)
    return key in (
        french_key(person.name),
        french_key(f"{person.last_name} {person.first_name}".strip()),
    )


def by_words(rows: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Return the persons whose name or address holds every word."""
    for word in french_key(text.replace("\0", ""))[:200].split()[:6]:
        rows = rows.filter(name_key__contains=word)
    return rows


class PersonForm(KeptForm):
    """What is typed of a person. The company is given by the page, never typed."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=[("fr", "Français"), ("en", "English")]
    )

    class Meta:
        model = Person
        fields = [
            "first_name",
            "last_name",
            "email",
            "phone",
            "job",
            "site",
            "reports_to",
            "language",
        ]
        widgets = {"site": QuickSelect}

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        company = self.instance.company_id
        if company is None:
            del self.fields["site"]
        else:
            self.fields["site"].queryset = access.see(Site).filter(
                company=company, archived_at=None
            )
        self.fields["reports_to"] = PersonField(
            rows=access.see(Person).filter(company=company),
            company=company,
            label=_("Executive"),
            required=False,
            help_text=_("The person above: name or e-mail address."),
        )
        self.order_fields(["seen", *self._meta.fields])

    def clean_email(self) -> str:
        """Return the address in small letters: two spellings are one address."""
        return self.cleaned_data["email"].lower()

    def clean_reports_to(self) -> Person | None:
        """Refuse a circle of executives."""
        executive = self.cleaned_data["reports_to"]
        if (
            executive is not None
            and self.instance.pk is not None
            and organisation.is_own_superior(self.instance, executive)
        ):
            raise forms.ValidationError(
                _("%(name)s reports to this person already, directly or not: choose another one.")
                % {"name": executive},
                code="circle",
            )
        return executive


class CompanyChoice(forms.Form):
    """The first step: for whom does the new person work?"""

    company = forms.ModelChoiceField(
        label=gettext_lazy("Company"),
        queryset=None,
        required=False,
        widget=QuickSelect,
    )

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["company"].queryset = access.see(Company).filter(archived_at=None)
        self.fields["company"].empty_label = _("Our own staff")


DATE = {"type": "date"}


class RoleForm(KeptForm):
    """What a person is for whom: the kinds and the places that fit the person's side."""

    class Meta:
        model = Role
        fields = ["kind", "entity", "site", "starts_on", "ends_on"]
        widgets = {
            "entity": QuickSelect,
            "site": QuickSelect,
            "starts_on": forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person = self.instance.person
        kinds = [k for k in Role.Kind if (k in Role.STAFF) != person.is_client]
        self.fields["kind"].choices = [(k.value, k.label) for k in kinds if access.may_grant(k)]
        self.fields["starts_on"].help_text = _("Empty: always.")
        self.fields["ends_on"].help_text = _("Empty: until further notice.")
        if not person.is_client:
            del self.fields["entity"], self.fields["site"]
            return
        whole = _("The whole company")
        for name, model in (("entity", LegalEntity), ("site", Site)):
            rows = access.see(model).filter(company=person.company_id, archived_at=None)
            self.fields[name].queryset = rows
            self.fields[name].empty_label = whole

    def clean(self) -> dict[str, Any] | None:
        """Refuse a site of another entity, and a last day before the first."""
        cleaned = super().clean()
        entity, site = self.cleaned_data.get("entity"), self.cleaned_data.get("site")
        if entity is not None and site is not None and site.entity_id != entity.pk:
            self.add_error(
                "site", _("%(site)s does not belong to this legal entity.") % {"site": site}
            )
        if self.cleaned_data.get("kind") == Role.Kind.SITE_LEAD and not (entity or site):
            self.add_error("site", _("A site lead leads a site: choose it."))
        first, last = self.cleaned_data.get("starts_on"), self.cleaned_data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The role ends before it starts."))
        return cleaned


Mode = Engagement.Mode


class Meaning(NamedTuple):
    """What a mode is, and what it allows the client to do (domain G.3)."""

    text: Any
    allows: Any


_STRICT = gettext_lazy(
    "The client asks the service for a deliverable with a deadline. It never chooses the person, "
    "never orders a person's day, and sees neither hours nor leave."
)


_DIRECT = gettext_lazy(
    "The client may name the person who does the work. It still sees neither leave nor workload."
)


MEANINGS = {
    Mode.PROVIDER: Meaning(
        gettext_lazy(
            "The provider sells results and organises its own staff: the strict mode, which keeps "
            "clear of unlawful lending of labour."
        ),
        _STRICT,
    ),
    Mode.GROUP: Meaning(
        gettext_lazy(
            "A shared service inside a group, under a written agreement: services are real and "
            "traced per entity, month by month."
        ),
        _STRICT,
    ),
    Mode.TIME_SHARE: Meaning(
        gettext_lazy(
            "A time-share employer lends qualified staff: two contracts a mission, and the user "
            "company directs the work."
        ),
        _DIRECT,
    ),
    Mode.EMPLOYERS: Meaning(
        gettext_lazy(
            "The members of an employers' association share its staff and direct the work."
        ),
        _DIRECT,
    ),
    Mode.INTERNAL: Meaning(
        gettext_lazy("Pool and requesters belong to one legal entity: one employer."), _DIRECT
    ),
}


def meaning(engagement: Engagement) -> Meaning:
    """Return what the mode of an engagement means, in plain words."""
    return MEANINGS[Mode(engagement.mode)]


class EngagementForm(KeptForm):
    """The mode, the two leads and their deputies."""

    class Meta:
        model = Engagement
        fields = [
            "mode",
            "started_on",
            "client_lead",
            "client_deputy",
            "provider_lead",
            "provider_deputy",
        ]
        widgets = {
            "mode": forms.RadioSelect,
            "started_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "provider_lead": QuickSelect,
            "provider_deputy": QuickSelect,
        }

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        company = self.instance.company
        self.fields["mode"].choices = [
            (mode.value, f"{mode.label}. {MEANINGS[mode].text} {MEANINGS[mode].allows}")
            for mode in Mode
        ]
        for name in ("client_lead", "client_deputy"):
            field = self.fields[name]
            self.fields[name] = PersonField(
                rows=access.see(Person).filter(company=company),
                company=company.pk,
                label=field.label,
                required=field.required,
                help_text=_("A person of %(name)s: name or e-mail address.") % {"name": company},
            )
        on_staff = (
            access.see(Person)
            .filter(
                company=None,
                archived_at=None,
                roles__in=access.see(Role).in_force().filter(kind__in=Role.STAFF),
            )
            .distinct()
        )
        for name in ("provider_lead", "provider_deputy"):
            self.fields[name].queryset = on_staff
        self.fields["provider_lead"].help_text = _(
            "The one person of the staff who speaks for the service."
        )

    def clean(self) -> dict[str, Any] | None:
        """Refuse a deputy who is the lead, beside the field where one mends it."""
        cleaned = super().clean()
        for side in ("client", "provider"):
            lead = self.cleaned_data.get(f"{side}_lead")
            if lead is not None and lead == self.cleaned_data.get(f"{side}_deputy"):
                self.add_error(f"{side}_deputy", _("A deputy is somebody else than the lead."))
        return cleaned


class EndForm(forms.Form):
    """The last day of something."""

    on = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, start: Any = None, latest: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.start, self.latest = start, latest
        self.fields["on"].initial = timezone.localdate

    def clean_on(self) -> Any:
        """Return a day that is not before the first one."""
        day = self.cleaned_data["on"]
        if self.start is not None and day < self.start:
            raise forms.ValidationError(_("The last day comes before the first."), code="order")
        if self.latest is not None and day > self.latest:
            raise forms.ValidationError(
                _("This day is still to come: end it when it is over."), code="future"
            )
        return day
