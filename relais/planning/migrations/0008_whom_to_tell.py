"""An absence keeps whom the lead chose to tell: what moves on its eve is told so too."""

from django.db import migrations, models

from relais.lib.at_once import AtOnce


class Migration(AtOnce):
    dependencies = [("planning", "0007_meetings")]

    operations = [
        migrations.AddField("relief", "tell", models.JSONField(default=dict)),
    ]
