"""Checks of quality and what they lead to; packages and their contested lines."""

import django.core.validators
import django.db.models.deletion
import relais.lib.tenancy
from decimal import Decimal
from django.db import migrations, models

from relais.lib.at_once import AtOnce


class Migration(AtOnce):

    dependencies = [
        ('desk', '0011_letters_invite'),
        ('offer', '0004_tool_and_skill_level'),
        ('people', '0008_working_facts'),
        ('records', '0001_figures_kept'),
    ]

    operations = [
        migrations.CreateModel(
            name='QualityGrid',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('own', models.JSONField(default=list, verbose_name='own questions')),
                ('made_at', models.DateTimeField()),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
            ],
            options={
                'verbose_name': 'grid of checks',
                'verbose_name_plural': 'grids of checks',
                'ordering': ['-number'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='QualityCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(verbose_name='month')),
                ('delivered_at', models.DateTimeField(verbose_name='delivered')),
                ('reasons', models.JSONField(default=list, verbose_name='why picked')),
                ('drawn_at', models.DateTimeField(verbose_name='drawn')),
                ('state', models.CharField(choices=[('drawn', 'To check'), ('open', 'Being checked'), ('finished', 'Checked')], default='drawn', max_length=10, verbose_name='state')),
                ('version', models.PositiveIntegerField(default=1)),
                ('opened_at', models.DateTimeField(null=True)),
                ('answers', models.JSONField(default=dict)),
                ('finished_at', models.DateTimeField(null=True, verbose_name='checked')),
                ('critical', models.PositiveSmallIntegerField(null=True, verbose_name='critical errors')),
                ('minor', models.PositiveSmallIntegerField(null=True, verbose_name='other errors')),
                ('verdicts', models.JSONField(default=list)),
                ('reply', models.TextField(blank=True, verbose_name='answer of the assistant')),
                ('replied_at', models.DateTimeField(null=True)),
                ('assistant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quality_checks', to='people.person', verbose_name='delivered by')),
                ('checker', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person', verbose_name='checked by')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('ticket', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='quality_check', to='desk.ticket', verbose_name='request')),
                ('grid', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.qualitygrid')),
            ],
            options={
                'verbose_name': 'check of quality',
                'verbose_name_plural': 'checks of quality',
                'ordering': ['-delivered_at', '-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='UsageDispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(verbose_name='month')),
                ('state', models.CharField(choices=[('open', 'Contested'), ('upheld', 'Not counted'), ('rejected', 'Counted after all'), ('withdrawn', 'Taken back')], default='open', max_length=10, verbose_name='state')),
                ('version', models.PositiveIntegerField(default=1)),
                ('reason', models.TextField(verbose_name='why it is contested')),
                ('at', models.DateTimeField(verbose_name='contested')),
                ('answer_text', models.TextField(blank=True, verbose_name='answer')),
                ('answered_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='usage_disputes', to='people.company')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('settled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='usage_disputes', to='desk.ticket', verbose_name='request')),
            ],
            options={
                'verbose_name': 'contested line',
                'verbose_name_plural': 'contested lines',
                'ordering': ['-at', '-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='UsagePlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('starts_on', models.DateField(verbose_name='from')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='until')),
                ('unit', models.CharField(choices=[('hours', 'Hours'), ('requests', 'Requests'), ('points', 'Points by service'), ('flat', 'Flat: counted, never exceeded')], max_length=10, verbose_name='counted in')),
                ('included', models.DecimalField(decimal_places=2, max_digits=10, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('1000000'))], verbose_name='included a month')),
                ('price_cents', models.BigIntegerField(default=0, verbose_name='price of a month, in cents')),
                ('rounding_minutes', models.PositiveSmallIntegerField(default=1, verbose_name='rounded up to (minutes)')),
                ('carried_months', models.PositiveSmallIntegerField(blank=True, default=0, null=True, verbose_name='carried over for (months)')),
                ('carried_percent', models.DecimalField(blank=True, decimal_places=2, max_digits=6, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='carried over at most (% of the package)')),
                ('carried_units', models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('1000000'))], verbose_name='carried over at most (units)')),
                ('overage', models.CharField(choices=[('notice', 'Told, not charged'), ('rate', 'Charged with the month'), ('next', 'Charged with the next month'), ('stop', 'No new work begins')], default='notice', max_length=10, verbose_name='beyond the package')),
                ('over_cents', models.BigIntegerField(default=0, verbose_name='price of a unit beyond, in cents')),
                ('urgent_times', models.DecimalField(decimal_places=2, default=Decimal('1'), max_digits=4, verbose_name='an urgent line counts (times)')),
                ('alerts', models.JSONField(default=list, verbose_name='alerts at (%)')),
                ('points', models.JSONField(blank=True, default=dict, verbose_name='points by service')),
                ('held', models.JSONField(blank=True, default=list, verbose_name='suspended months')),
                ('made_at', models.DateTimeField()),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='usage_plans', to='people.company', verbose_name='company')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
            ],
            options={
                'verbose_name': 'package',
                'verbose_name_plural': 'packages',
                'ordering': ['company', '-number'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CorrectiveAction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', 'To do'), ('done', 'Done, to be verified'), ('verified', 'Verified'), ('void', 'Falls away')], default='open', max_length=10, verbose_name='state')),
                ('version', models.PositiveIntegerField(default=1)),
                ('opened_at', models.DateTimeField(verbose_name='opened')),
                ('due_at', models.DateTimeField(verbose_name='due')),
                ('root_cause', models.TextField(blank=True, verbose_name='root cause')),
                ('measure', models.TextField(blank=True, verbose_name='what is done about it')),
                ('done_at', models.DateTimeField(null=True, verbose_name='done')),
                ('verified_at', models.DateTimeField(null=True, verbose_name='verified')),
                ('done_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('mended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='offer.procedureversion', verbose_name='mended by version')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrective_actions', to='people.person', verbose_name='owner')),
                ('procedure', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='offer.procedure', verbose_name='procedure to mend')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('verified_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('check_made', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='action', to='records.qualitycheck', verbose_name='check')),
            ],
            options={
                'verbose_name': 'corrective action',
                'verbose_name_plural': 'corrective actions',
                'ordering': ['due_at', 'id'],
                'abstract': False,
                'indexes': [models.Index(fields=['provider', 'state'], name='records_action_state')],
                'constraints': [relais.lib.tenancy.TenantPolicy(name='records_correctiveaction_wall'), models.UniqueConstraint(fields=('provider', 'id'), name='records_correctiveaction_in_provider'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['done', 'verified']), _negated=True), models.Q(('root_cause', ''), _negated=True), _connector='OR'), name='records_action_cause'), relais.lib.tenancy.SameTenant(field='check_made', name='records_action_check_fk', to='records_qualitycheck'), relais.lib.tenancy.SameTenant(field='owner', name='records_action_owner_fk', to='people_person'), relais.lib.tenancy.SameTenant(field='procedure', name='records_action_procedure_fk', to='offer_procedure'), relais.lib.tenancy.SameTenant(field='mended_by', name='records_action_version_fk', to='offer_procedureversion'), relais.lib.tenancy.SameTenant(field='done_by', name='records_action_done_fk', to='people_person'), relais.lib.tenancy.SameTenant(field='verified_by', name='records_action_verified_fk', to='people_person')],
            },
        ),
        migrations.CreateModel(
            name='QualityDraw',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(verbose_name='month')),
                ('seed', models.CharField(max_length=60, verbose_name='seed')),
                ('delivered', models.PositiveIntegerField(verbose_name='delivered')),
                ('picked', models.PositiveIntegerField(verbose_name='to be checked')),
                ('drawn_at', models.DateTimeField(verbose_name='drawn')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
            ],
            options={
                'verbose_name': 'draw of a month',
                'verbose_name_plural': 'draws of months',
                'ordering': ['-month'],
                'abstract': False,
                'constraints': [relais.lib.tenancy.TenantPolicy(name='records_qualitydraw_wall'), models.UniqueConstraint(fields=('provider', 'id'), name='records_qualitydraw_in_provider'), models.UniqueConstraint(fields=('provider', 'month'), name='records_draw_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='qualitygrid',
            constraint=relais.lib.tenancy.TenantPolicy(name='records_qualitygrid_wall'),
        ),
        migrations.AddConstraint(
            model_name='qualitygrid',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='records_qualitygrid_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='qualitygrid',
            constraint=models.UniqueConstraint(fields=('provider', 'number'), name='records_grid_number'),
        ),
        migrations.AddConstraint(
            model_name='qualitygrid',
            constraint=relais.lib.tenancy.SameTenant(field='made_by', name='records_grid_by_fk', to='people_person'),
        ),
        migrations.AddIndex(
            model_name='qualitycheck',
            index=models.Index(fields=['provider', 'state', 'delivered_at'], name='records_check_state'),
        ),
        migrations.AddIndex(
            model_name='qualitycheck',
            index=models.Index(fields=['provider', 'finished_at'], name='records_check_finished_at'),
        ),
        migrations.AddConstraint(
            model_name='qualitycheck',
            constraint=relais.lib.tenancy.TenantPolicy(name='records_qualitycheck_wall'),
        ),
        migrations.AddConstraint(
            model_name='qualitycheck',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='records_qualitycheck_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='qualitycheck',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('state', 'finished')), models.Q(models.Q(('state', 'finished'), _negated=True), ('finished_at', None)), _connector='OR'), name='records_check_finished'),
        ),
        migrations.AddConstraint(
            model_name='qualitycheck',
            constraint=relais.lib.tenancy.SameTenant(field='ticket', name='records_check_ticket_fk', to='desk_ticket'),
        ),
        migrations.AddConstraint(
            model_name='qualitycheck',
            constraint=relais.lib.tenancy.SameTenant(field='assistant', name='records_check_assistant_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='qualitycheck',
            constraint=relais.lib.tenancy.SameTenant(field='checker', name='records_check_checker_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='qualitycheck',
            constraint=relais.lib.tenancy.SameTenant(field='grid', name='records_check_grid_fk', to='records_qualitygrid'),
        ),
        migrations.AddIndex(
            model_name='usagedispute',
            index=models.Index(fields=['company', 'month'], name='records_dispute_month'),
        ),
        migrations.AddConstraint(
            model_name='usagedispute',
            constraint=relais.lib.tenancy.TenantPolicy(name='records_usagedispute_wall'),
        ),
        migrations.AddConstraint(
            model_name='usagedispute',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='records_usagedispute_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='usagedispute',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'withdrawn'), _negated=True), fields=('ticket', 'month'), name='records_dispute_once'),
        ),
        migrations.AddConstraint(
            model_name='usagedispute',
            constraint=relais.lib.tenancy.SameTenant(field='company', name='records_dispute_company_fk', to='people_company'),
        ),
        migrations.AddConstraint(
            model_name='usagedispute',
            constraint=relais.lib.tenancy.SameTenant(field='ticket', name='records_dispute_ticket_fk', to='desk_ticket'),
        ),
        migrations.AddConstraint(
            model_name='usagedispute',
            constraint=relais.lib.tenancy.SameTenant(field='by', name='records_dispute_by_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='usagedispute',
            constraint=relais.lib.tenancy.SameTenant(field='answered_by', name='records_dispute_answer_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='usagedispute',
            constraint=relais.lib.tenancy.SameTenant(field='settled_by', name='records_dispute_settled_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='usageplan',
            constraint=relais.lib.tenancy.TenantPolicy(name='records_usageplan_wall'),
        ),
        migrations.AddConstraint(
            model_name='usageplan',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='records_usageplan_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='usageplan',
            constraint=models.UniqueConstraint(fields=('company', 'number'), name='records_plan_number'),
        ),
        migrations.AddConstraint(
            model_name='usageplan',
            constraint=models.UniqueConstraint(condition=models.Q(('ends_on', None)), fields=('company',), name='records_plan_one_open'),
        ),
        migrations.AddConstraint(
            model_name='usageplan',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on', None), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='records_plan_ends_later'),
        ),
        migrations.AddConstraint(
            model_name='usageplan',
            constraint=models.CheckConstraint(condition=models.Q(('included__gte', 0), ('over_cents__gte', 0), ('price_cents__gte', 0), ('rounding_minutes__gte', 1), ('urgent_times__gte', 1)), name='records_plan_numbers'),
        ),
        migrations.AddConstraint(
            model_name='usageplan',
            constraint=relais.lib.tenancy.SameTenant(field='company', name='records_plan_company_fk', to='people_company'),
        ),
        migrations.AddConstraint(
            model_name='usageplan',
            constraint=relais.lib.tenancy.SameTenant(field='made_by', name='records_plan_by_fk', to='people_person'),
        ),
    ]
