from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("offer", "0005_silence_and_warnings")]

    operations = [
        migrations.AlterField(
            model_name="agreementevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("drafted", "Draft started"),
                    ("edited", "Draft changed"),
                    ("signed", "Signed"),
                    ("retracted", "Signature taken back"),
                    ("concluded", "Signed by both sides"),
                    ("withdrawn", "Withdrawn"),
                    ("ended", "Replaced"),
                ],
                max_length=20,
            ),
        ),
    ]
