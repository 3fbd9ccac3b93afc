# ruff: noqa: E501 (a row of a log is one line)
"""A log of past requests lived through the verbs, at the log's own times."""

import csv
import gzip
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Count
from django.utils import translation

from relais.desk import import_log
from relais.desk.batch import Batch
from relais.desk.log_rows import BadLog
from relais.desk.models import Clock, Event, Letter, Ticket
from relais.people.models import Company, Person, Role, Site

from .conftest import kinds

HEAD = "request_id,log,site,requester,category,priority_first,channel,opened_at,first_taken_at,resolved_at,closed_at,handler_first,handler_last,team_last"
ROWS = [
    "1,helpdesk,Lyon,Ana,Print,3 - Moderate,Phone,2016-03-01T09:30,2016-03-01T10:00,2016-03-01T12:00,2016-03-08T12:00,Rex,Rex,G1",
    "2,helpdesk,LYON,Bob,Print,1 - Critical,Phone,2016-03-01T09:30,2016-03-02T10:00,2016-03-09T12:00,2016-03-10T12:00,Rex,Zoe,G1",
    "3,helpdesk,Nice,Ana,,Low,,2016-03-01T09:30,,,,,,G2",
    "4,helpdesk,?,Ana,Print,Low,,2016-03-01T09:30,,,,,,G2",
    "5,helpdesk,Nice,,Print,Low,,2016-03-01T09:30,,,,,,G2",
    "6,helpdesk,Nice,Ana,Print,Low,,2016-03-01T09:30,2016-02-01T09:30,,,Rex,,G2",
    "7,helpdesk,Nice,Ana,Print,Low,,yesterday,,,,,,G2",
    "1,helpdesk,Nice,Ana,Print,Low,,2016-03-01T09:30,,,,,,G2",
    "8,helpdesk,Nice,Ana,Print,Low,,2016-03-01T09:30,,,2016-03-02T09:30,,,G2",
]


@pytest.fixture
def log(tmp_path):
    def write(rows=ROWS, head=HEAD, name="helpdesk.csv"):
        file = tmp_path / name
        file.write_text("\n".join([head, *rows]) + "\n", "utf-8")
        return file

    return write


@pytest.fixture
def run(world, log):
    return lambda *given, **more: import_log.run(
        log(*given), world.provider, report=lambda line: None, **more
    )


def ticket(ref):
    return Ticket.objects.get(external_ref=f"helpdesk:{ref}")


def test_every_row_is_taken_known_or_refused_with_its_number_and_reason(run):
    report = run()
    assert (report.read, report.taken, report.known) == (9, 4, 0)
    told = [(row.number, row.ref, row.why) for row in report.refused_rows]
    assert all(row.mend for row in report.refused_rows)
    assert told == [
        (5, "4", "no site"),
        (6, "5", "no requester"),
        (7, "6", "taken in hand before it was opened"),
        (8, "7", "a time that cannot be read"),
        (9, "1", "a reference that came before"),
    ]
    assert "9" in str(report)


def test_what_happened_happened_at_the_times_of_the_log(run):
    run()
    events = Event.objects.filter(ticket=ticket(1)).values_list("kind", "at")
    assert [(kind, at.strftime("%d %H:%M")) for kind, at in events] == [
        ("received", "01 08:30"),  # Paris is an hour ahead
        ("assigned", "01 09:00"),
        ("taken", "01 09:00"),
        ("delivered", "01 11:00"),
        ("accepted", "08 11:00"),
    ]


def test_late_work_broke_its_promises_when_they_fell_due(run):
    run()
    late = ticket(2)
    assert kinds(late) == [
        "received", "breached", "assigned", "taken", "breached", "handed_over", "taken",
        "delivered", "accepted",
    ]  # fmt: skip
    assert set(Clock.objects.filter(ticket=late).values_list("verdict", flat=True)) == {"missed"}
    breach = late.events.filter(kind="breached").first()
    assert breach.at == late.clocks.get(kind="first_response").due_at
    assert late.holder.last_name == "Zoe"
    assert late.priority == 1


def test_the_codes_of_a_site_are_one_whatever_their_case(run):
    run()
    assert sorted(Site.objects.filter(company__name="helpdesk").values_list("code", flat=True)) == [
        "Lyon",
        "Nice",
    ]


