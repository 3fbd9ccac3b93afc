"""The workshop: pain points, questionnaires, activity logs, interviews, the change plan."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import relais.lib.tenancy
from django.db import migrations, models

from relais.lib.at_once import AtOnce


class Migration(AtOnce):

    dependencies = [
        ('people', '0008_working_facts'),
        ('study', '0004_origins'),
    ]

    operations = [
        migrations.CreateModel(
            name='ActivityCategory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_fr', models.CharField(max_length=60, verbose_name='name in French')),
                ('name_en', models.CharField(blank=True, max_length=60, verbose_name='name in English')),
                ('value', models.CharField(choices=[('VA', 'Adds value'), ('ENVA', 'Needed, adds none'), ('NVA', 'Adds none')], default='VA', max_length=4, verbose_name='value')),
                ('family', models.CharField(choices=[('agenda', 'Diary'), ('reporting', 'Reporting'), ('contracts', 'Contracts'), ('invoicing', 'Invoicing'), ('coordination', 'Coordination'), ('front_desk', 'Mail, telephone, reception'), ('travel', 'Travel'), ('hr', 'Staff administration'), ('facilities', 'Facilities and suppliers'), ('governance', 'Corporate governance'), ('documents', 'Documents and filing'), ('projects', 'One-off projects'), ('other', 'Other')], default='other', max_length=20, verbose_name='family')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='order')),
                ('hidden', models.BooleanField(default=False, verbose_name='no longer offered')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='categories', to='study.study')),
            ],
            options={
                'verbose_name': 'category of activities',
                'verbose_name_plural': 'categories of activities',
                'ordering': ['position', 'id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ActivityLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('closed_at', models.DateTimeField(null=True)),
                ('running_since', models.DateTimeField(null=True)),
                ('running_unplanned', models.BooleanField(default=False)),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='logs', to='study.participant')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('running', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='study.activitycategory')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='logs', to='study.study')),
            ],
            options={
                'verbose_name': 'activity log',
                'verbose_name_plural': 'activity logs',
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ActivityEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('minutes', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(720)], verbose_name='minutes')),
                ('unplanned', models.BooleanField(default=False, verbose_name='unplanned')),
                ('token', models.CharField(max_length=40)),
                ('added_at', models.DateTimeField()),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='study.activitycategory')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('log', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='study.activitylog')),
            ],
            options={
                'verbose_name': 'activity',
                'verbose_name_plural': 'activities',
                'ordering': ['day', 'id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='BrakeAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('levels', models.JSONField(default=dict)),
                ('answered_at', models.DateTimeField()),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='brake_answers', to='study.participant')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.site', verbose_name='site')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='brake_answers', to='study.study')),
                ('typed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
            ],
            options={
                'verbose_name': 'answers on cultural barriers',
                'verbose_name_plural': 'answers on cultural barriers',
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Interview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('draft', models.JSONField(default=dict)),
                ('answers', models.JSONField(default=dict)),
                ('begun_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('sent_at', models.DateTimeField(null=True)),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='interviews', to='study.participant')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='interviews', to='study.study')),
                ('typed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
            ],
            options={
                'verbose_name': 'interview',
                'verbose_name_plural': 'interviews',
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Irritant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('process', models.CharField(max_length=150, verbose_name='process')),
                ('role', models.CharField(blank=True, max_length=100, verbose_name='who suffers (role)')),
                ('verbatim', models.TextField(blank=True, max_length=1000, verbose_name='in their own words')),
                ('category', models.CharField(choices=[('waiting', 'Waiting'), ('retyping', 'Typed again'), ('double', 'Done twice'), ('error', 'Errors'), ('lost', 'Information lost'), ('unclear', 'Unclear rule'), ('tool', 'Tool'), ('overload', 'Overload'), ('person', 'Hangs on one person'), ('approval', 'Waiting for approval')], default='waiting', max_length=10, verbose_name='kind')),
                ('a_month', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100000)], verbose_name='times a month')),
                ('persons', models.FloatField(default=1, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(10000)], verbose_name='persons touched each time')),
                ('minutes', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(10000)], verbose_name='minutes lost by each')),
                ('severity', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='severity (1–5)')),
                ('cause', models.CharField(blank=True, max_length=300, verbose_name='cause')),
                ('quick_win', models.BooleanField(default=False, verbose_name='quick win')),
                ('state', models.CharField(choices=[('open', 'Open'), ('mending', 'Being mended'), ('lifted', 'Lifted'), ('left', 'Left as it is')], default='open', max_length=10, verbose_name='state')),
                ('state_why', models.CharField(blank=True, max_length=300)),
                ('source', models.CharField(choices=[('workshop', 'Workshop'), ('interview', 'Interview'), ('alert', 'Alert sign')], default='workshop', max_length=10, verbose_name='source')),
                ('source_key', models.CharField(blank=True, editable=False, max_length=100)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
                ('mending_on', models.DateField(editable=False, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='merged', to='study.irritant')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person', verbose_name='owner')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('said_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='irritants', to='study.participant', verbose_name='said by')),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.site', verbose_name='site')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='irritants', to='study.study')),
                ('typed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
            ],
            options={
                'verbose_name': 'pain point',
                'verbose_name_plural': 'pain points',
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ChangeAction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(max_length=300, verbose_name='action')),
                ('brake', models.CharField(blank=True, choices=[('attachment', 'Attachment to the present assistant'), ('distance', 'Doubt about remote work'), ('tools', 'Unease with tools'), ('writing', 'Requests are not written'), ('loss', 'Loss that is felt'), ('confidentiality', 'Worry for confidentiality'), ('past', 'Bad past of outsourcing'), ('autonomy', 'Pride and autonomy of the site')], max_length=20, verbose_name='barrier')),
                ('due_on', models.DateField(blank=True, null=True, verbose_name='by')),
                ('state', models.CharField(choices=[('open', 'To do'), ('done', 'Done'), ('dropped', 'Dropped')], default='open', max_length=10, verbose_name='state')),
                ('state_why', models.CharField(blank=True, max_length=300)),
                ('done_on', models.DateField(null=True)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person', verbose_name='owner')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.site', verbose_name='site')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='actions', to='study.study')),
                ('irritant', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='actions', to='study.irritant', verbose_name='pain point')),
            ],
            options={
                'verbose_name': 'action of the change plan',
                'verbose_name_plural': 'actions of the change plan',
                'ordering': ['due_on', 'id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='IrritantLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('irritant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='study.irritant')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='irritant_links', to='study.inventoryline')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='IrritantMeasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.PositiveSmallIntegerField(verbose_name='months after')),
                ('a_month', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100000)], verbose_name='times a month')),
                ('persons', models.FloatField(default=1, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(10000)], verbose_name='persons touched each time')),
                ('minutes', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(10000)], verbose_name='minutes lost by each')),
                ('severity', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='severity (1–5)')),
                ('source', models.CharField(choices=[('hand', 'Told by hand'), ('desk', 'Measured by the desk')], default='hand', max_length=5, verbose_name='source')),
                ('taken_on', models.DateField(verbose_name='taken on')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('irritant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='measures', to='study.irritant')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
            ],
            options={
                'verbose_name': 'measure of a pain point',
                'verbose_name_plural': 'measures of pain points',
                'ordering': ['month'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='MaturityAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('levels', models.JSONField(default=dict)),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note')),
                ('answered_at', models.DateTimeField()),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.site', verbose_name='site')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='maturity_answers', to='study.study')),
                ('typed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
            ],
            options={
                'verbose_name': 'digital maturity',
                'verbose_name_plural': 'digital maturity',
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='StudyLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asks', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('interview', 'Interview'), ('brakes', 'Barriers to the change'), ('activity', 'Activity log')], max_length=10), size=None, verbose_name='asks')),
                ('language', models.CharField(choices=[('fr', 'Français'), ('en', 'English')], default='fr', max_length=5, verbose_name='language')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(verbose_name='opens until')),
                ('revoked_at', models.DateTimeField(null=True)),
                ('seen_at', models.DateTimeField(null=True)),
                ('agreed_at', models.DateTimeField(null=True)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='study.participant')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
            ],
            options={
                'verbose_name': 'link of a participant',
                'verbose_name_plural': 'links of participants',
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.AddConstraint(
            model_name='activitycategory',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_activitycategory_wall'),
        ),
        migrations.AddConstraint(
            model_name='activitycategory',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_activitycategory_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='activitycategory',
            constraint=models.UniqueConstraint(fields=('study', 'name_fr'), name='study_category_once', violation_error_message='There is a category of this name already.'),
        ),
        migrations.AddConstraint(
            model_name='activitycategory',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_category_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='activitylog',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_activitylog_wall'),
        ),
        migrations.AddConstraint(
            model_name='activitylog',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_activitylog_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='activitylog',
            constraint=models.UniqueConstraint(fields=('study', 'participant'), name='study_log_once'),
        ),
        migrations.AddConstraint(
            model_name='activitylog',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_log_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='activitylog',
            constraint=relais.lib.tenancy.SameTenant(field='participant', name='study_log_person_fk', to='study_participant'),
        ),
        migrations.AddConstraint(
            model_name='activitylog',
            constraint=relais.lib.tenancy.SameTenant(field='running', name='study_log_running_fk', to='study_activitycategory'),
        ),
        migrations.AddConstraint(
            model_name='activityentry',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_activityentry_wall'),
        ),
        migrations.AddConstraint(
            model_name='activityentry',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_activityentry_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='activityentry',
            constraint=models.CheckConstraint(condition=models.Q(('minutes__gte', 1)), name='study_entry_minutes'),
        ),
        migrations.AddConstraint(
            model_name='activityentry',
            constraint=models.UniqueConstraint(fields=('log', 'token'), name='study_entry_once'),
        ),
        migrations.AddConstraint(
            model_name='activityentry',
            constraint=relais.lib.tenancy.SameTenant(field='log', name='study_entry_log_fk', to='study_activitylog'),
        ),
        migrations.AddConstraint(
            model_name='activityentry',
            constraint=relais.lib.tenancy.SameTenant(field='category', name='study_entry_category_fk', to='study_activitycategory'),
        ),
        migrations.AddConstraint(
            model_name='brakeanswer',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_brakeanswer_wall'),
        ),
        migrations.AddConstraint(
            model_name='brakeanswer',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_brakeanswer_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='brakeanswer',
            constraint=models.UniqueConstraint(fields=('study', 'participant'), name='study_brakeanswer_once'),
        ),
        migrations.AddConstraint(
            model_name='brakeanswer',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_brakeanswer_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='brakeanswer',
            constraint=relais.lib.tenancy.SameTenant(field='participant', name='study_brakeanswer_person_fk', to='study_participant'),
        ),
        migrations.AddConstraint(
            model_name='brakeanswer',
            constraint=relais.lib.tenancy.SameTenant(field='site', name='study_brakeanswer_site_fk', to='people_site'),
        ),
        migrations.AddConstraint(
            model_name='brakeanswer',
            constraint=relais.lib.tenancy.SameTenant(field='typed_by', name='study_brakeanswer_typist_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='interview',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_interview_wall'),
        ),
        migrations.AddConstraint(
            model_name='interview',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_interview_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='interview',
            constraint=models.UniqueConstraint(fields=('study', 'participant'), name='study_interview_once'),
        ),
        migrations.AddConstraint(
            model_name='interview',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_interview_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='interview',
            constraint=relais.lib.tenancy.SameTenant(field='participant', name='study_interview_person_fk', to='study_participant'),
        ),
        migrations.AddConstraint(
            model_name='interview',
            constraint=relais.lib.tenancy.SameTenant(field='typed_by', name='study_interview_typist_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='irritant',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_irritant_wall'),
        ),
        migrations.AddConstraint(
            model_name='irritant',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_irritant_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='irritant',
            constraint=models.UniqueConstraint(condition=models.Q(('source_key', ''), _negated=True), fields=('study', 'source', 'source_key'), name='study_irritant_source_once'),
        ),
        migrations.AddConstraint(
            model_name='irritant',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_irritant_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='irritant',
            constraint=relais.lib.tenancy.SameTenant(field='site', name='study_irritant_site_fk', to='people_site'),
        ),
        migrations.AddConstraint(
            model_name='irritant',
            constraint=relais.lib.tenancy.SameTenant(field='said_by', name='study_irritant_said_fk', to='study_participant'),
        ),
        migrations.AddConstraint(
            model_name='irritant',
            constraint=relais.lib.tenancy.SameTenant(field='owner', name='study_irritant_owner_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='irritant',
            constraint=relais.lib.tenancy.SameTenant(field='into', name='study_irritant_into_fk', to='study_irritant'),
        ),
        migrations.AddConstraint(
            model_name='irritant',
            constraint=relais.lib.tenancy.SameTenant(field='typed_by', name='study_irritant_typist_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='changeaction',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_changeaction_wall'),
        ),
        migrations.AddConstraint(
            model_name='changeaction',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_changeaction_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='changeaction',
            constraint=models.UniqueConstraint(condition=models.Q(('brake', ''), _negated=True), fields=('study', 'site', 'brake'), name='study_action_once_a_brake', nulls_distinct=False, violation_error_message='This barrier has an action at this site already.'),
        ),
        migrations.AddConstraint(
            model_name='changeaction',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_action_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='changeaction',
            constraint=relais.lib.tenancy.SameTenant(field='site', name='study_action_site_fk', to='people_site'),
        ),
        migrations.AddConstraint(
            model_name='changeaction',
            constraint=relais.lib.tenancy.SameTenant(field='irritant', name='study_action_irritant_fk', to='study_irritant'),
        ),
        migrations.AddConstraint(
            model_name='changeaction',
            constraint=relais.lib.tenancy.SameTenant(field='owner', name='study_action_owner_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='changeaction',
            constraint=relais.lib.tenancy.SameTenant(field='made_by', name='study_action_maker_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='irritantline',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_irritantline_wall'),
        ),
        migrations.AddConstraint(
            model_name='irritantline',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_irritantline_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='irritantline',
            constraint=models.UniqueConstraint(fields=('irritant', 'line'), name='study_irritantline_once'),
        ),
        migrations.AddConstraint(
            model_name='irritantline',
            constraint=relais.lib.tenancy.SameTenant(field='irritant', name='study_irritantline_irritant_fk', to='study_irritant'),
        ),
        migrations.AddConstraint(
            model_name='irritantline',
            constraint=relais.lib.tenancy.SameTenant(field='line', name='study_irritantline_line_fk', to='study_inventoryline'),
        ),
        migrations.AddConstraint(
            model_name='irritantmeasure',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_irritantmeasure_wall'),
        ),
        migrations.AddConstraint(
            model_name='irritantmeasure',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_irritantmeasure_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='irritantmeasure',
            constraint=models.UniqueConstraint(fields=('irritant', 'month'), name='study_measure_once'),
        ),
        migrations.AddConstraint(
            model_name='irritantmeasure',
            constraint=relais.lib.tenancy.SameTenant(field='irritant', name='study_measure_irritant_fk', to='study_irritant'),
        ),
        migrations.AddConstraint(
            model_name='irritantmeasure',
            constraint=relais.lib.tenancy.SameTenant(field='by', name='study_measure_by_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='maturityanswer',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_maturityanswer_wall'),
        ),
        migrations.AddConstraint(
            model_name='maturityanswer',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_maturityanswer_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='maturityanswer',
            constraint=models.UniqueConstraint(fields=('study', 'site'), name='study_maturity_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='maturityanswer',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_maturity_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='maturityanswer',
            constraint=relais.lib.tenancy.SameTenant(field='site', name='study_maturity_site_fk', to='people_site'),
        ),
        migrations.AddConstraint(
            model_name='maturityanswer',
            constraint=relais.lib.tenancy.SameTenant(field='typed_by', name='study_maturity_typist_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='studylink',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_studylink_wall'),
        ),
        migrations.AddConstraint(
            model_name='studylink',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_studylink_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='studylink',
            constraint=models.UniqueConstraint(condition=models.Q(('revoked_at', None)), fields=('participant',), name='study_link_one_open'),
        ),
        migrations.AddConstraint(
            model_name='studylink',
            constraint=relais.lib.tenancy.SameTenant(field='participant', name='study_link_person_fk', to='study_participant'),
        ),
        migrations.AddConstraint(
            model_name='studylink',
            constraint=relais.lib.tenancy.SameTenant(field='made_by', name='study_link_maker_fk', to='people_person'),
        ),
    ]
