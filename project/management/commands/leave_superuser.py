from __future__ import annotations

import secrets
from typing import Any, Final

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from psycopg import sql

from project.database.owner import SUPERUSER, hand_over
from tenants.wall.check import role_above_the_wall

# Who made the server; Postgres takes this right from everybody else only.
_MADE_THE_SERVER: Final = "SELECT oid = 10 FROM pg_roles WHERE rolname = current_user"


class Command(BaseCommand):
    """For installations whose database's user is a superuser: the wall does not concern it."""

    help = (
        "Takes the right of a superuser from the database's user, so that row security concerns "
        "it. Where the server was made with it, that one is called postgres from then on, and a "
        "new role takes its name, its password and its databases. Stop web and worker meanwhile."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        name = role_above_the_wall()
        if not name:
            self.stdout.write("The database's user is no superuser already.")
            return
        try:
            self._leave(name)
        except psycopg.Error as error:
            raise CommandError(f"Nothing was changed, or not all: {error}") from error
        finally:
            connection.close()
        self.stdout.write(f"The wall stands: {name} is no superuser any more.")

    def _leave(self, name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_MADE_THE_SERVER)
            if not cursor.fetchone()[0]:
                role = sql.Identifier(name)
                cursor.execute(sql.SQL("ALTER ROLE {} NOSUPERUSER NOBYPASSRLS").format(role))
                return
        password = secrets.token_urlsafe(32)
        self.stdout.write(
            f"From now on the server's superuser is called {SUPERUSER}. Keep its password, which "
            f"TicketFlower does not need: {password}"
        )
        settings = connection.settings_dict
        databases = hand_over(
            _connect, owner=name, password=settings["PASSWORD"], superuser_password=password
        )
        self.stdout.write(f"Handed over to {name}: {', '.join(databases)}.")


def _connect(database: str, user: str, password: str) -> psycopg.Connection[Any]:
    """As the settings say, but for what is given."""
    settings = connection.settings_dict
    return psycopg.connect(
        **settings["OPTIONS"],
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
        dbname=database,
        user=user,
        password=password,
        autocommit=True,
    )
