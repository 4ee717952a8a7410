#!/usr/bin/env python3
"""Sets TicketFlower up and runs it: `python3 dev.py up`, and `python3 dev.py --help` for the rest.

This file runs on the Python that the machine happens to have (3.6 or newer) and needs no package.
It finds a Python that is new enough, makes the virtual environment and hands over to
project/development/, which does the work.
"""

import argparse
import contextlib
import glob
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Dict, Iterator, List, NoReturn, Tuple

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "ticketflower.json"
OLDEST, NEWEST = (3, 12), (3, 14)
ON_WINDOWS = os.name == "nt"
HANDED_ON = ("test", "bench")  # what follows belongs to the program that they run
DJANGOS = ("pinned", "newest")
NEED_DEVELOPMENT_TOOLS = ("test", "check", "smoke", "screenshots")
EPILOG = """To run some of the tests: python3 dev.py test tickets -k submit
Settings come from the environment or the file .env; .env.example lists them."""


def parse_arguments(arguments: List[str]) -> argparse.Namespace:
    """Read the command line; ends the program with a message where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="dev.py",
        description="Set up, run and test TicketFlower.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    up = commands.add_parser("up", help="prepare everything, then run the web server and worker")
    up.add_argument("--port", type=_port, default=8000, help="the port to listen on (8000)")
    up.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address to listen on (127.0.0.1, which only this machine can reach)",
    )
    up.add_argument("--no-demo", action="store_true", help="do not load the demo company")
    up.add_argument("--reload", action="store_true", help="restart the web server on changed code")
    prepare = commands.add_parser("prepare", help="prepare everything, but run only the database")
    prepare.add_argument("--no-demo", action="store_true", help="do not load the demo company")
    commands.add_parser(
        "test",
        help="run the tests, with --django newest on the newest Django; what else follows is "
        "handed to the test runner",
    )
    commands.add_parser("check", help="run the linters, the type checker and the import rules")
    commands.add_parser("messages", help="bring the catalogues of texts to what the sources say")
    commands.add_parser("bundle", help="make the file with the packages that layouts get")
    commands.add_parser("bench", help="run the benchmarks; what follows is handed to them")
    commands.add_parser(
        "smoke", help="walk the main path, and the way by mail, on servers and data of its own"
    )
    screenshots = commands.add_parser(
        "screenshots", help="take a picture of each main page: light, dark and on a phone"
    )
    screenshots.add_argument("folder", type=Path, help="where the pictures go")
    screenshots.add_argument("--language", default="en-GB", help="such as de-DE (en-GB)")
    screenshots.add_argument(
        "--person", action="append", help="only this one's, such as uma.user; may come again"
    )
    commands.add_parser("stop", help="end what is running")
    reset = commands.add_parser("reset", help="end what is running and delete its data")
    reset.add_argument("--yes", action="store_true", help="do not ask first")

    handed_on: List[str] = []
    if arguments and arguments[0] in HANDED_ON:
        arguments, handed_on = arguments[:1], arguments[1:]
    parsed = parser.parse_args(arguments)
    if not parsed.command:
        parser.print_help()
        sys.exit(2)
    parsed.django, parsed.handed_on = "pinned", handed_on
    if parsed.command == "test":
        of_tests = argparse.ArgumentParser(prog="dev.py test", add_help=False, allow_abbrev=False)
        of_tests.add_argument("--django", choices=DJANGOS, default="pinned")
        own, parsed.handed_on = of_tests.parse_known_args(handed_on)
        parsed.django = own.django
    return parsed


def main() -> None:
    """Prepare the virtual environment and continue inside it."""
    command = parse_arguments(sys.argv[1:]).command
    with one_at_a_time():
        python = ensure_virtual_environment()
        ensure_packages(python, with_tools=command in NEED_DEVELOPMENT_TOOLS)
    continue_with(python, sys.argv[1:])


def ensure_virtual_environment() -> Path:
    """The Python of .venv, which is made where it is missing or does not run (any more)."""
    python = VENV / ("Scripts/python.exe" if ON_WINDOWS else "bin/python")
    if _is_suitable(_version([str(python)])) and _ask([str(python)], "import pip; print(pip)"):
        return python
    if VENV.exists() and not (VENV / "pyvenv.cfg").exists() and any(VENV.iterdir()):
        sys.exit("{} is not a virtual environment: move it away, then try again.".format(VENV))
    base = find_python()
    with _step("Making the virtual environment with {}".format(base)):
        result = subprocess.run([base, "-m", "venv", "--clear", str(VENV)])
    if result.returncode != 0:
        sys.exit("The virtual environment could not be made in {}; see above.".format(VENV))
    return python


def find_python() -> str:
    """A Python that is new enough and complete: ourselves, or one of the usual places."""
    here = Path(sys.base_prefix) / ("python.exe" if ON_WINDOWS else "bin/python3")
    candidates = [[str(here)], [sys.executable]]
    minors = range(NEWEST[1], OLDEST[1] - 1, -1)
    for minor in minors:
        candidates.append(["python3.{}".format(minor)])
        if ON_WINDOWS:
            candidates.append(["py", "-3.{}".format(minor)])
    candidates += [["python3"], ["python"]]
    pyenv = os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv")
    pattern = "pyenv-win/versions/*/python.exe" if ON_WINDOWS else "versions/*/bin/python3"
    candidates += [[path] for path in sorted(glob.glob(str(Path(pyenv) / pattern)), reverse=True)]
    incomplete = ""
    for candidate in candidates:
        program = shutil.which(candidate[0])
        if program is None or not _is_suitable(_version([program, *candidate[1:]])):
            continue
        # Some systems leave these out; without them there is no virtual environment.
        code = "import ensurepip, ssl, sys, venv; print(sys.executable)"
        found = _ask([program, *candidate[1:]], code)
        if found:
            return found
        incomplete = incomplete or program
    if incomplete:
        sys.exit(
            "{} cannot make virtual environments: install its missing parts (on Debian and Ubuntu "
            "the package python3-venv), then try again.".format(incomplete)
        )
    sys.exit(
        "TicketFlower needs Python {}.{} to {}.{}, and none was found; this is {}.{}. Install one "
        "from https://www.python.org/downloads/ or with your system's package manager, then try "
        "again.".format(*(OLDEST + NEWEST + sys.version_info[:2]))
    )


def ensure_packages(python: Path, with_tools: bool) -> None:
    """Install the pinned packages, where they are not those of last time."""
    name = "requirements-dev.txt" if with_tools else "requirements.txt"
    wanted = {name: _fingerprint(python, name)}
    if with_tools:  # which brings requirements.txt with it
        wanted["requirements.txt"] = _fingerprint(python, "requirements.txt")
    try:
        stamp: Dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stamp = {}
    if stamp.get(name) == wanted[name]:
        return
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["-r", name, "-c", "constraints.txt"]
    if not sys.stdout.isatty():
        command.append("--quiet")
    with _step("Installing the packages of {} (the first time takes a minute or two)".format(name)):
        result = subprocess.run(command, cwd=str(ROOT))
    if result.returncode != 0:
        sys.exit("The packages could not be installed; pip says above why.")
    stamp.update(wanted)
    STAMP.write_text(json.dumps(stamp), encoding="utf-8")


def continue_with(python: Path, arguments: List[str]) -> NoReturn:
    """Go on as project/development, on the virtual environment's Python."""
    os.chdir(str(ROOT))
    os.environ["PYTHONUNBUFFERED"] = "1"
    command = [str(python), "-m", "project.development", *arguments]
    sys.stdout.flush()
    if not ON_WINDOWS:
        os.execv(command[0], command)  # noqa: S606
    # Windows cannot replace a process. Ctrl-C reaches both; the other one acts on it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(subprocess.call(command))


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(
            "{!r} is not a port: it must be a whole number from 1 to 65535".format(text)
        )
    return int(text)


