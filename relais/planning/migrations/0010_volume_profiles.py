"""A diagnostic hands its volumes down to the planning."""

import django.contrib.postgres.fields
import django.db.models.deletion
import relais.lib.tenancy
from django.db import migrations, models

from relais.lib.at_once import AtOnce


class Migration(AtOnce):

    dependencies = [
        ('people', '0008_working_facts'),
        ('planning', '0009_levers_chosen'),
    ]

    operations = [
        migrations.CreateModel(
            name='VolumeProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('family', models.CharField(choices=[('agenda', 'Diary'), ('reporting', 'Reporting'), ('contracts', 'Contracts'), ('invoicing', 'Invoicing'), ('coordination', 'Coordination'), ('front_desk', 'Mail, telephone, reception'), ('travel', 'Travel'), ('hr', 'Staff administration'), ('facilities', 'Facilities and suppliers'), ('governance', 'Corporate governance'), ('documents', 'Documents and filing'), ('projects', 'One-off projects'), ('other', 'Other')], max_length=20, verbose_name='family')),
                ('yearly', models.FloatField(verbose_name='requests a year')),
                ('minutes', models.FloatField(verbose_name='minutes of one')),
                ('months', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=12, verbose_name='months')),
                ('source', models.CharField(max_length=40)),
                ('given_at', models.DateTimeField()),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='volume_profiles', to='people.site', verbose_name='site')),
            ],
            options={
                'verbose_name': 'profile of volumes',
                'verbose_name_plural': 'profiles of volumes',
                'ordering': ['site', 'family'],
                'abstract': False,
                'constraints': [relais.lib.tenancy.TenantPolicy(name='planning_volumeprofile_wall'), models.UniqueConstraint(fields=('provider', 'id'), name='planning_volumeprofile_in_provider'), models.UniqueConstraint(fields=('site', 'family'), name='planning_profile_once'), models.CheckConstraint(condition=models.Q(('minutes__gt', 0), ('months__len', 12), ('yearly__gt', 0)), name='planning_profile_counts'), relais.lib.tenancy.SameTenant(field='site', name='planning_profile_site_fk', to='people_site')],
            },
        ),
    ]