def test_the_log_names_its_people_and_a_team_stands_for_nobody(run):
    run()
    company = Company.objects.get(name="helpdesk")
    assert company.calendar.company == company
    assert set(company.persons.values_list("last_name", flat=True)) == {"Ana", "Bob"}
    assert ticket(8).holder.last_name == "G2"
    staff = Person.objects.filter(roles__kind=Role.Kind.ASSISTANT, last_name__in=["Rex", "Zoe"])
    assert {person.company for person in staff} == {None}


def test_a_time_that_the_log_does_not_know_is_counted_late_never_early(run):
    report = run()
    assert ticket(8).delivered_at == datetime(2016, 3, 2, 8, 30, tzinfo=UTC)
    assert report.assumed.total() == 2


def test_what_is_not_resolved_stays_open(run):
    run()
    assert ticket(3).state == "open"
    assert ticket(3).subject == "3"


def test_a_second_run_takes_nothing(run):
    run()
    before = Event.objects.count()
    again = run()
    assert (again.taken, again.known) == (0, 4)
    assert Event.objects.count() == before
    assert Site.objects.filter(company__name="helpdesk").count() == 2


def test_no_mail_is_written_for_the_past(run):
    run()
    assert not Letter.objects.exists()


def test_the_pool_is_not_given_the_past(run, services):
    from relais.desk import dispatching

    run()
    assert dispatching.dispatch_queue() == 0


def test_the_zone_of_naive_times_may_be_given(run):
    run(["1,helpdesk,Lyon,Ana,,,,2016-03-01T09:30,,,,,,"], zone="Indian/Reunion")
    assert ticket(1).received_at == datetime(2016, 3, 1, 5, 30, tzinfo=UTC)


def test_a_french_export_is_read(world, tmp_path):
    file = tmp_path / "export.csv.gz"
    text = "\ufeffNumero;Lieu;Demandeur;Date ouverture;Priorite\r\n42;Aix\u00a0;Ana;01-03-2016 09:30;Haute\r\n"
    file.write_bytes(gzip.compress(text.encode()))
    report = import_log.run(file, world.provider, report=lambda line: None)
    assert (report.taken, report.company) == (1, "export")
    assert Ticket.objects.get().priority == 2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "holds no row"),
        (b"a,b\n1,2\n", "no column"),
        (b"log,case_id,event_no,site\n", "event_at"),
        (b"log,case_id,event_no,timestamp,state\na,1,1,2016-01-01,new\n", "one row a request"),
        (b"\x1f\x8bbroken", "cut short"),
        (gzip.compress((HEAD + "\n" + ROWS[0]).encode())[:-20], "cut short"),
        (HEAD.encode() + b'\n1,"helpdesk,Lyon\n', "quotation mark"),
    ],
)
def test_a_file_that_is_no_log_is_named(world, tmp_path, content, why):
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    with translation.override("en"), pytest.raises(BadLog, match=why):
        import_log.run(file, world.provider, report=lambda line: None)


def test_the_first_rows_of_the_real_logs(world, shared, tmp_path):
    for name in ("uci_servicenow", "bpic2013_incidents"):
        files = {}
        for part in ("requests", "events"):
            with gzip.open(shared / "logs" / f"{name}_{part}.csv.gz", "rt") as source:
                files[part] = [line for _, line in zip(range(301), source, strict=False)]
            (tmp_path / f"{name}_{part}.csv").write_text("".join(files[part]))
        report = import_log.run(
            tmp_path / f"{name}_requests.csv",
            world.provider,
            report=lambda line: None,
            events=tmp_path / f"{name}_events.csv",
        )
        assert (report.read, report.events) == (300, 300)
        assert report.taken + len(report.refused_rows) == 300
        # Counted another way: the column of the sites, without the rows that were refused.
        refused = {row.ref for row in report.refused_rows}
        rows = csv.DictReader(files["requests"])
        expected = Counter(r["site"].casefold() for r in rows if r["request_id"] not in refused)
        stored = Ticket.objects.filter(external_ref__startswith=f"{report.log}:").order_by()
        counted = stored.values_list("site__code").annotate(n=Count("pk"))
        assert {code.casefold(): n for code, n in counted} == dict(expected)


