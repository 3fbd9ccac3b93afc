"""How many people a study's work takes, what that costs, and its documents."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import relais.lib.tenancy
from django.db import migrations, models

from relais.lib.at_once import AtOnce


class Migration(AtOnce):

    dependencies = [
        ('people', '0008_working_facts'),
        ('study', '0002_model_choices'),
    ]

    operations = [
        migrations.CreateModel(
            name='CostScenario',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('dedicated', 'Dedicated'), ('shared', 'Shared in house'), ('outsourced', 'Outsourced')], max_length=10, verbose_name='kind')),
                ('hours', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(10000000)], verbose_name='hours of work a year')),
                ('hour_cost', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100000000)], verbose_name='cost of an hour lost (€)')),
                ('friction_left', models.FloatField(default=100, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='friction that stays (%)')),
                ('hours_returned', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(10000000)], verbose_name='hours given back to managers a year')),
                ('hour_worth', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100000000)], verbose_name="worth of a manager's hour (€)")),
                ('assumed', models.BooleanField(default=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cost_scenarios', to='study.study')),
            ],
            options={
                'verbose_name': 'cost scenario',
                'verbose_name_plural': 'cost scenarios',
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CostLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('amount', models.FloatField(validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100000000)], verbose_name='amount (€)')),
                ('behaviour', models.CharField(choices=[('fixed', 'Fixed'), ('variable', 'Follows the volume'), ('posts', 'By posts'), ('once', 'Once')], default='fixed', max_length=8, verbose_name='when the volume moves')),
                ('posts', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(10000)], verbose_name='posts it pays')),
                ('step', models.FloatField(default=0.5, validators=[django.core.validators.MinValueValidator(0.05), django.core.validators.MaxValueValidator(100)], verbose_name='step of a post')),
                ('assumed', models.BooleanField(default=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('scenario', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='study.costscenario')),
            ],
            options={
                'verbose_name': 'cost line',
                'verbose_name_plural': 'cost lines',
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Restitution',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='edition')),
                ('state', models.CharField(choices=[('making', 'Being made'), ('ready', 'Ready')], default='making', max_length=8)),
                ('problem', models.CharField(blank=True, max_length=500)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='restitutions', to='study.study')),
            ],
            options={
                'verbose_name': 'restitution',
                'verbose_name_plural': 'restitutions',
                'ordering': ['-number'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('site', 'Site'), ('group', 'Group'), ('costs', 'Costs')], max_length=6)),
                ('figures', models.JSONField(default=dict)),
                ('charts', models.JSONField(default=dict)),
                ('pdf_fr', models.BinaryField(default=b'')),
                ('pdf_en', models.BinaryField(default=b'')),
                ('digest_fr', models.CharField(blank=True, max_length=64)),
                ('digest_en', models.CharField(blank=True, max_length=64)),
                ('state', models.CharField(choices=[('open', 'To be validated'), ('validated', 'Validated'), ('contested', 'Contested')], default='open', max_length=10)),
                ('word', models.CharField(blank=True, max_length=1000, verbose_name='word')),
                ('answered_at', models.DateTimeField(null=True)),
                ('excuse', models.CharField(blank=True, max_length=1000, verbose_name='reason')),
                ('version', models.PositiveIntegerField(default=1)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('excused_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('site', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.site')),
                ('restitution', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='study.restitution')),
            ],
            options={
                'verbose_name': 'report',
                'verbose_name_plural': 'reports',
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Sizing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='number')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('terms', models.JSONField(default=dict)),
                ('basis', models.JSONField(default=dict)),
                ('digest', models.CharField(max_length=64)),
                ('seed', models.PositiveIntegerField(default=1, verbose_name='seed')),
                ('formula', models.JSONField(default=dict)),
                ('lived', models.JSONField(default=dict)),
                ('charts', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('told', 'By formula'), ('running', 'Being simulated'), ('lived', 'Simulated')], default='told', max_length=8)),
                ('version', models.PositiveIntegerField(default=1)),
                ('done', models.PositiveIntegerField(default=0)),
                ('stop_asked', models.BooleanField(default=False)),
                ('begun_at', models.DateTimeField(null=True)),
                ('told_at', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=500)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sizings', to='study.study')),
            ],
            options={
                'verbose_name': 'sizing',
                'verbose_name_plural': 'sizings',
                'ordering': ['-number'],
                'abstract': False,
            },
        ),
        migrations.AddConstraint(
            model_name='costscenario',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_costscenario_wall'),
        ),
        migrations.AddConstraint(
            model_name='costscenario',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_costscenario_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='costscenario',
            constraint=models.UniqueConstraint(fields=('study', 'kind'), name='study_scenario_once'),
        ),
        migrations.AddConstraint(
            model_name='costscenario',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_scenario_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='costline',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_costline_wall'),
        ),
        migrations.AddConstraint(
            model_name='costline',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_costline_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='costline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('behaviour', 'posts'), _negated=True), ('posts__gt', 0), _connector='OR'), name='study_costline_posts', violation_error_message='By posts: say how many posts this amount pays.'),
        ),
        migrations.AddConstraint(
            model_name='costline',
            constraint=relais.lib.tenancy.SameTenant(field='scenario', name='study_costline_fk', to='study_costscenario'),
        ),
        migrations.AddConstraint(
            model_name='restitution',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_restitution_wall'),
        ),
        migrations.AddConstraint(
            model_name='restitution',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_restitution_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='restitution',
            constraint=models.UniqueConstraint(fields=('study', 'number'), name='study_restitution_once'),
        ),
        migrations.AddConstraint(
            model_name='restitution',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_restitution_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='restitution',
            constraint=relais.lib.tenancy.SameTenant(field='made_by', name='study_restitution_maker_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_report_wall'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_report_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'site'), ('site__isnull', False)), models.Q(models.Q(('kind', 'site'), _negated=True), ('site', None)), _connector='OR'), name='study_report_site'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('restitution', 'kind', 'site'), name='study_report_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=relais.lib.tenancy.SameTenant(field='restitution', name='study_report_restitution_fk', to='study_restitution'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=relais.lib.tenancy.SameTenant(field='site', name='study_report_site_fk', to='people_site'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=relais.lib.tenancy.SameTenant(field='answered_by', name='study_report_by_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=relais.lib.tenancy.SameTenant(field='excused_by', name='study_report_excuser_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='sizing',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_sizing_wall'),
        ),
        migrations.AddConstraint(
            model_name='sizing',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_sizing_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='sizing',
            constraint=models.UniqueConstraint(fields=('study', 'number'), name='study_sizing_once'),
        ),
        migrations.AddConstraint(
            model_name='sizing',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_sizing_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='sizing',
            constraint=relais.lib.tenancy.SameTenant(field='made_by', name='study_sizing_maker_fk', to='people_person'),
        ),
    ]
