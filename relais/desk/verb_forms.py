"""What each verb beside the thread asks for: one small form a verb, drawn in a dialog."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django import forms
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

from relais.offer.models import Service
from relais.people.access import Access
from relais.people.models import Confidentiality, Site

from . import dispatch_forms, rules
from .form_parts import Moments, SiteMoment, VerbForm, words_field
from .models import ClarityMark, Commitment, Ticket

State = Ticket.State


class Reprioritise(VerbForm):
    """Another priority."""

    priority = forms.TypedChoiceField(
        label=_("Priority"), coerce=int, choices=Ticket.Priority.choices
    )
    reason = words_field(_("Reason"), hint=_("Both leads and the requester read it."))

    def fill(self) -> None:
        """Propose what is not the priority already."""
        others = [each for each in Ticket.Priority.choices if each[0] != self.ticket.priority]
        self.fields["priority"].choices = others


class Rescope(Moments):
    """Another service, site or date."""

    service = forms.ModelChoiceField(None, label=_("Service"), required=False)
    site = forms.ModelChoiceField(None, label=_("Site"), required=False)
    wanted_by = SiteMoment(label=_("Wanted by"), required=False)
    reason = words_field(_("Reason"), hint=_("The deadlines stay: only a priority moves them."))

    def fill(self) -> None:
        """Offer what this person may see."""
        super().fill()
        self.fields["service"].queryset = self.access.see(Service).filter(active=True)
        sites = self.access.see(Site).filter(company=self.ticket.company_id, archived_at=None)
        self.fields["site"].queryset = sites
        self.initial |= {"service": self.ticket.service_id, "site": self.ticket.site_id}


class Reclassify(VerbForm):
    """Another class of confidentiality."""

    confidentiality = forms.TypedChoiceField(
        label=_("confidentiality"), coerce=int, choices=Confidentiality.choices
    )
    reason = words_field(_("Reason"))

    def fill(self) -> None:
        """Offer higher classes to who works on it, every other one to who steers."""
        now = self.ticket.confidentiality
        free = rules.may("reclassify", self.ticket, self.access.person)
        choices = [c for c in Confidentiality.choices if c[0] != now and (free or c[0] > now)]
        self.fields["confidentiality"].choices = choices


class Postpone(Moments):
    """A wish for later."""

    wanted_by = SiteMoment(
        label=_("Wanted by"), required=False, help_text=_("Empty: on no particular date.")
    )


class Arbitrate(VerbForm):
    """A question to the client's lead."""

    other = forms.CharField(
        label=_("The other request (its reference)"),
        required=False,
        max_length=20,
        help_text=_("Empty when two people want opposite things of this one."),
    )
    question = words_field(
        _("What contradicts what?"), hint=_("The client lead reads it and decides.")
    )

    def clean_other(self) -> Ticket | None:
        """Return the request of that reference, if this person may see it."""
        digits = self.cleaned_data["other"].upper().removeprefix("R-").strip()
        if not digits:
            return None
        seen = self.access.see(Ticket).select_related("company", "site", "service", "requester")
        found = seen.filter(pk=digits).first() if digits.isdecimal() else None
        if found is None:
            raise forms.ValidationError(_("No request of this reference: check the number."))
        return found


class AskApproval(VerbForm):
    """An amount."""

    amount = forms.DecimalField(
        label=_("Amount (€)"), min_value=0, max_digits=12, decimal_places=2, required=False,
        help_text=_("Before tax. Empty: the matter itself is to be approved."),
    )  # fmt: skip
    text = words_field(_("What for?"), required=False, hint=_("The approver reads it."))


class Promise(Moments):
    """A commitment."""

    kind = forms.ChoiceField(label=_("What do you commit to?"), choices=Commitment.Kind.choices)
    due_at = SiteMoment(label=_("By when?"))
    text = forms.CharField(label=_("In words"), required=False, max_length=300)
    beyond = forms.CharField(
        label=_("If later than promised: why"),
        required=False,
        max_length=300,
        help_text=_("The requester reads it."),
    )


class MarkClarity(VerbForm):
    """What was missing."""

    missing = forms.MultipleChoiceField(
        label=_("What was missing?"),
        choices=ClarityMark.Missing.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing ticked: the request was clear. The requester gets a kind hint."),
    )
    note = forms.CharField(label=_("Note for colleagues"), required=False, max_length=300)


