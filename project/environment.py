"""What the environment and the file `.env` say, and where this installation keeps its data.

Django's settings, manage.py and dev.py all read it from here, so that they cannot disagree.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from dotenv.parser import parse_stream

BASE_DIR = Path(__file__).resolve().parent.parent


def load_environment(env_file: Path = BASE_DIR / ".env") -> None:
    """Put the values of `.env` into os.environ, where they are not set already.

    A variable that is set counts even when it is empty: `DATABASE_URL=` in front of a command
    switches the one in the file off.

    Raises ImproperlyConfigured, naming the line, where the file cannot be read: python-dotenv's
    own loader logs a warning and goes on with half of the settings.
    """
    try:
        with env_file.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except FileNotFoundError:
        return
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(f"{env_file} is not a text file in UTF-8.") from error
    except OSError as error:
        raise ImproperlyConfigured(f"{env_file} cannot be read: {error.strerror}.") from error
    for binding in bindings:
        if binding.error or (binding.key is not None and binding.value is None):
            raise ImproperlyConfigured(
                f"Line {binding.original.line} of {env_file} cannot be understood: "
                "each line must be NAME=value, or a comment that starts with #."
            )
        if binding.key is not None and binding.value is not None:
            os.environ.setdefault(binding.key, binding.value)


def data_dir() -> Path:
    """Where the embedded Postgres, uploads, logs and generated secrets of this checkout live."""
    return Path(os.environ.get("TICKETFLOWER_DATA_DIR") or BASE_DIR / ".data").resolve()


def apply_development_defaults() -> None:
    """Switch debugging on and provide a secret key, where nothing else was said.

    Only dev.py, and manage.py with no database server configured, may call this: a real
    installation must fail to start without its own secret key.
    """
    os.environ.setdefault("DEBUG", "1")
    if not os.environ.get("DJANGO_SECRET_KEY"):
        os.environ["DJANGO_SECRET_KEY"] = kept_secret(data_dir() / "secret_key")


def kept_secret(path: Path) -> str:
    """The secret in the file, made up and written the first time. Only its owner may read it.

    Two processes that arrive together get the same one: the file appears complete, by a hard
    link or a rename that refuses to overwrite, or not at all.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(secrets.token_urlsafe(48))
        try:
            if os.name == "nt":
                draft.rename(path)  # On Windows a rename refuses to overwrite.
            else:
                os.link(draft, path)
        except FileExistsError:
            pass  # Another process was first: its secret is the one to use.
        finally:
            draft.unlink(missing_ok=True)
    return path.read_text(encoding="ascii").strip()
