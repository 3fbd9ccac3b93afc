"""Levers against peaks are chosen, undone and looked at afterwards."""

import django.db.models.deletion
import relais.lib.tenancy
from django.db import migrations, models

from relais.lib.at_once import AtOnce


class Migration(AtOnce):

    dependencies = [
        ('people', '0008_working_facts'),
        ('planning', '0008_whom_to_tell'),
    ]

    operations = [
        migrations.CreateModel(
            name='Lever',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('week', models.DateField(verbose_name='week')),
                ('code', models.CharField(choices=[('defer', 'What may wait (P4) waits a week'), ('backup', 'Backups of the site'), ('float', 'Float'), ('overtime', 'Overtime within the law'), ('temp', 'Freelance or temp'), ('dates', 'Other dates agreed with the requesters')], max_length=10, verbose_name='lever')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note')),
                ('hours', models.FloatField()),
                ('before', models.FloatField()),
                ('after', models.FloatField()),
                ('asked', models.FloatField()),
                ('capacity', models.FloatField()),
                ('chosen_at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(null=True)),
                ('outcome', models.JSONField(null=True)),
                ('chosen_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.site', verbose_name='site')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
            ],
            options={
                'verbose_name': 'lever chosen',
                'verbose_name_plural': 'levers chosen',
                'ordering': ['-week', 'site', 'id'],
                'abstract': False,
                'constraints': [relais.lib.tenancy.TenantPolicy(name='planning_lever_wall'), models.UniqueConstraint(fields=('provider', 'id'), name='planning_lever_in_provider'), models.UniqueConstraint(condition=models.Q(('undone_at', None)), fields=('site', 'week', 'code'), name='planning_lever_once'), relais.lib.tenancy.SameTenant(field='site', name='planning_lever_site_fk', to='people_site'), relais.lib.tenancy.SameTenant(field='chosen_by', name='planning_lever_by_fk', to='people_person'), relais.lib.tenancy.SameTenant(field='undone_by', name='planning_lever_undone_fk', to='people_person')],
            },
        ),
    ]
