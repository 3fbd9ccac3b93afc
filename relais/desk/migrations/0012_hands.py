from django.db import migrations, models

from relais.lib.at_once import AtOnce


class Migration(AtOnce):

    dependencies = [
        ('desk', '0011_letters_invite'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='clock',
            name='desk_clock_running',
        ),
        migrations.AddIndex(
            model_name='clock',
            index=models.Index(condition=models.Q(('due_at__isnull', False), ('stopped_at', None)), fields=['provider', 'due_at'], include=('id', 'ticket', 'kind', 'calendar'), name='desk_clock_running'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('state__in', ['assigned', 'taken', 'waiting', 'third'])), fields=['provider', 'holder'], include=('id', 'state', 'service', 'priority'), name='desk_ticket_hands'),
        ),
    ]