EVENTS_HEAD = "log,case_id,event_no,activity,state,timestamp,site,team,resource,requester,category,priority,case_start"
EVENTS = [
    "helpdesk,1,0,New,active,2016-03-01T09:35,Lyon,G1,,Ana,Print,3 - Moderate,2016-03-01T09:30",
    "helpdesk,1,1,New,active,2016-03-01T09:40,Lyon,G2,,Ana,Print,3 - Moderate,2016-03-01T09:30",
    "helpdesk,1,2,Active,active,2016-03-01T10:00,Lyon,G2,Rex,Ana,Print,3 - Moderate,2016-03-01T09:30",
    "helpdesk,1,3,Active,active,2016-03-01T10:10,Lyon,G2,Rex,Ana,Print,3 - Moderate,2016-03-01T09:30",
    "helpdesk,1,4,Awaiting User Info,active,2016-03-01T10:30,Lyon,G2,Rex,Ana,Print,3 - Moderate,2016-03-01T09:30",
    "helpdesk,1,5,Active,active,2016-03-01T11:30,Lyon,G2,Zoe,Ana,Print,3 - Moderate,2016-03-01T09:30",
    "helpdesk,1,6,Resolved,active,2016-03-01T11:45,Lyon,G2,Zoe,Ana,Print,3 - Moderate,2016-03-01T09:30",
    "helpdesk,1,7,Active,active,2016-03-01T11:50,Lyon,G2,Zoe,Ana,Print,3 - Moderate,2016-03-01T09:30",
    "helpdesk,1,8,Resolved,active,2016-03-01T12:00,Lyon,G2,Zoe,Ana,Print,3 - Moderate,2016-03-01T09:30",
    "helpdesk,1,9,Closed,inactive,2016-03-08T12:00,Lyon,G2,Robot,Ana,Print,3 - Moderate,2016-03-01T09:30",
    "helpdesk,3,0,-100,active,2016-03-01T09:35,Nice,G1,,Ana,Print,Low,2016-03-01T09:30",
    "helpdesk,99,0,New,active,2016-03-01T09:35,Nice,G1,,Ana,Print,Low,2016-03-01T09:30",
]
STORY = [
    ("received", "09:30"), ("assigned", "09:35"), ("handed_over", "09:40"), ("assigned", "10:00"),
    ("taken", "10:00"), ("asked", "10:30"), ("resumed", "11:30"), ("handed_over", "11:30"),
    ("taken", "11:30"), ("delivered", "11:45"), ("reopened", "11:50"), ("taken", "11:50"),
    ("delivered", "12:00"), ("accepted", "12:00"),
]  # fmt: skip


def story(ref):
    paris = ZoneInfo("Europe/Paris")
    events = Event.objects.filter(ticket=ticket(ref)).exclude(kind="breached")
    return [(e.kind, e.at.astimezone(paris).strftime("%H:%M")) for e in events]


def test_events_give_every_moment_its_own_time(world, log):
    requests, events = log(), log(EVENTS, EVENTS_HEAD, "events.csv")
    report = import_log.run(requests, world.provider, report=lambda line: None, events=events)
    assert story(1) == STORY
    delivery = ticket(1).clocks.get(kind="delivery")
    [(begin, end)] = delivery.spans()
    assert (end - begin).total_seconds() == 3600
    assert ticket(1).holder.last_name == "Zoe"  # the robot that closed did not do the work
    assert (report.read, report.taken, report.events) == (9, 4, 12)
    assert [(r.number, r.ref, r.column) for r in report.refused_events] == [
        (12, "3", "activity"),
        (13, "99", ""),
    ]
    assert report.assumed["an event that changed nothing"] == 1
    line = next(site for site in report.figures.sites if site.name == "Lyon")
    assert (line.came, line.handed_over, line.reopened) == (2, 3, 1)


def test_events_alone_tell_the_requests_too_and_both_files_give_the_same(world, log):
    events = log(EVENTS, EVENTS_HEAD, "events.csv")
    report = import_log.run(events, world.provider, report=lambda line: None)
    assert (report.read, report.taken) == (2, 2)
    assert story(1) == STORY
    again = import_log.run(log(), world.provider, report=lambda line: None, events=events)
    assert (again.known, again.taken) == (1, 3)


def test_a_run_that_was_cut_off_goes_on_where_it_was(world, log, monkeypatch):
    monkeypatch.setattr(import_log, "AT_ONCE", 2)
    flush, calls = Batch.flush, []

    def cut(self):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return flush(self)

    monkeypatch.setattr(Batch, "flush", cut)
    with pytest.raises(KeyboardInterrupt):
        import_log.run(log(), world.provider, report=lambda line: None)
    monkeypatch.setattr(Batch, "flush", flush)
    report = import_log.run(log(), world.provider, report=lambda line: None)
    assert (report.known, report.taken) == (2, 2)
    assert Event.objects.filter(kind="received").count() == 4
