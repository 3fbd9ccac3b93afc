"""What a choice of models is made from, its traces, and derogations."""

import django.core.validators
import django.db.models.deletion
import relais.lib.tenancy
from decimal import Decimal
from django.db import migrations, models

from relais.lib.at_once import AtOnce


class Migration(AtOnce):

    dependencies = [
        ('people', '0008_working_facts'),
        ('study', '0001_the_study'),
    ]

    operations = [
        migrations.CreateModel(
            name='ChoiceWeights',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('values', models.JSONField()),
                ('why', models.CharField(max_length=300, verbose_name='reason')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='weights', to='study.study')),
            ],
            options={
                'verbose_name': 'weights of a choice',
                'verbose_name_plural': 'weights of choices',
                'ordering': ['-number'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('family', models.CharField(choices=[('agenda', 'Diary'), ('reporting', 'Reporting'), ('contracts', 'Contracts'), ('invoicing', 'Invoicing'), ('coordination', 'Coordination'), ('front_desk', 'Mail, telephone, reception'), ('travel', 'Travel'), ('hr', 'Staff administration'), ('facilities', 'Facilities and suppliers'), ('governance', 'Corporate governance'), ('documents', 'Documents and filing'), ('projects', 'One-off projects'), ('other', 'Other')], max_length=20, verbose_name='family')),
                ('field', models.CharField(max_length=20, verbose_name='figure')),
                ('number', models.PositiveIntegerField()),
                ('value', models.FloatField(null=True)),
                ('computed', models.FloatField(null=True)),
                ('why', models.CharField(max_length=300, verbose_name='reason')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.site', verbose_name='site')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='corrections', to='study.study')),
            ],
            options={
                'verbose_name': 'correction',
                'verbose_name_plural': 'corrections',
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ModelChoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('at', models.DateTimeField()),
                ('inputs', models.JSONField()),
                ('places', models.JSONField()),
                ('inputs_digest', models.CharField(max_length=64)),
                ('result', models.JSONField()),
                ('result_digest', models.CharField(max_length=64)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='choices', to='study.study')),
                ('weights', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='study.choiceweights')),
            ],
            options={
                'verbose_name': 'choice of models',
                'verbose_name_plural': 'choices of models',
                'ordering': ['-number'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ModelOffer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name of the offer')),
                ('model', models.CharField(choices=[('internal', 'Internal pool'), ('provider', 'Provider'), ('hybrid', 'Hybrid'), ('platform', 'Platform')], max_length=10, verbose_name='model')),
                ('price', models.DecimalField(blank=True, decimal_places=2, help_text='Empty: nobody gave one.', max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))], verbose_name='price (euros a year)')),
                ('quality', models.DecimalField(decimal_places=1, default=Decimal('3'), max_digits=2, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='expected quality (1 to 5)')),
                ('references', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(1000)], verbose_name='references')),
                ('non_disclosure', models.BooleanField(default=False, verbose_name='non-disclosure agreement')),
                ('hosted_in_eu', models.BooleanField(default=False, verbose_name='hosted in the European Union')),
                ('access_register', models.BooleanField(default=False, verbose_name='register of accesses')),
                ('named_persons', models.BooleanField(default=False, verbose_name='named persons')),
                ('referent', models.BooleanField(default=False, verbose_name='named lead of the service')),
                ('trained_backup', models.BooleanField(default=False, verbose_name='trained backup')),
                ('low_price_explained', models.BooleanField(default=False, verbose_name='low price explained')),
                ('reversibility', models.BooleanField(default=False, verbose_name='plan of reversibility')),
                ('withdrawn_at', models.DateTimeField(editable=False, null=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='offers', to='study.study')),
            ],
            options={
                'verbose_name': 'offer on the table',
                'verbose_name_plural': 'offers on the table',
                'ordering': ['id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Derogation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('guardrail', models.CharField(choices=[('G1', 'G1'), ('G2', 'G2'), ('G3', 'G3'), ('G4', 'G4'), ('G5', 'G5'), ('G6', 'G6'), ('G7', 'G7'), ('G8', 'G8')], max_length=2, verbose_name='guardrail')),
                ('family', models.CharField(blank=True, choices=[('agenda', 'Diary'), ('reporting', 'Reporting'), ('contracts', 'Contracts'), ('invoicing', 'Invoicing'), ('coordination', 'Coordination'), ('front_desk', 'Mail, telephone, reception'), ('travel', 'Travel'), ('hr', 'Staff administration'), ('facilities', 'Facilities and suppliers'), ('governance', 'Corporate governance'), ('documents', 'Documents and filing'), ('projects', 'One-off projects'), ('other', 'Other')], max_length=20, verbose_name='family')),
                ('reason', models.TextField(max_length=2000, verbose_name='reason')),
                ('state', models.CharField(choices=[('asked', 'Awaits the sponsor'), ('signed', 'Signed'), ('refused', 'Refused'), ('revoked', 'Revoked')], default='asked', max_length=10, verbose_name='state')),
                ('asked_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('answer', models.TextField(blank=True, verbose_name='word of the sponsor')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('provider', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.provider')),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.site', verbose_name='site')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='derogations', to='study.study')),
                ('offer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='study.modeloffer', verbose_name='offer')),
            ],
            options={
                'verbose_name': 'derogation',
                'verbose_name_plural': 'derogations',
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.AddConstraint(
            model_name='choiceweights',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_choiceweights_wall'),
        ),
        migrations.AddConstraint(
            model_name='choiceweights',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_choiceweights_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='choiceweights',
            constraint=models.UniqueConstraint(fields=('study', 'number'), name='study_choiceweights_once'),
        ),
        migrations.AddConstraint(
            model_name='choiceweights',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_choiceweights_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='choiceweights',
            constraint=relais.lib.tenancy.SameTenant(field='by', name='study_choiceweights_by_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_correction_wall'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_correction_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.UniqueConstraint(fields=('study', 'site', 'family', 'field', 'number'), name='study_correction_once'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_correction_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=relais.lib.tenancy.SameTenant(field='site', name='study_correction_site_fk', to='people_site'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=relais.lib.tenancy.SameTenant(field='by', name='study_correction_by_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='modelchoice',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_modelchoice_wall'),
        ),
        migrations.AddConstraint(
            model_name='modelchoice',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_modelchoice_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='modelchoice',
            constraint=models.UniqueConstraint(fields=('study', 'number'), name='study_modelchoice_once'),
        ),
        migrations.AddConstraint(
            model_name='modelchoice',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_modelchoice_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='modelchoice',
            constraint=relais.lib.tenancy.SameTenant(field='by', name='study_modelchoice_by_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='modelchoice',
            constraint=relais.lib.tenancy.SameTenant(field='weights', name='study_modelchoice_weights_fk', to='study_choiceweights'),
        ),
        migrations.AddConstraint(
            model_name='modeloffer',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_modeloffer_wall'),
        ),
        migrations.AddConstraint(
            model_name='modeloffer',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_modeloffer_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='modeloffer',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('study', 'name'), name='study_modeloffer_once'),
        ),
        migrations.AddConstraint(
            model_name='modeloffer',
            constraint=models.CheckConstraint(condition=models.Q(('price', None), ('price__gt', 0), _connector='OR'), name='study_modeloffer_price'),
        ),
        migrations.AddConstraint(
            model_name='modeloffer',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_modeloffer_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='derogation',
            constraint=relais.lib.tenancy.TenantPolicy(name='study_derogation_wall'),
        ),
        migrations.AddConstraint(
            model_name='derogation',
            constraint=models.UniqueConstraint(fields=('provider', 'id'), name='study_derogation_in_provider'),
        ),
        migrations.AddConstraint(
            model_name='derogation',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['asked', 'signed'])), fields=('study', 'guardrail', 'site', 'family', 'offer'), name='study_derogation_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='derogation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at', None), ('answered_by', None), ('state', 'asked')), models.Q(models.Q(('state', 'asked'), _negated=True), ('answered_at__isnull', False), ('answered_by__isnull', False)), _connector='OR'), name='study_derogation_answered'),
        ),
        migrations.AddConstraint(
            model_name='derogation',
            constraint=relais.lib.tenancy.SameTenant(field='study', name='study_derogation_study_fk', to='study_study'),
        ),
        migrations.AddConstraint(
            model_name='derogation',
            constraint=relais.lib.tenancy.SameTenant(field='site', name='study_derogation_site_fk', to='people_site'),
        ),
        migrations.AddConstraint(
            model_name='derogation',
            constraint=relais.lib.tenancy.SameTenant(field='offer', name='study_derogation_offer_fk', to='study_modeloffer'),
        ),
        migrations.AddConstraint(
            model_name='derogation',
            constraint=relais.lib.tenancy.SameTenant(field='asked_by', name='study_derogation_asker_fk', to='people_person'),
        ),
        migrations.AddConstraint(
            model_name='derogation',
            constraint=relais.lib.tenancy.SameTenant(field='answered_by', name='study_derogation_answer_fk', to='people_person'),
        ),
    ]