def _ask(python: List[str], code: str) -> str:
    """What the code prints on that Python; nothing where it does not run: a shim may well not."""
    try:
        result = subprocess.run(
            [*python, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            universal_newlines=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""


def _version(python: List[str]) -> Tuple[int, ...]:
    """Such as (3, 12); empty where it does not run."""
    said = _ask(python, "import sys; print(*sys.version_info[:2])")
    return tuple(int(part) for part in said.split())


def _is_suitable(version: Tuple[int, ...]) -> bool:
    return OLDEST <= version <= NEWEST


def _fingerprint(python: Path, name: str) -> str:
    """Changes with the wanted packages and with the Python that they are installed for."""
    digest = hashlib.sha256(str(_version([str(python)])).encode())
    names = ["requirements.txt", "constraints.txt"]
    for part in names + ([name] if name not in names else []):
        digest.update((ROOT / part).read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def _step(title: str) -> Iterator[None]:
    """Say what is going on, and that it still is."""
    print(title + " ...", flush=True)
    start = time.time()
    done = threading.Event()

    def remind() -> None:
        while not done.wait(20):
            print("  ... still at it ({:.0f} s)".format(time.time() - start), flush=True)

    thread = threading.Thread(target=remind, daemon=True)
    if not sys.stdout.isatty():
        thread.start()
    try:
        yield
    finally:
        done.set()
    print("  done in {:.1f} s".format(time.time() - start), flush=True)


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two that set up at once would install into each other's half-made environment."""
    path = ROOT / ".data" / "run" / "setup.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("a+b")
    except OSError as error:
        sys.exit("{} cannot be written: {}.".format(path, error.strerror))
    with stream:
        has_said_so = False
        while not _try_lock(stream.fileno()):
            if not has_said_so:
                print("Waiting for another dev.py that is setting up ...", flush=True)
                has_said_so = True
            time.sleep(0.2)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
