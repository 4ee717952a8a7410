"""The commands of dev.py, inside the virtual environment."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured

from dev import parse_arguments
from project.development import ending, records
from project.development.bundle import BUNDLE, make_bundle
from project.development.checks import run_checks
from project.development.embedded_postgres import EmbeddedPostgresError
from project.development.errors import DevelopmentError
from project.development.javascript import NoNodeError
from project.development.processes import Ended, end_on_signals, ignore_signals
from project.development.servers import (
    LOOPBACK,
    Servers,
    ensure_database,
    prepare_environment,
    release_database,
)
from project.development.upgrading import LEFT_OUT
from project.development.upgrading.newest_django import ensure_newest_django
from project.environment import BASE_DIR, data_dir, load_environment
from project.translating import catalogues, problems

DEPRECATIONS = "default::DeprecationWarning,default::PendingDeprecationWarning"
# What these do needs no translations.
WITHOUT_CATALOGUES = ("messages", "bundle", "stop", "reset")
BENCHMARKS = BASE_DIR / "bench" / "run.py"


def up(arguments: argparse.Namespace) -> int:
    """Run until a signal comes or one of the programs ends."""
    servers = Servers(
        host=arguments.host,
        port=arguments.port,
        demo=not arguments.no_demo,
        reload=arguments.reload,
    )
    try:
        servers.claim()
        servers.prepare()
        servers.start()
        print(f"\n{servers.log_ins}\n" if servers.log_ins else "")
        print(f"TicketFlower is ready at {servers.shown_address}/  (Ctrl-C ends it)", flush=True)
        if arguments.host not in LOOPBACK:
            print("Careful: others can reach it, and it shows them details of each error.")
        servers.watch()
    except Ended:
        print("\nEnding ...", flush=True)
    finally:
        ignore_signals()
        servers.end()
    print("TicketFlower has ended; its data is kept.", flush=True)
    return 0


def prepare(arguments: argparse.Namespace) -> int:
    """For those who run manage.py themselves; an embedded database is left running."""
    servers = Servers(demo=not arguments.no_demo)
    servers.prepare()
    print(f"\n{servers.log_ins}" if servers.log_ins else "Prepared.")
    return 0


def test(arguments: argparse.Namespace) -> int:
    """Run Django's test runner. Prints nothing after it: its last line is the summary."""
    python, left_out = sys.executable, ""
    if arguments.django == "newest":
        newest = ensure_newest_django()
        python, left_out = str(newest.python), " ".join(newest.modules_left_out())
    with _database(f"test-{os.getpid()}") as environment:
        environment["PYTHONWARNINGS"] = os.environ.get("PYTHONWARNINGS") or DEPRECATIONS
        environment[LEFT_OUT] = left_out
        environment["SPARE_SCHEMAS"] = "0"  # tests that want one make it
        command = ["manage.py", "test", "--noinput", "--parallel", "2", *arguments.handed_on]
        return _run(command, environment, python=python)


def check(arguments: argparse.Namespace) -> int:
    """Run every check; the last line says whether all of them passed."""
    with _database(f"check-{os.getpid()}") as environment:
        failed = run_checks(environment)
    print("All checks passed." if not failed else f"Checks that failed: {failed}.")
    return 1 if failed else 0


def messages(arguments: argparse.Namespace) -> int:
    """Bring the catalogues to what the sources say, and say what is left to translate."""
    for path, catalogue in catalogues.update():
        left = sum(1 for _problem in problems.in_catalogue(catalogue))
        name = path.relative_to(BASE_DIR).as_posix()
        print(f"{name}: {len(catalogue)} texts, {left} to be translated or mended")
    catalogues.compile_all()
    return 0


def bundle(arguments: argparse.Namespace) -> int:
    """Make the file in which layouts get React and the transpiler."""
    try:
        make_bundle()
    except NoNodeError as error:
        raise DevelopmentError(f"{error}.") from error
    print(f"Made: {BUNDLE.relative_to(BASE_DIR).as_posix()}, {BUNDLE.stat().st_size:,} bytes.")
    return 0


def bench(arguments: argparse.Namespace) -> int:
    """Run the benchmarks."""
    if not BENCHMARKS.exists():
        raise DevelopmentError(f"There are no benchmarks yet: {BENCHMARKS} does not exist.")
    with _database(f"bench-{os.getpid()}") as environment:
        environment["PYTHONPATH"] = str(BASE_DIR)
        environment["SPARE_SCHEMAS"] = "0"  # what measures them makes them
        return _run([str(BENCHMARKS), *arguments.handed_on], environment)


def smoke(arguments: argparse.Namespace) -> int:
    """Walk the main path and the way by mail, on servers and data of its own."""
    from project.development.smoke import run  # noqa: PLC0415 - httpx is slow to load

    return run.main()


def screenshots(arguments: argparse.Namespace) -> int:
    """Take a picture of each main page, to be looked at."""
    from project.development import every_screen  # noqa: PLC0415 - it needs a browser

    people = arguments.person or every_screen.PEOPLE
    return every_screen.main(arguments.folder, language=arguments.language, people=people)


def stop(arguments: argparse.Namespace) -> int:
    """End what is running."""
    ended = ending.stop()
    print(f"Ended: {', '.join(ended)}." if ended else "Nothing was running.")
    return 0


def reset(arguments: argparse.Namespace) -> int:
    """Delete the data."""
    ending.reset(confirmed=arguments.yes)
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "up": up,
    "prepare": prepare,
    "test": test,
    "check": check,
    "messages": messages,
    "bundle": bundle,
    "bench": bench,
    "smoke": smoke,
    "screenshots": screenshots,
    "stop": stop,
    "reset": reset,
}


@contextmanager
def _database(name: str) -> Iterator[dict[str, str]]:
    """The environment to run something in that needs the database, started where it is not."""
    records.write(data_dir(), name, os.getpid())
    started = False
    try:
        started = ensure_database()
        yield prepare_environment()
    finally:
        ignore_signals()
        records.remove(data_dir(), name)
        release_database(ours=started)


def _run(
    command: Sequence[str], environment: dict[str, str], *, python: str = sys.executable
) -> int:
    """Ctrl-C reaches the program as well: it gets the time to end by itself."""
    process = subprocess.Popen([python, *command], cwd=BASE_DIR, env=environment)
    try:
        return process.wait()
    except Ended:
        ignore_signals()
        process.terminate()
        process.wait()
        raise


def main() -> int:
    """Run one command. What is wrong with the machine or its configuration is one sentence."""
    arguments = parse_arguments(sys.argv[1:])
    end_on_signals()
    try:
        load_environment()
        if arguments.command not in WITHOUT_CATALOGUES:
            catalogues.compile_all()
        return COMMANDS[arguments.command](arguments)
    except (DevelopmentError, EmbeddedPostgresError, ImproperlyConfigured) as error:
        print(error, file=sys.stderr)
        return 1
    except Ended:
        return 130


if __name__ == "__main__":
    sys.exit(main())
