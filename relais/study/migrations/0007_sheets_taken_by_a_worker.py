"""A large spreadsheet is taken by a worker, which tells how far it is."""

from django.db import migrations, models

from relais.lib.at_once import AtOnce


class Migration(AtOnce):

    dependencies = [
        ('study', '0006_sheets'),
    ]

    operations = [
        migrations.AddField('sheetimport', 'begun_at', models.DateTimeField(null=True)),
        migrations.AddField('sheetimport', 'told_at', models.DateTimeField(null=True)),
        migrations.AddField('sheetimport', 'done', models.PositiveIntegerField(default=0)),
        migrations.AddField('sheetimport', 'lines', models.PositiveIntegerField(default=0)),
        migrations.AddField('sheetimport', 'problem', models.CharField(blank=True, max_length=300)),
    ]