class Rate(VerbForm):
    """Satisfaction and effort."""

    score = forms.TypedChoiceField(
        label=_("Are you satisfied?"),
        coerce=int,
        choices=[
            (5, _("Very")),
            (4, _("Yes")),
            (3, _("So-so")),
            (2, _("No")),
            (1, _("Not at all")),
        ],
    )
    effort = forms.TypedChoiceField(
        label=_("Was it easy to ask?"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=[
            ("", _("No answer")),
            (5, _("Very easy")),
            (4, _("Easy")),
            (3, _("So-so")),
            (2, _("Hard")),
            (1, _("Very hard")),
        ],
    )
    comment = words_field(_("A word, if you like"), required=False)


@dataclass(frozen=True)
class Offer:
    """A verb with its form, as a button opens it. `form` is filled when the page is drawn."""

    verb: str
    label: str | Lazy
    icon: str
    kind: type[VerbForm]
    states: tuple[str, ...]
    form: VerbForm | None = None


DONE = (State.DELIVERED, State.ACCEPTED)
OFFERS = (
    Offer("confirm", _("Confirm whom dispatch proposes"), "user-check", dispatch_forms.Confirm,
          (State.OPEN,)),
    Offer("unhold", _("Release for dispatch"), "player-play", dispatch_forms.Plain, (State.OPEN,)),
    Offer("hold", _("Hold: keep out of dispatch"), "player-pause", dispatch_forms.Hold,
          (State.OPEN,)),
    Offer("call_in", _("Have somebody cover the site and give it"), "users", dispatch_forms.CallIn,
          (State.OPEN,)),
    Offer("pin", _("Reserve for somebody"), "lock", dispatch_forms.Pin,
          (State.OPEN, State.ASSIGNED)),
    Offer("unpin", _("No longer reserve it"), "lock", dispatch_forms.Plain,
          (State.OPEN, State.ASSIGNED)),
    Offer("ask_approval", _("Ask for an approval"), "shield-check", AskApproval, Ticket.AT_WORK),
    Offer("promise", _("Commit to a date"), "calendar-event", Promise, Ticket.AT_WORK),
    Offer("reprioritise", _("Change the priority"), "flag", Reprioritise, Ticket.AT_WORK),
    Offer("rescope", _("Change the scope"), "adjustments", Rescope, Ticket.AT_WORK),
    Offer("reclassify", _("Change the confidentiality"), "lock", Reclassify, Ticket.LIVE),
    Offer("postpone", _("Wish for later"), "calendar-plus", Postpone, Ticket.AT_WORK),
    Offer("arbitrate", _("Put to the client lead"), "git-branch", Arbitrate, Ticket.AT_WORK),
    Offer("mark_clarity", _("Was the request clear?"), "zoom-question", MarkClarity,
          tuple(State.values)),
    Offer("rate", _("Say how it went"), "star", Rate, DONE),
)  # fmt: skip
BY_VERB = {each.verb: each for each in OFFERS}


def may(verb: str, ticket: Ticket, access: Access) -> bool:
    """Return whether the verb is offered to this person."""
    person = access.person
    if verb == "reclassify":
        raising = rules.may("classify_up", ticket, person)
        return rules.may("reclassify", ticket, person) or (
            raising and ticket.confidentiality < Confidentiality.EXECUTIVE
        )
    # Who steers changes the date with the rest of the scope.
    if verb == "postpone" and rules.may("rescope", ticket, person):
        return False
    stands = {
        "confirm": ticket.proposed_id is not None,
        "hold": not ticket.held_why,
        "unhold": bool(ticket.held_why),
        "unpin": ticket.pinned_id is not None,
    }
    return stands.get(verb, True) and rules.may(verb, ticket, person)


def offers(ticket: Ticket, access: Access, typed: dict[str, VerbForm] | None = None) -> list[Offer]:
    """Return what this person is offered now, each with its form; `typed` are refused ones."""
    found = []
    for each in OFFERS:
        if ticket.state in each.states and may(each.verb, ticket, access):
            form = (typed or {}).get(each.verb) or each.kind(ticket=ticket, access=access)
            found.append(replace(each, form=form))
    return found
