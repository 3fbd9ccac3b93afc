"""The list of dispatches is read by time, among all events."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("desk", "0004_live")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("kind__in", ["assigned", "unassigned"])),
                fields=["provider", "at"],
                name="desk_event_dispatch",
            ),
        ),
    ]
