"""Spreadsheets on their way into an inventory."""

import django.db.models.deletion
import relais.lib.tenancy
from django.db import migrations, models

from relais.lib.at_once import AtOnce


class Migration(AtOnce):

    dependencies = [
        ('people', '0008_working_facts'),
        ('study', '0005_the_workshop'),
    ]

    operations = [
        migrations.CreateModel(
            name='SheetImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_name', models.CharField(max_length=200, verbose_name='file')),
                ('digest', models.CharField(max_length=64)),
                ('sheet', models.CharField(blank=True, max_length=200)),
                ('sheets', models.JSONField(default=list)),
                ('rows', models.JSONField(default=list)),
                ('mapping', models.JSONField(null=True)),
                ('unit', models.FloatField(default=1.0)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
                ('taken_at', models.DateTimeField(null=True)),
                ('counts', models.JSONField(default=dict)),
                ('refused', models.JSONField(default=list)),
                ('version', models.PositiveIntegerField(default=1)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('site', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='people.site')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sheets', to='study.study')),
                ('taken_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
            ],
            options={
                'verbose_name': 'spreadsheet of a study',
                'verbose_name_plural': 'spreadsheets of a study',
                'ordering': ['-id'],
                'abstract': False,
                'constraints': [relais.lib.tenancy.TenantPolicy(name='study_sheetimport_wall'), models.UniqueConstraint(fields=('provider', 'id'), name='study_sheetimport_in_provider'), models.UniqueConstraint(fields=('study', 'digest', 'sheet'), name='study_sheetimport_once'), relais.lib.tenancy.SameTenant(field='study', name='study_sheetimport_study_fk', to='study_study'), relais.lib.tenancy.SameTenant(field='site', name='study_sheetimport_site_fk', to='people_site'), relais.lib.tenancy.SameTenant(field='made_by', name='study_sheetimport_maker_fk', to='people_person'), relais.lib.tenancy.SameTenant(field='taken_by', name='study_sheetimport_taker_fk', to='people_person')],
            },
        ),
    ]
