"""A real mailbox that a test starts: Dovecot, on this machine, over TLS."""

from __future__ import annotations

import getpass
import imaplib
import os
import shutil
import ssl
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self
from unittest import mock

from django.test import override_settings

from tenants.mail.tests.mail_server import free_port
from tenants.testing_tools.waits import PATIENCE, wait_until

# Debian, for one, has it where only root looks.
FOLDERS = os.pathsep.join((*os.get_exec_path(), "/usr/sbin", "/usr/local/sbin"))
NOT_FOUND = (
    "No Dovecot 2.3 was found (apt install dovecot-imapd): replies were not read from a mailbox."
)
USER, PASSWORD = "replies", "a-password-of-the-mailbox"
NOBODY = 65_534
CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
passdb {{
  driver = static
  args = user={user} password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
mail_location = maildir:{folder}/mail/box
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


def find_dovecot() -> str:
    """The program; empty: it is not there, or of a version whose settings are others."""
    found = shutil.which("dovecot", path=FOLDERS)
    if not found or not hasattr(os, "geteuid"):
        return ""
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    return found if said.stdout.startswith("2.3.") else ""


class ImapServer:
    """Use it with `with`: the settings name it meanwhile. `authority` is its own certificate's."""

    def __init__(self, *, certificate: Path, key: Path) -> None:
        self._files = certificate, key

    def __enter__(self) -> Self:
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="imap"))
        self._folder.chmod(0o755)
        for file, name in zip(self._files, ("certificate.pem", "key.pem"), strict=True):
            shutil.copy(file, self._folder / name)
        (self._folder / "mail").mkdir()
        is_root = os.geteuid() == 0
        own, group = getpass.getuser(), str(os.getegid())
        uid, gid = (NOBODY, NOBODY) if is_root else (os.geteuid(), os.getegid())
        if is_root:
            os.chown(self._folder / "mail", uid, gid)
        configuration = self._folder / "dovecot.conf"
        configuration.write_text(
            CONFIGURATION.format(
                folder=self._folder,
                port=self.port,
                uid=uid,
                gid=gid,
                internal="dovecot" if is_root else own,
                group="dovecot" if is_root else group,
                login="dovenull" if is_root else own,
                user=USER,
                password=PASSWORD,
            )
        )
        self._process = subprocess.Popen(
            [find_dovecot(), "-F", "-c", str(configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        trusted = {"SSL_CERT_FILE": str(self._folder / "certificate.pem")}
        self._trust = mock.patch.dict(os.environ, trusted)
        self._trust.start()
        self._settings = override_settings(**self.settings())
        self._settings.enable()
        try:
            wait_until(self._answers, f"Dovecot does not answer: {self.log()}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._settings.disable()
        self._trust.stop()
        self._process.terminate()
        self._process.wait(PATIENCE)
        shutil.rmtree(self._folder, ignore_errors=True)

    def settings(self) -> dict[str, Any]:
        return {
            "MAIL_IN_HOST": "localhost",
            "MAIL_IN_PORT": self.port,
            "MAIL_IN_SECURITY": "tls",
            "MAIL_IN_USER": USER,
            "MAIL_IN_PASSWORD": PASSWORD,
            "MAIL_TIMEOUT_SECONDS": PATIENCE,
        }

    def log(self) -> str:
        file = self._folder / "log"
        return file.read_text(errors="replace")[-2000:] if file.exists() else ""

    def deliver(self, raw: bytes) -> None:
        with self._client() as client:
            answer = client.append(
                "INBOX", "", imaplib.Time2Internaldate(time.gmtime(0)), raw.replace(b"\n", b"\r\n")
            )
            assert answer[0] == "OK", answer

    def count(self, criteria: str = "UNSEEN", folder: str = "INBOX") -> int:
        """Mails in a folder; -1: there is no such folder."""
        with self._client() as client:
            if client.select(folder, readonly=True)[0] != "OK":
                return -1
            found = client.search(None, criteria)[1][0]
            return len(found.split())

    def _client(self) -> imaplib.IMAP4_SSL:
        context = ssl.create_default_context()
        client = imaplib.IMAP4_SSL("localhost", self.port, ssl_context=context)
        client.login(USER, PASSWORD)
        return client

    def _answers(self) -> bool:
        try:
            with self._client():
                return True
        except (OSError, imaplib.IMAP4.error):
            return False
