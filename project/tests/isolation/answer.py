"""What somebody gets for a request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.contrib.messages import get_messages


@dataclass(frozen=True)
class Answer:
    """Of a request, and of those that it has led to."""

    status_code: int
    text: str
    path: str
    broke: str = ""
    leads_to: str = ""
    is_html: bool = False
    is_redirected: bool = False

    @classmethod
    def of(cls, response: Any) -> Answer:
        status = response.status_code
        path = response.request["PATH_INFO"]
        leads_to = urljoin(path, response.headers["Location"]) if 300 <= status < 400 else ""
        is_elsewhere = urlsplit(leads_to).netloc not in ("", "testserver")
        broke = ""
        if response.exc_info:
            kind, error, _trace = response.exc_info
            broke = f"{kind.__name__}: {error}"
        said = [str(each) for each in get_messages(response.wsgi_request)]
        return cls(
            status_code=status,
            text="\n".join([bytes(response.getvalue()).decode(errors="replace"), *said]),
            path=path,
            broke=broke,
            leads_to="" if is_elsewhere else leads_to,
            is_html="html" in response.headers.get("Content-Type", ""),
        )

    def then(self, page: Answer) -> Answer:
        """The page that this one leads to, with what is said on it because of this one."""
        text = f"{self.leads_to}\n{self.text}\n{page.text}"
        return replace(page, text=text, is_redirected=True)

    @property
    def is_html_page(self) -> bool:
        return self.is_html and self.status_code == 200 and not self.is_redirected

    @property
    def is_broken(self) -> bool:
        """A view that raised; 503 is what a page that shows the server's state may answer."""
        return bool(self.broke) or (self.status_code >= 500 and self.status_code != 503)

    def __str__(self) -> str:
        """The status, and of a page that broke, how."""
        return f"{self.status_code} {self.broke}".rstrip()
