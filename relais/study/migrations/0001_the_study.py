"""The study: its sites, who takes part, its inventory, and what may be done twice."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import relais.lib.tenancy
from django.db import migrations, models

from relais.lib.at_once import AtOnce


class Migration(AtOnce):

    initial = True

    dependencies = [
        ('offer', '0004_tool_and_skill_level'),
        ('people', '0008_working_facts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Study',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('purpose', models.TextField(blank=True, max_length=2000, verbose_name='purpose')),
                ('families', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('agenda', 'Diary'), ('reporting', 'Reporting'), ('contracts', 'Contracts'), ('invoicing', 'Invoicing'), ('coordination', 'Coordination'), ('front_desk', 'Mail, telephone, reception'), ('travel', 'Travel'), ('hr', 'Staff administration'), ('facilities', 'Facilities and suppliers'), ('governance', 'Corporate governance'), ('documents', 'Documents and filing'), ('projects', 'One-off projects'), ('other', 'Other')], max_length=20), blank=True, default=list, size=None, verbose_name='families of work')),
                ('starts_on', models.DateField(verbose_name='first day')),
                ('ends_on', models.DateField(verbose_name='last day')),
                ('told', models.TextField(blank=True, max_length=4000, verbose_name='who is told what')),
                ('promised', models.BooleanField(default=False, verbose_name='no individual evaluation')),
                ('phase', models.CharField(choices=[('prepared', 'In preparation'), ('collecting', 'Collecting'), ('restitution', 'Restitution'), ('decided', 'Decided'), ('closed', 'Closed')], default='prepared', max_length=12, verbose_name='phase')),
                ('version', models.PositiveIntegerField(default=1)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('begun_at', models.DateTimeField(null=True)),
                ('told_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='studies', to='people.company', verbose_name='client company')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('pilot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='piloted_studies', to='people.person', verbose_name='pilot')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('sponsor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person', verbose_name='sponsor')),
            ],
            options={
                'verbose_name': 'study',
                'verbose_name_plural': 'studies',
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Participant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=150, verbose_name='name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('role', models.CharField(max_length=100, verbose_name='role')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.person', verbose_name='person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.site', verbose_name='site')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='participants', to='study.study')),
            ],
            options={
                'verbose_name': 'participant',
                'verbose_name_plural': 'participants',
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='InventoryLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('family', models.CharField(choices=[('agenda', 'Diary'), ('reporting', 'Reporting'), ('contracts', 'Contracts'), ('invoicing', 'Invoicing'), ('coordination', 'Coordination'), ('front_desk', 'Mail, telephone, reception'), ('travel', 'Travel'), ('hr', 'Staff administration'), ('facilities', 'Facilities and suppliers'), ('governance', 'Corporate governance'), ('documents', 'Documents and filing'), ('projects', 'One-off projects'), ('other', 'Other')], default='other', max_length=20, verbose_name='family')),
                ('task', models.CharField(max_length=300, verbose_name='task')),
                ('owner_role', models.CharField(blank=True, max_length=100, verbose_name='asked for by (role)')),
                ('doer_role', models.CharField(blank=True, max_length=100, verbose_name='done by (role)')),
                ('trigger', models.CharField(blank=True, max_length=200, verbose_name='trigger')),
                ('input_source', models.CharField(blank=True, max_length=200, verbose_name='made from')),
                ('output', models.CharField(blank=True, max_length=200, verbose_name='result and recipient')),
                ('count', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000000)], verbose_name='times')),
                ('period', models.CharField(choices=[('day', 'a day'), ('week', 'a week'), ('fortnight', 'a fortnight'), ('month', 'a month'), ('quarter', 'a quarter'), ('year', 'a year'), ('event', 'events a year')], default='month', max_length=10, verbose_name='every')),
                ('minutes_low', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100000)], verbose_name='minutes at least')),
                ('minutes_usual', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100000)], verbose_name='minutes usually')),
                ('minutes_high', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100000)], verbose_name='minutes at most')),
                ('months', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), blank=True, default=list, size=12, verbose_name='months')),
                ('peak_days', models.CharField(blank=True, max_length=100, verbose_name='peak days')),
                ('deadline', models.CharField(choices=[('none', 'None'), ('same_day', 'The same day'), ('fixed', 'A fixed day'), ('agreed', 'Agreed each time'), ('legal', 'Set by law or contract')], default='none', max_length=10, verbose_name='deadline')),
                ('late_means', models.CharField(blank=True, max_length=200, verbose_name='what lateness costs')),
                ('tools', models.CharField(blank=True, max_length=200, verbose_name='tools')),
                ('secrecy', models.PositiveSmallIntegerField(choices=[(0, 'C0 public'), (1, 'C1 internal'), (2, 'C2 confidential'), (3, 'C3 executive only')], default=1, verbose_name='class of data')),
                ('presence', models.CharField(choices=[('remote', 'Remote'), ('on_site', 'On site'), ('mixed', 'Both')], default='remote', max_length=10, verbose_name='presence')),
                ('language', models.CharField(blank=True, default='fr', max_length=5, verbose_name='language')),
                ('knowledge', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='knowledge of the site (1–5)')),
                ('relation', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='knowledge of the person (1–5)')),
                ('standard', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='can be made standard (1–5)')),
                ('automatable', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='can be automated (1–5)')),
                ('documented', models.CharField(choices=[('none', 'Not written'), ('partial', 'Partly written'), ('current', 'Up to date')], default='none', max_length=10, verbose_name='documented')),
                ('able', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(1000)], verbose_name='persons able to do it')),
                ('errors', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000000)], verbose_name='errors a month')),
                ('rework', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='rework (%)')),
                ('waiting', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='waiting (%)')),
                ('same_as', models.CharField(blank=True, editable=False, max_length=40)),
                ('value', models.CharField(choices=[('VA', 'Adds value'), ('ENVA', 'Needed, adds none'), ('NVA', 'Adds none')], default='VA', max_length=4, verbose_name='value')),
                ('local_reason', models.CharField(blank=True, max_length=200, verbose_name='why it stays local')),
                ('target', models.CharField(blank=True, choices=[('', '—'), ('pool', 'Pool'), ('lead', 'Lead assistant'), ('local', 'Stays local'), ('automate', 'Automate'), ('drop', 'Drop')], default='', max_length=10, verbose_name='where it goes')),
                ('evidence', models.CharField(choices=[('declared', 'Declared'), ('observed', 'Observed'), ('measured', 'Measured')], default='declared', max_length=10, verbose_name='evidence')),
                ('confidence', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3)], verbose_name='confidence (1–3)')),
                ('source', models.CharField(choices=[('typed', 'Typed'), ('sheet', 'Spreadsheet'), ('interview', 'Interview'), ('activity', 'Activity log'), ('log', 'Past log'), ('calendar', 'Calendars')], default='typed', max_length=10, verbose_name='source')),
                ('source_key', models.CharField(blank=True, editable=False, max_length=200)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
                ('validated_at', models.DateTimeField(null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='offer.service', verbose_name='service')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='inventory_lines', to='people.site', verbose_name='site')),
                ('typed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('validated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='lines', to='study.participant')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='study.study')),
            ],
            options={
                'verbose_name': 'line of the inventory',
                'verbose_name_plural': 'lines of the inventory',
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Duplicate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('score', models.FloatField(null=True)),
                ('sure', models.BooleanField(default=False)),
                ('shared', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('confirmed', 'The same work'), ('refused', 'Not the same')], default='proposed', max_length=10, verbose_name='state')),
                ('at', models.DateTimeField(null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('first', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='study.inventoryline')),
                ('second', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='study.inventoryline')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='duplicates', to='study.study')),
            ],
            options={
                'verbose_name': 'duplicate',
                'verbose_name_plural': 'duplicates',
                'ordering': ['-score', 'id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='StudySite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('paid_hours', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000000)], verbose_name='paid hours a year')),
                ('gap_reason', models.CharField(blank=True, max_length=300, verbose_name='why the gap stands')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='study_scopes', to='people.site', verbose_name='site')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scopes', to='study.study')),
            ],
            options={
                'verbose_name': 'site of a study',
                'verbose_name_plural': 'sites of a study',
                'ordering': ['site__name_key', 'id'],
                'abstract': False,
            },
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_study_wall'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_study_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='study_study_days', violation_error_message='The study ends before it starts.'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.UniqueConstraint(fields=('company', 'name'), name='study_study_once', violation_error_message='This company has a study of this name already.'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=relais.lib.tenancy.SameTenant(field='company', name='study_study_company_fk', to='people_company'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=relais.lib.tenancy.SameTenant(field='pilot', name='study_study_pilot_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=relais.lib.tenancy.SameTenant(field='sponsor', name='study_study_sponsor_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=relais.lib.tenancy.SameTenant(field='made_by', name='study_study_maker_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_participant_wall'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_participant_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.CheckConstraint(condition=models.Q(('person__isnull', False), models.Q(('name', ''), _negated=True), _connector='OR'), name='study_participant_named', violation_error_message='Choose a person, or type a name.'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.UniqueConstraint(condition=models.Q(('person__isnull', False)), fields=('study', 'person'), name='study_participant_once', violation_error_message='This person takes part already.'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.UniqueConstraint(condition=models.Q(('email', ''), _negated=True), fields=('study', 'email'), name='study_participant_mail_once', violation_error_message='Somebody with this e-mail address takes part already.'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_participant_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=relais.lib.tenancy.SameTenant(field='person', name='study_participant_person_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=relais.lib.tenancy.SameTenant(field='site', name='study_participant_site_fk', to='people_site'),
        ),
        migrations.AddConstraint(
            model_name='inventoryline',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_inventoryline_wall'),
        ),
        migrations.AddConstraint(
            model_name='inventoryline',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_inventoryline_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='inventoryline',
            constraint=models.CheckConstraint(condition=models.Q(('minutes_low__gte', 0), ('minutes_usual__gte', models.F('minutes_low')), ('minutes_high__gte', models.F('minutes_usual'))), name='study_line_minutes', violation_error_message='Minutes: at least ≤ usually ≤ at most.'),
        ),
        migrations.AddConstraint(
            model_name='inventoryline',
            constraint=models.CheckConstraint(condition=models.Q(('rework__gte', 0), ('waiting__gte', 0), ('rework__lte', django.db.models.expressions.CombinedExpression(models.Value(100), '-', models.F('waiting')))), name='study_line_shares', violation_error_message='Rework and waiting together take the whole time at most.'),
        ),
        migrations.AddConstraint(
            model_name='inventoryline',
            constraint=models.UniqueConstraint(condition=models.Q(('source_key', ''), _negated=True), fields=('study', 'source', 'source_key'), name='study_line_source_once'),
        ),
        migrations.AddConstraint(
            model_name='inventoryline',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_line_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='inventoryline',
            constraint=relais.lib.tenancy.SameTenant(field='site', name='study_line_site_fk', to='people_site'),
        ),
        migrations.AddConstraint(
            model_name='inventoryline',
            constraint=relais.lib.tenancy.SameTenant(field='service', name='study_line_service_fk', to='offer_service'),
        ),
        migrations.AddConstraint(
            model_name='inventoryline',
            constraint=relais.lib.tenancy.SameTenant(field='author', name='study_line_author_fk', to='study_participant'),
        ),
        migrations.AddConstraint(
            model_name='inventoryline',
            constraint=relais.lib.tenancy.SameTenant(field='typed_by', name='study_line_typist_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='inventoryline',
            constraint=relais.lib.tenancy.SameTenant(field='validated_by', name='study_line_validator_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='duplicate',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_duplicate_wall'),
        ),
        migrations.AddConstraint(
            model_name='duplicate',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_duplicate_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='duplicate',
            constraint=models.CheckConstraint(condition=models.Q(('second__gt', models.F('first'))), name='study_duplicate_in_order'),
        ),
        migrations.AddConstraint(
            model_name='duplicate',
            constraint=models.UniqueConstraint(fields=('first', 'second'), name='study_duplicate_once'),
        ),
        migrations.AddConstraint(
            model_name='duplicate',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_duplicate_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='duplicate',
            constraint=relais.lib.tenancy.SameTenant(field='first', name='study_duplicate_first_fk', to='study_inventoryline'),
        ),
        migrations.AddConstraint(
            model_name='duplicate',
            constraint=relais.lib.tenancy.SameTenant(field='second', name='study_duplicate_second_fk', to='study_inventoryline'),
        ),
        migrations.AddConstraint(
            model_name='duplicate',
            constraint=relais.lib.tenancy.SameTenant(field='by', name='study_duplicate_by_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='studysite',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_studysite_wall'),
        ),
        migrations.AddConstraint(
            model_name='studysite',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_studysite_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='studysite',
            constraint=models.UniqueConstraint(fields=('study', 'site'), name='study_studysite_once'),
        ),
        migrations.AddConstraint(
            model_name='studysite',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_studysite_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='studysite',
            constraint=relais.lib.tenancy.SameTenant(field='site', name='study_studysite_site_fk', to='people_site'),
        ),
    ]
