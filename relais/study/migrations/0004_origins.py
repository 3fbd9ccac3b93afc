"""What a study becomes: things with their origins, waves and posts."""

import django.contrib.postgres.fields
import django.db.models.deletion
import relais.lib.tenancy
from django.db import migrations, models

from relais.lib.at_once import AtOnce


class Migration(AtOnce):

    dependencies = [
        ('people', '0008_working_facts'),
        ('study', '0003_sizings_costs_and_reports'),
    ]

    operations = [
        migrations.CreateModel(
            name='Generation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('starts_on', models.DateField(verbose_name='first wave from')),
                ('undone_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='generations', to='study.study')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
            ],
            options={
                'verbose_name': 'generation',
                'verbose_name_plural': 'generations',
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Generated',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('service', 'Catalogue item'), ('procedure', 'Procedure to write'), ('agreement', 'Agreement draft'), ('post', 'Post'), ('wave', 'Wave'), ('action', 'Communication')], max_length=10)),
                ('key', models.CharField(max_length=120)),
                ('thing', models.CharField(max_length=40)),
                ('thing_id', models.BigIntegerField()),
                ('title', models.CharField(max_length=300)),
                ('order', models.PositiveIntegerField(default=0)),
                ('made', models.BooleanField(default=True)),
                ('mark', models.PositiveIntegerField(default=0)),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='things', to='study.generation')),
            ],
            options={
                'verbose_name': 'generated thing',
                'verbose_name_plural': 'generated things',
                'ordering': ['kind', 'order', 'id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Origin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('generated', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='origins', to='study.generated')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='origins', to='study.inventoryline', verbose_name='line')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
            ],
            options={
                'verbose_name': 'origin',
                'verbose_name_plural': 'origins',
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Post',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.CharField(choices=[('lead', 'Lead assistant'), ('backup', 'Backup'), ('float', 'Float')], max_length=10, verbose_name='position')),
                ('hours_a_week', models.FloatField(verbose_name='hours a week')),
                ('families', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None)),
                ('readiness', models.PositiveSmallIntegerField(default=3, verbose_name='readiness to build')),
                ('dropped', models.BooleanField(default=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person', verbose_name='person')),
                ('proposed', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person', verbose_name='proposed')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.site', verbose_name='site')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='posts', to='study.study')),
            ],
            options={
                'verbose_name': 'post',
                'verbose_name_plural': 'posts',
                'ordering': ['site__name_key', '-position', 'id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Wave',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('starts_on', models.DateField(verbose_name='begins on')),
                ('conditions', models.TextField(blank=True, max_length=2000, verbose_name='conditions to start')),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('started', 'Started'), ('steady', 'Runs steadily'), ('dropped', 'Dropped')], default='planned', max_length=10, verbose_name='state')),
                ('started_on', models.DateField(null=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='waves', to='study.study')),
            ],
            options={
                'verbose_name': 'wave',
                'verbose_name_plural': 'waves',
                'ordering': ['number', 'id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='WaveSite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.site')),
                ('wave', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sites', to='study.wave')),
            ],
            options={
                'verbose_name': 'site of a wave',
                'verbose_name_plural': 'sites of waves',
                'ordering': ['site__name_key', 'id'],
                'abstract': False,
            },
        ),
        migrations.AddConstraint(
            model_name='generation',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_generation_wall'),
        ),
        migrations.AddConstraint(
            model_name='generation',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_generation_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='generation',
            constraint=models.UniqueConstraint(condition=models.Q(('undone_at', None)), fields=('study',), name='study_generation_one_standing'),
        ),
        migrations.AddConstraint(
            model_name='generation',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_generation_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='generation',
            constraint=relais.lib.tenancy.SameTenant(field='by', name='study_generation_by_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='generation',
            constraint=relais.lib.tenancy.SameTenant(field='undone_by', name='study_generation_undone_fk', to='people_person'),
        ),
        migrations.AddIndex(
            model_name='generated',
            index=models.Index(fields=['thing', 'thing_id'], name='study_generated_thing'),
        ),
        migrations.AddConstraint(
            model_name='generated',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_generated_wall'),
        ),
        migrations.AddConstraint(
            model_name='generated',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_generated_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='generated',
            constraint=models.UniqueConstraint(fields=('generation', 'key'), name='study_generated_once'),
        ),
        migrations.AddConstraint(
            model_name='generated',
            constraint=relais.lib.tenancy.SameTenant(field='generation', name='study_generated_generation_fk', to='study_generation'),
        ),
        migrations.AddConstraint(
            model_name='origin',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_origin_wall'),
        ),
        migrations.AddConstraint(
            model_name='origin',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_origin_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='origin',
            constraint=models.UniqueConstraint(fields=('generated', 'line'), name='study_origin_once'),
        ),
        migrations.AddConstraint(
            model_name='origin',
            constraint=relais.lib.tenancy.SameTenant(field='generated', name='study_origin_generated_fk', to='study_generated'),
        ),
        migrations.AddConstraint(
            model_name='origin',
            constraint=relais.lib.tenancy.SameTenant(field='line', name='study_origin_line_fk', to='study_inventoryline'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_post_wall'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_post_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.UniqueConstraint(condition=models.Q(('dropped', False)), fields=('study', 'site', 'position'), name='study_post_once'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_post_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=relais.lib.tenancy.SameTenant(field='site', name='study_post_site_fk', to='people_site'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=relais.lib.tenancy.SameTenant(field='person', name='study_post_person_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=relais.lib.tenancy.SameTenant(field='proposed', name='study_post_proposed_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='wave',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_wave_wall'),
        ),
        migrations.AddConstraint(
            model_name='wave',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_wave_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='wave',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'dropped'), _negated=True), fields=('study', 'number'), name='study_wave_once'),
        ),
        migrations.AddConstraint(
            model_name='wave',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_wave_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='wavesite',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_wavesite_wall'),
        ),
        migrations.AddConstraint(
            model_name='wavesite',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_wavesite_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='wavesite',
            constraint=models.UniqueConstraint(fields=('wave', 'site'), name='study_wavesite_once'),
        ),
        migrations.AddConstraint(
            model_name='wavesite',
            constraint=relais.lib.tenancy.SameTenant(field='wave', name='study_wavesite_wave_fk', to='study_wave'),
        ),
        migrations.AddConstraint(
            model_name='wavesite',
            constraint=relais.lib.tenancy.SameTenant(field='site', name='study_wavesite_site_fk', to='people_site'),
        ),
    ]
