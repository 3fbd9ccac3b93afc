"""Why a row is refused: one class a mend. `values` are kept and shown in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from relais.lib.problem import Problem


class Refusal(Problem):
    """The row cannot be taken; nothing of it is."""


class NoCompany(Refusal):
    message = _("The row names no company. Fill its cell in, or choose a company for such rows.")


class NothingToImport(Refusal):
    message = _("No mapped column of this row says anything.")


class TooManyCellsInRow(Refusal):
    message = _(
        "The row has a cell under no heading (column %(column)s: “%(value)s”). A separator inside "
        "a text needs quotation marks around it."
    )


class FailedFormula(Refusal):
    message = _("Column %(column)s holds a formula that failed. Replace it by its value.")


class TooLong(Refusal):
    message = _("%(field)s: “%(value)s” is longer than %(limit)s characters. Shorten it.")


class BadNumber(Refusal):
    message = _(
        "%(field)s: “%(value)s” is not right: %(digits)s digits are needed, the last one a control "
        "digit. Check it on the official register."
    )


class ShortenedNumber(Refusal):
    message = _(
        "%(field)s: the spreadsheet has shortened the number to “%(value)s”. Format the column as "
        "text and enter it again."
    )


class SirenAgainstSiret(Refusal):
    message = _("The SIRET %(siret)s does not begin with the SIREN %(siren)s. Correct one of them.")


class BadEmail(Refusal):
    message = _("“%(value)s” is no e-mail address. Correct it or leave it empty.")


class BadCountry(Refusal):
    message = _("“%(value)s” is no country. Write its name or its two letters (FR, BE, CH).")


class BadTimeZone(Refusal):
    message = _("“%(value)s” is no time zone. Write Europe/Paris, Indian/Reunion or the like.")


class NoTimeZone(Refusal):
    message = _(
        "The time zone of a site in this country (%(country)s) cannot be guessed. Fill in a time "
        "zone column."
    )


class BadHolidayZone(Refusal):
    message = _(
        "“%(value)s” is no zone of public holidays. Write Métropole, Alsace-Moselle, La Réunion, "
        "or a code such as FR-974 or BE."
    )


class BadRole(Refusal):
    message = _(
        "“%(value)s” is no role of a client. Write requester, site lead, client lead, sponsor, DPO "
        "or auditor."
    )


class StaffRole(Refusal):
    message = _("“%(value)s” is a role of the provider's own staff, whom this import leaves alone.")


class RoleNeedsSite(Refusal):
    message = _("A site lead needs a site or a legal entity in the same row.")


class BadLanguage(Refusal):
    message = _("“%(value)s” is no language of Relais. Write français or English.")


class NotAsManyAsNames(Refusal):
    message = _(
        "%(names)s names, but %(count)s in “%(field)s”. Write one for each name in the same order, "
        "or one row a person."
    )


class NoName(Refusal):
    message = _("The row tells something of a person without a name. Fill in the last name.")


class SeveralExecutives(Refusal):
    message = _("“%(value)s”: only one executive a person. Keep one.")


class SiteWithoutName(Refusal):
    message = _("The row describes a site without its name or city. Fill one of them in.")


class SeveralSites(Refusal):
    message = _("%(company)s has several sites in %(city)s. Fill in the name or code of the site.")


class UnknownSiteCode(Refusal):
    message = _(
        "No site has the code %(code)s, and the row gives no name to create one. Fill in the name."
    )


class Archived(Refusal):
    message = _("%(what)s is archived. Restore it before importing, or leave it out.")


class SirenElsewhere(Refusal):
    message = _(
        "The SIREN %(siren)s belongs to the company %(company)s. Correct the company or the SIREN."
    )


class OtherSiren(Refusal):
    message = _(
        "%(entity)s is registered with the SIREN %(known)s, the row says %(siren)s. Correct the "
        "SIREN, or give the other entity another name."
    )


class SiretElsewhere(Refusal):
    message = _("The SIRET %(siret)s is registered at %(site)s. Correct the SIRET or the site.")


class NameTaken(Refusal):
    message = _("Another site of the company is called %(name)s. Give each site its own name.")


class Contradiction(Refusal):
    message = _(
        "%(field)s of %(what)s: “%(value)s” here, “%(other)s” in row %(row)s. Make the rows agree."
    )


class PersonElsewhere(Refusal):
    message = _("%(email)s is the address of %(person)s, of another company. Correct the address.")


class PersonOfStaff(Refusal):
    message = _("%(email)s is the address of one of the provider's own staff. Correct the address.")


class HasAccount(Refusal):
    message = _(
        "%(person)s signs in as %(known)s; an import does not change that to %(email)s. Change the "
        "address on the person's page."
    )


class SeveralPersons(Refusal):
    message = _("Several persons are called %(name)s. Add the e-mail address to tell them apart.")


class UnknownExecutive(Refusal):
    message = _(
        "The executive “%(name)s” is neither registered nor taken from this file. Give this person "
        "a row, or let the import create executives who have none."
    )


class OwnExecutive(Refusal):
    message = _("%(name)s would report to himself or herself, directly or through others.")
