"""The database, the web server and the worker, as `up` and `smoke` run them."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import NoReturn

import psutil
import psycopg

from project.database import postmaster
from project.database.settings import database_settings, is_configured
from project.development import embedded_postgres, pending_migrations, records
from project.development.errors import DevelopmentError
from project.development.processes import (
    PATIENCE,
    Program,
    end_leftovers_of,
    run_quietly,
    step,
)
from project.environment import BASE_DIR, apply_development_defaults, data_dir
from project.serving.command import web_command

PROGRAMS = ("web", "worker")
READY_SECONDS = 60
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
LOOPBACK = ("127.0.0.1", "::1", "localhost")
# Where the demo's invoice process finds "the accounting system": on this very server.
DEMO_ACCOUNTING = "accounting.example:80"


def prepare_environment() -> dict[str, str]:
    """The environment for Django's programs: debugging on, and a secret key of this checkout."""
    apply_development_defaults()
    os.environ["TICKETFLOWER_DATA_DIR"] = str(data_dir())
    # Who wants no byte code beside the files has it among the data: without it each of many
    # processes compiles all of our modules, which takes as long as the rest of its start.
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(data_dir() / "bytecode"))
    return dict(os.environ)


def ensure_database() -> bool:
    """Start the embedded server, or see that the configured one answers.

    True where the embedded one had to be started. Raises DevelopmentError or
    EmbeddedPostgresError where there is no database to work with.
    """
    if not is_configured():
        if postmaster.running_postmaster(data_dir()):
            return False
        with step("Starting Postgres"):
            embedded_postgres.ensure_running(data_dir())
        return True
    settings = database_settings()
    place = f"{settings['HOST'] or 'the local socket'}:{settings['PORT'] or 5432}"
    try:
        psycopg.connect(
            dbname=settings["NAME"],
            user=settings["USER"],
            password=settings["PASSWORD"],
            host=settings["HOST"],
            port=settings["PORT"],
            **({"connect_timeout": "10"} | settings["OPTIONS"]),
        ).close()
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise DevelopmentError(f"The database at {place} cannot be used: {reason}") from error
    return False


def release_database(*, ours: bool) -> None:
    """Stop the embedded server where nobody else is using it, and either we started it or `ours`
    is true: the last one out turns off the light."""
    if ours and not is_configured() and not records.alive(data_dir()):
        embedded_postgres.stop(data_dir())


