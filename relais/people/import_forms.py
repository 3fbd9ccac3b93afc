"""What is typed of an import: its file, and what each column is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relais.lib import tables

from .importing.columns import FIELDS, MAY_REPEAT
from .models import Company, ImportBatch, Role

CLIENT_ROLES = [(kind.value, kind.label) for kind in Role.Kind if kind not in Role.STAFF]


class UploadForm(forms.Form):
    """A file with a list."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV or XLSX, at most 20 MB and 50,000 rows. Any separator and encoding will do."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.xlsm"}),
        error_messages={"empty": gettext_lazy("The file is empty. Choose one that holds rows.")},
    )


class ColumnsForm(forms.Form):
    """What each column is, and the choices beside."""

    sheet = forms.ChoiceField(label=gettext_lazy("Sheet"), required=False)
    header_row = forms.IntegerField(
        label=gettext_lazy("Row of the headings"),
        min_value=0,
        max_value=tables.MAX_ROWS,
        help_text=gettext_lazy("0 when the file has no headings."),
    )
    company = forms.CharField(
        label=gettext_lazy("Company of rows that name none"), required=False, max_length=200
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role of persons without any"), required=False, choices=[]
    )
    create_executives = forms.BooleanField(
        label=gettext_lazy("Create executives who have no row of their own"), required=False
    )

    def __init__(self, data: Any, batch: ImportBatch, companies: QuerySet[Company]) -> None:
        super().__init__(data, initial={**batch.options, "sheet": batch.sheet})
        self.batch = batch
        self.initial["header_row"] = batch.header_row
        self.fields["sheet"].choices = [(name, name) for name in batch.sheets]
        if len(batch.sheets) < 2:
            del self.fields["sheet"]
        self.fields["role"].choices = [("", _("None")), *CLIENT_ROLES]
        self.fields["company"].widget.attrs["list"] = "companies"
        self.companies = companies
        choices = [("", _("— do not import —")), *((f.name, cap(f.label)) for f in FIELDS)]
        for column, heading in enumerate(batch.header):
            self.fields[f"column_{column}"] = forms.ChoiceField(
                label=heading or _("Column %(letter)s") % {"letter": tables.letter(column)},
                choices=choices,
                required=False,
                initial=(batch.mapping or {}).get(str(column), ""),
            )

    @property
    def columns(self) -> list[dict[str, Any]]:
        """Return each column with its letter, some of its texts and its field."""
        return [
            {
                "letter": tables.letter(column),
                "field": self[f"column_{column}"],
                "samples": [row[column] for row in self.batch.samples if row[column]],
            }
            for column in range(len(self.batch.header))
        ]

    @property
    def table_changed(self) -> bool:
        """Return whether another sheet or another row of headings is asked for."""
        said = self.cleaned_data
        sheet = said.get("sheet") or self.batch.sheet
        return sheet != self.batch.sheet or said["header_row"] != self.batch.header_row

    @property
    def mapping(self) -> dict[str, str]:
        """Return the columns as chosen."""
        chosen = {str(c): self.cleaned_data[f"column_{c}"] for c in range(len(self.batch.header))}
        return {column: name for column, name in chosen.items() if name}

    def clean(self) -> dict[str, Any] | None:
        """Refuse two columns that would say the same thing."""
        cleaned = super().clean()
        seen: dict[str, str] = {}
        for column in range(len(self.batch.header)):
            name = self.cleaned_data.get(f"column_{column}", "")
            if name and name not in MAY_REPEAT and name in seen:
                other = {"letter": seen[name]}
                text = _("Column %(letter)s is this already. Choose one of the two.") % other
                self.add_error(f"column_{column}", text)
            seen.setdefault(name, tables.letter(column))
        if not any(name for name in seen):
            self.add_error(None, _("Say of at least one column what it is."))
        return cleaned


def cap(text: object) -> str:
    """Return a text that begins with a capital."""
    return str(text)[:1].upper() + str(text)[1:]
