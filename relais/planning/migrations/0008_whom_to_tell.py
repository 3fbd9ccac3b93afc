"""An absence keeps whom the lead chose to tell: what moves on its eve is told so too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("planning", "0007_meetings")]

    operations = [
        migrations.AddField("relief", "tell", models.JSONField(default=dict)),
    ]