@dataclass
class Servers:
    """Web server and worker on one data folder. `end` may be called at any time."""

    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = True
    reload: bool = False
    show_output: bool = True
    log_ins: str = ""
    _programs: list[Program] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where a program on this machine finds it."""
        host = "127.0.0.1" if self.host in EVERYWHERE else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def shown_address(self) -> str:
        """Where a person on this machine finds it: by a name, as browsers want it for passkeys."""
        is_here = self.host in LOOPBACK or self.host in EVERYWHERE
        return f"http://localhost:{self.port}" if is_here else self.address

    def claim(self) -> None:
        """See that nobody else runs here, and that the port is free, before any long work."""
        if other := records.alive(data_dir()).get("up"):
            raise DevelopmentError(
                f"TicketFlower is running already, at {other.address}: "
                "`python3 dev.py stop` ends it."
            )
        for name, record in records.read(data_dir()).items():
            if name in PROGRAMS and end_leftovers_of(record):
                print(f"Ended the {name} process that an earlier run left behind.", flush=True)
                records.remove(data_dir(), name)
        self._check_port()
        records.write(data_dir(), "up", os.getpid(), address=self.shown_address)

    def prepare(self) -> None:
        """Bring the database to where the code expects it, with the demo company in it."""
        environment = self._environment()
        ensure_database()
        if self._migrations_are_pending(environment):
            with step("Bringing the database up to date"):
                run_quietly(
                    ["manage.py", "migrate_schemas"],
                    environment,
                    failure="The database could not be brought up to date; see above.",
                )
        if self.demo:
            with step("Loading the demo company"):
                output = run_quietly(
                    ["manage.py", "load_demo"],
                    environment,
                    failure="The demo company could not be loaded; see above.",
                )
            # Its last paragraph lists the log-ins.
            self.log_ins = output.replace("\r", "").strip().split("\n\n")[-1]

    def start(self) -> None:
        """Start both and wait until the web server answers."""
        environment = self._environment()
        web = web_command(host=self.host, port=self.port, processes=2)
        if self.reload:
            web += ["--reload", "--reload-ignore-dirs", ".data", "--reload-ignore-dirs", ".venv"]
        with step("Starting the web server and the worker"):
            self._start("web", web, environment)
            self._start("worker", ["manage.py", "run_worker"], environment)
            self._wait_until_ready()

    def watch(self) -> NoReturn:
        """Return never; raises DevelopmentError when one of the two has ended by itself."""
        while True:
            self._check_programs()
            time.sleep(0.5)

    def end(self) -> None:
        """End both, then the database. A step that fails must not keep the next from happening."""
        for program in self._programs:
            program.ask_to_end()
        deadline = time.monotonic() + PATIENCE
        for program in self._programs:
            program.make_end(deadline)
            records.remove(data_dir(), program.name)
        self._programs.clear()
        found = records.alive(data_dir()).get("up")
        if found is not None and found.pid == os.getpid():
            records.remove(data_dir(), "up")
            release_database(ours=True)

    def _start(self, name: str, arguments: list[str], environment: dict[str, str]) -> None:
        log = data_dir() / "logs" / f"{name}.log"
        program = Program(name, arguments, environment, log=log, show=self.show_output)
        self._programs.append(program)
        try:
            records.write(data_dir(), name, program.pid)
        except psutil.Error:
            self._check_programs()  # It has ended already: say so.

    def _check_programs(self) -> None:
        for program in self._programs:
            if (code := program.exit_code()) is not None:
                raise DevelopmentError(
                    f"The {program.name} process has ended by itself (exit code {code}); "
                    f"its last words are in {data_dir() / 'logs'}."
                )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            self._check_programs()
            status = self._status_of_landing_page()
            if status >= 500:
                raise DevelopmentError(
                    f"The web server answers with the error {status}; what it says about it is in "
                    f"{data_dir() / 'logs'}."
                )
            if status:
                return
            time.sleep(0.1)
        raise DevelopmentError(f"The web server does not answer after {READY_SECONDS} seconds.")

    def _status_of_landing_page(self) -> int:
        """0 while nothing answers."""
        host = "127.0.0.1" if self.host in EVERYWHERE else self.host
        connection = http.client.HTTPConnection(host, self.port, timeout=10)
        try:
            connection.request("GET", "/", headers={"Host": f"localhost:{self.port}"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def _check_port(self) -> None:
        try:
            family, _, _, _, where = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM
            )[0]
        except OSError as error:
            raise DevelopmentError(
                f"{self.host} is no address that this machine knows: --host takes the address of "
                "one of its networks, or 0.0.0.0 for all of them."
            ) from error
        with socket.socket(family) as probe:
            if os.name != "nt":  # There it would allow to share a port that is in use.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(where)
            except PermissionError as error:
                raise DevelopmentError(
                    f"The system does not allow port {self.port}: choose another with --port."
                ) from error
            except OSError as error:
                raise DevelopmentError(
                    f"Nothing can listen on {self.host}:{self.port} ({error.strerror}): "
                    "choose another port with --port, or end the program that uses it."
                ) from error

    def _environment(self) -> dict[str, str]:
        environment = prepare_environment()
        environment.setdefault("PUBLIC_URL", self.address)  # links in mails lead to this port
        if self.demo:
            environment.setdefault("DEMO", "1")
            environment.setdefault("ACTION_CONNECT_TO", f"{DEMO_ACCOUNTING}={self._own_address()}")
        if self.host not in LOOPBACK:
            environment.setdefault("ALLOWED_HOSTS", ",".join(self._names_of_this_machine()))
        return environment

    def _own_address(self) -> str:
        return self.address.removeprefix("http://")

    def _names_of_this_machine(self) -> list[str]:
        """Rather than `*`: a foreign name that points here could be used against the visitor."""
        names = {*LOOPBACK, "[::1]", socket.gethostname(), socket.getfqdn()}
        if self.host not in EVERYWHERE:
            return sorted(names | {self.host})
        for addresses in psutil.net_if_addrs().values():
            names |= {a.address for a in addresses if a.family == socket.AF_INET}
            names |= {
                f"[{a.address.split('%')[0]}]" for a in addresses if a.family == socket.AF_INET6
            }
        return sorted(names)

    def _migrations_are_pending(self, environment: dict[str, str]) -> bool:
        result = subprocess.run(
            [sys.executable, "-m", pending_migrations.__name__],
            cwd=BASE_DIR,
            env=environment,
            check=False,
        )
        if result.returncode in (pending_migrations.UP_TO_DATE, pending_migrations.PENDING):
            return result.returncode == pending_migrations.PENDING
        raise DevelopmentError("The state of the database could not be read; see above.")
