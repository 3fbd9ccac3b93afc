"""Lists and the year are counted, searched and sorted in indexes, without the rows themselves."""

from django.db import migrations, models

from relais.lib.at_once import AtOnce


class Migration(AtOnce):

    dependencies = [
        ('desk', '0009_the_leads_word'),
        ('offer', '0004_tool_and_skill_level'),
        ('people', '0008_working_facts'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='event',
            name='desk_event_dispatch',
        ),
        migrations.RemoveIndex(
            model_name='ticket',
            name='desk_ticket_received',
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('kind__in', ['assigned', 'unassigned'])), fields=['provider', 'at'], include=('id', 'ticket', 'kind'), name='desk_event_dispatch'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['provider', '-received_at'], include=('company', 'site', 'requester', 'holder', 'confidentiality', 'id', 'state', 'priority', 'subject_key'), name='desk_ticket_lists'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['provider', 'subject_key', 'id'], include=('company', 'site', 'requester', 'holder', 'confidentiality'), name='desk_ticket_subject'),
        ),
        migrations.AddConstraint(
            model_name='clock',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'delivery')), fields=('provider', 'ticket'), include=('verdict',), name='desk_clock_one_delivery'),
        ),
    ]
