"""The command `relais`: every operation of the product, said in a line each.

A command is one function below `@command`: it adds its arguments to the parser that it gets, and
returns what is to be done with them (None or 0 for success, else the exit code).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from relais import database, installation
from relais.lib import postgres, terminal
from relais.lib.problem import Problem
from relais.lib.terminal import N_, say, translate

Run = Callable[[argparse.Namespace], int | None]
Build = Callable[[argparse.ArgumentParser], Run]

GROUPS = {
    "run": N_("To run it"),
    "data": N_("Its data"),
    "work": N_("Its work"),
    "look": N_("To look inside"),
}


@dataclass(frozen=True)
class Command:
    name: str
    group: str
    line: str
    build: Build


COMMANDS: dict[str, Command] = {}


def command(name: str, *, group: str, line: str) -> Callable[[Build], Build]:
    """Register a command under a group of `GROUPS`, with the line that explains it."""

    def register(build: Build) -> Build:
        COMMANDS[name] = Command(name, group, line, build)
        return build

    return register


class NoSuchFile(Problem):
    message = N_("There is no file %(path)s.")


class NoSuchProvider(Problem):
    message = N_("There is no provider %(name)s here. Known: %(known)s")


# --- run ------------------------------------------------------------------------------------


@command("server", group="run", line=N_("start everything and wait until Ctrl-C"))
def server(parser: argparse.ArgumentParser) -> Run:
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument("--web-only", action="store_true", help=translate("only the web pages"))
    parts.add_argument("--worker-only", action="store_true", help=translate("only the jobs"))
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help=translate("web processes (1)")
    )
    parser.add_argument(
        "--no-demo", action="store_true", help=translate("leave an empty database empty")
    )

    def run(args: argparse.Namespace) -> int:
        from relais import server

        return server.run(
            web=not args.worker_only,
            worker=not args.web_only,
            processes=max(1, args.workers),
            demo=not args.no_demo,
        )

    return run


@command("migrate", group="run", line=N_("bring the tables of the database up to date"))
def migrate(parser: argparse.ArgumentParser) -> Run:
    def run(args: argparse.Namespace) -> None:
        with database.attached():
            installation.bring_up(terminal.Steps(), demo=False)
        say(N_("The database is up to date."))

    return run


@command("demo", group="run", line=N_("build the demo world into an empty database"))
def demo(parser: argparse.ArgumentParser) -> Run:
    def run(args: argparse.Namespace) -> int:
        with database.attached():
            known = installation.bring_up(terminal.Steps())
        if known.get("world") != "demo":
            say(N_("The database holds a world of its own: nothing was added."))
            return 1
        installation.say_sign_ins(known)
        return 0

    return run


@command("check", group="run", line=N_("check the settings and name the mends"))
def check(parser: argparse.ArgumentParser) -> Run:
    def run(args: argparse.Namespace) -> int:
        with database.attached():
            return django_command(["check"])

    return run


# --- data -----------------------------------------------------------------------------------


@command("backup", group="data", line=N_("write the whole database into one file"))
def backup(parser: argparse.ArgumentParser) -> Run:
    parser.add_argument("file", type=Path)

    def run(args: argparse.Namespace) -> None:
        from relais import backup

        with database.attached():
            backup.write(args.file, terminal.Steps())

    return run


@command("restore", group="data", line=N_("put the database of a backup in place"))
def restore(parser: argparse.ArgumentParser) -> Run:
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--replace", action="store_true", help=translate("replace a database that is not empty")
    )

    def run(args: argparse.Namespace) -> None:
        from relais import backup

        with database.attached():
            backup.restore(args.file, terminal.Steps(), replace=args.replace)

    return run


# --- work -----------------------------------------------------------------------------------


@command("receive", group="work", line=N_("take in mail files, each as one request"))
def receive(parser: argparse.ArgumentParser) -> Run:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.eml")

    parser.add_argument("--provider", default="", help=translate("whose mail or log it is"))

    def run(args: argparse.Namespace) -> int:
        from relais.desk import mailbox

        provider = named_provider(args.provider)

        def receive_one(path: Path) -> None:
            outcome = mailbox.receive_file(path, provider)
            say("%(path)s: %(outcome)s", path=path, outcome=outcome)

        return one_by_one(args.files, receive_one)

    return with_database(run)


@command("fetch-mail", group="run", line=N_("fetch the mails of every mailbox until Ctrl-C"))
def fetch_mail(parser: argparse.ArgumentParser) -> Run:
    def run(args: argparse.Namespace) -> None:
        # As a child of the server it finds PostgreSQL up, and its role chosen.
        child = "RELAIS_DB_ROLE" in os.environ
        os.environ.setdefault("RELAIS_DB_ROLE", "direct")
        with contextlib.nullcontext() if child else database.attached():
            installation.load_django("direct")
            from relais.desk import fetching

            fetchers = fetching.Fetchers()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: fetchers.stop())
            fetchers.run()

    return run


@command("import-log", group="work", line=N_("live a log of past requests through, at its times"))
def import_log(parser: argparse.ArgumentParser) -> Run:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--provider", default="", help=translate("whose mail or log it is"))
    parser.add_argument("--company", help=translate("the name of the company that asked"))
    parser.add_argument("--zone", help=translate("the time zone of times without one"))
    parser.add_argument(
        "--mapping",
        type=Path,
        metavar="FILE.toml",
        help=translate("what the columns mean: written as guessed when it is not there, else used"),
    )
    parser.add_argument("--agreement", help=translate("count lateness against this agreement"))
    parser.add_argument(
        "--refused",
        type=Path,
        metavar="FILE.csv",
        help=translate("write every refused row, why, and what to do"),
    )

    def run(args: argparse.Namespace) -> int:
        from relais.desk import log_command

        return log_command.run(args, named_provider(args.provider), terminal.Steps(), say)

    return with_database(run)


@command("replay", group="work", line=N_("dispatch a past period again by several rules"))
def replay(parser: argparse.ArgumentParser) -> Run:
    from datetime import date

    parser.add_argument("--provider", default="", help=translate("whose requests they are"))
    parser.add_argument("--company", default="", help=translate("the log of this company"))
    for name in ("--from", "--until"):
        parser.add_argument(name, type=date.fromisoformat, metavar="YYYY-MM-DD")
    parser.add_argument("--people", type=int, default=0, help=translate("so many more, or fewer"))
    parser.add_argument("--all-sites", action="store_true")
    parser.add_argument("--all-kinds", action="store_true")
    parser.add_argument(
        "--weight",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=translate("another weight, beside the usual ones"),
    )

    def run(args: argparse.Namespace) -> int:
        from relais.desk import replay_command

        return replay_command.run(args, named_provider(args.provider), terminal.Steps(), say)

    return with_database(run)


@command("close-month", group="work", line=N_("close the month of one client or of all"))
def close_month(parser: argparse.ArgumentParser) -> Run:
    parser.add_argument("month", nargs="?", default="", metavar="YYYY-MM")
    parser.add_argument("--provider", default="", help=translate("whose clients they are"))
    parser.add_argument("--company", default="", help=translate("only this client"))
    parser.add_argument("--by", default="", metavar="EMAIL", help=translate("who closes it"))
    parser.add_argument(
        "--dry-run", action="store_true", help=translate("only say what would be closed")
    )

    def run(args: argparse.Namespace) -> int:
        from relais.records import month_command

        return month_command.run(args, named_provider(args.provider), say)

    return with_database(run)


@command("import-people", group="work", line=N_("import companies, sites and persons from a list"))
def import_people(parser: argparse.ArgumentParser) -> Run:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--provider", default="")
    parser.add_argument("--apply", action="store_true")

    def run(args: argparse.Namespace) -> int:
        from relais.people.importing import command

        if not args.file.is_file():
            raise NoSuchFile(path=args.file)
        for line in command.run_file(args.file, args.provider, apply=args.apply):
            print(line, flush=True)
        return 0

    return with_database(run)


@command("invite", group="work", line=N_("send a person the letter that opens an account"))
def invite(parser: argparse.ArgumentParser) -> Run:
    parser.add_argument("email")
    parser.add_argument(
        "--provider", default="", help=translate("its name, where several know the address")
    )

    def run(args: argparse.Namespace) -> int:
        from relais.people import invitations

        print(invitations.invite_by_email(args.email, provider=args.provider), flush=True)
        return 0

    return with_database(run)


@command("create-provider", group="work", line=N_("begin a provider of one's own, with its head"))
def create_provider(parser: argparse.ArgumentParser) -> Run:
    parser.add_argument("name")
    parser.add_argument("--email", required=True, help=translate("of its first manager"))
    parser.add_argument("--last-name", default="")
    parser.add_argument("--first-name", default="")
    parser.add_argument("--language", choices=["fr", "en"], default="fr")

    def run(args: argparse.Namespace) -> int:
        from relais.lib.tenancy import tenant
        from relais.offer import catalogue
        from relais.people import setup

        made = setup.create_provider(
            args.name,
            email=args.email,
            last_name=args.last_name,
            first_name=args.first_name,
            language=args.language,
        )
        with tenant(made.provider.pk):
            catalogue.preload(made.provider)
            catalogue.preload_procedures(made.provider, made.person)
        if made.link:
            say(N_("Open this within 14 days to choose a password:\n%(link)s"), link=made.link)
        else:
            say(N_("%(name)s has an account already."), name=made.person.name)
        return 0

    return with_database(run)


@command(
    "forget-second-factor", group="work", line=N_("let somebody in who lost phone, keys and codes")
)
def forget_second_factor(parser: argparse.ArgumentParser) -> Run:
    parser.add_argument("email")

    def run(args: argparse.Namespace) -> int:
        from relais.people import passkeys

        gone = passkeys.forget_second_factors(args.email)
        say(N_("%(gone)s second factors are gone; the password opens the account."), gone=gone)
        return 0 if gone else 1

    return with_database(run)


# --- look inside ----------------------------------------------------------------------------


@command("status", group="look", line=N_("say where everything is and whether it runs"))
def status(parser: argparse.ArgumentParser) -> Run:
    def run(args: argparse.Namespace) -> None:
        say("Relais %(version)s", version=version("relais"))
        say(N_("Data: %(folder)s"), folder=database.data_dir())
        say(N_("Database: %(address)s"), address=database.address("owner"))
        if database.is_embedded() and not postgres.is_running(database.embedded_folder()):
            say(N_("Stopped. script/server starts everything."))
            return
        with database.attached(), database.connect("owner") as owner:
            known = installation.facts()
            current = known.get("migrations") == installation.migration_hash()
            say(N_("Tables: up to date.") if current else N_("Tables: to be migrated."))
            size = owner.execute("select pg_database_size(current_database())").fetchone()
            say(
                N_("PostgreSQL %(version)s, %(size)s MB"),
                version=owner.info.parameter_status("server_version"),
                size=(size or (0,))[0] // 1_000_000,
            )

    return run


@command("psql", group="look", line=N_("open psql on the database"))
def psql(parser: argparse.ArgumentParser) -> Run:
    parser.add_argument("--role", choices=["app", "owner"], default="owner")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)

    def run(args: argparse.Namespace) -> int:
        with database.attached():
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # psql's own: it cancels a query
            environment = os.environ | database.environment(args.role)
            given = args.arguments[1:] if args.arguments[:1] == ["--"] else args.arguments
            found = [database.program("psql"), *given]
            return subprocess.run(found, env=environment, check=False).returncode

    return run


@command("django", group="look", line=N_("run one of Django's commands: relais django shell"))
def django(parser: argparse.ArgumentParser) -> Run:
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    owners = {"migrate", "makemigrations", "sqlmigrate", "showmigrations", "createcachetable"}

    def run(args: argparse.Namespace) -> int:
        role = "owner" if owners & {*args.arguments[:1]} else "app"
        os.environ.setdefault("RELAIS_DB_ROLE", role)
        with database.attached():
            return django_command(args.arguments)

    return run


# --- the command itself ---------------------------------------------------------------------


def with_database(run: Run) -> Run:
    """Return `run` with the database ready and Django loaded as the application."""

    def ready(args: argparse.Namespace) -> int | None:
        for path in getattr(args, "files", []):
            if not path.is_file():
                raise NoSuchFile(path=path)
        with database.attached():
            installation.bring_up(terminal.Steps(), demo=False)
            installation.load_django("app")
            from django.utils import translation

            with translation.override(terminal.language()):
                return run(args)

    return ready


def one_by_one(paths: list[Path], work: Callable[[Path], None]) -> int:
    """Return the exit code after every file: one that cannot be taken does not stop the others."""
    code = 0
    for path in paths:
        try:
            work(path)
        except Problem as problem:
            terminal.complain(problem)
            code = 2
    return code


def named_provider(name: str) -> Any:
    """Return the provider of this name, or None when none was given. Raises `NoSuchProvider`."""
    if not name:
        return None
    from relais.lib.tenancy import all_tenants
    from relais.people.models import Provider

    with all_tenants("find the provider that the command names"):
        found = list(Provider.objects.filter(name__iexact=name))
        if len(found) == 1:
            return found[0]
        known = ", ".join(Provider.objects.order_by("name").values_list("name", flat=True))
    raise NoSuchProvider(name=name, known=known)


def django_command(arguments: list[str]) -> int:
    """Return the exit code of a command of Django's, run in this process."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "relais.settings"
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(["relais django", *arguments])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def overview() -> None:
    """Print every operation with its line, by group."""
    say(N_("Relais: a pool of executive assistants for companies with many sites."))
    for key, title in GROUPS.items():
        print(f"\n{translate(title)}")
        for each in COMMANDS.values():
            if each.group == key:
                print(f"  relais {each.name:<22}{translate(each.line)}")
    print("\n" + translate(N_("More on one of them: relais COMMAND --help")))
    say(N_("Where things are: DATABASE_URL, RELAIS_DATA, HOST, PORT (docs/exploitation.md)"))


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one command and end the process with its exit code; 2: something is to be mended."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments in (["-h"], ["--help"], ["help"]):
        overview()
        sys.exit(0)
    if arguments[0] == "--version":
        say("Relais %(version)s", version=version("relais"))
        sys.exit(0)
    chosen = COMMANDS.get(arguments[0])
    if chosen is None:
        overview()
        print(file=sys.stderr)
        print(
            terminal.fill(N_("There is no command %(name)s."), {"name": arguments[0]}),
            file=sys.stderr,
        )
        sys.exit(2)
    parser = argparse.ArgumentParser(
        prog=f"relais {chosen.name}", description=translate(chosen.line)
    )
    run = chosen.build(parser)
    try:
        sys.exit(run(parser.parse_args(arguments[1:])) or 0)
    except Problem as problem:
        terminal.complain(problem)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
