"""What a study's costs and documents keep to those they are meant for."""

from __future__ import annotations

from relais.lib.tenancy import tenant
from relais.study import costing, restitution, sizing
from relais.study.models import CostScenario, Report, Restitution
from relais.study.restitution_charts import OF
from tests.study.conftest import a_line, a_study
from tests.world import World

READERS = [
    ("cost of a study", "Coût-sous-pli", {"maud", "sylvie"}),
    ("sizing of a study", "Calcul-interne", {"maud", "paul", "basile", "sylvie", "claire"}),
]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'


def add(world: World) -> None:
    """Size a study that is told, cost it by a line of its own, and give it back to the group."""
    people, provider = world.people, world.provider
    study = a_study(world, name="Étude-coûts", phase="restitution")
    with tenant(provider.pk):
        a_line(study, world.sites.aix)
        sizing.make(study, {}, by=people.maud, note="Calcul-interne")
        scenario = CostScenario.objects.create(provider=provider, study=study, kind="shared")
        line = {"name": "Coût-sous-pli", "amount": 1234.0, "behaviour": "fixed"}
        costing.add_line(scenario, line, by=people.maud)
        edition = Restitution.objects.create(
            provider=provider, study=study, number=1, state="ready", made_by=people.maud
        )
        told = [one for one in restitution.gathered(study) if one.kind != "site"]
        for report in told:
            report.restitution = edition
            report.charts = {name: {"fr": SVG, "en": SVG} for name in OF[report.kind]}
            report.pdf_fr = report.pdf_en = b"%PDF-1.7"
        Report.objects.bulk_create(told)
