"""The page in the frame in which layouts run. It holds no data, and is the same for everybody.

What keeps a layout from carrying data out, each with what it is for:

* `sandbox allow-scripts`: an origin of its own, without cookies, storage, forms, popups, dialogs,
  downloads, and without power over the page around it;
* the policy: nothing is loaded or connected to. Scripts are two files of ours, named by their whole
  address. No nonce and no hash: with either a script may load another from anywhere, with data in
  its address (a nonce can be read, and a hash goes for the `integrity` of whatever is loaded).
  The component is evaluated, as a script of a `blob:` address would be one more thing that can be
  loaded; `'unsafe-eval'` gives it nothing that it does not have when it runs;
* Trusted Types, and frame.js: no text becomes HTML, and elements that name addresses for the
  browser itself (link, meta, iframe …) cannot be made, as no policy covers `dns-prefetch`;
* frame.js takes WebRTC away before the component runs. The policy's `webrtc 'block'` is known to no
  browser that we have met, and each of them complains;
* where the frame may go is said by the page around it (`frame-src` in project/middleware.py): to
  this address alone, whatever its query. A browser looks a host up, and connects to it, before it
  asks that: the name of a host could carry a word out. `Connection-Allowlist` (Chromium 148 and
  later) ends that, and everything else, by itself. In other browsers a layout that leads its frame
  away can have one name looked up, after which the page shows the plain form.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

SCRIPTS: Final = ("layouts/packages.js", "layouts/frame.js")
# Everything that browsers ask a policy for, by name. frame.js has the name of the policy of types.
POLICY: Final = (
    "default-src 'none'",
    "script-src 'unsafe-eval' {scripts}",
    "script-src-attr 'none'",
    "style-src 'unsafe-inline'",
    "img-src data:",
    "font-src data:",
    "connect-src 'none'",
    "child-src 'none'",
    "frame-src 'none'",
    "worker-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types layout",
    "sandbox allow-scripts",
)
# All powers that project/middleware.py names for pages, and those that pages have themselves.
POWERS: Final = (
    "accelerometer",
    "autoplay",
    "bluetooth",
    "browsing-topics",
    "camera",
    "clipboard-read",
    "clipboard-write",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "identity-credentials-get",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-create",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "storage-access",
    "usb",
    "web-share",
    "xr-spatial-tracking",
)


@require_safe
@xframe_options_sameorigin
def frame(request: HttpRequest) -> HttpResponse:
    """The empty page, with the scripts that wait for a layout and its data."""
    scripts = [request.build_absolute_uri(static(name)) for name in SCRIPTS]
    answer = render(request, "layouts/frame.html", {"scripts": scripts})
    policy = "; ".join(POLICY).format(scripts=" ".join(scripts))
    answer.headers["Content-Security-Policy"] = policy
    names = " ".join(f'"{each}"' for each in scripts)
    answer.headers["Connection-Allowlist"] = f"({names})"
    answer.headers["Permissions-Policy"] = ", ".join(f"{name}=()" for name in POWERS)
    answer.headers["X-DNS-Prefetch-Control"] = "off"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-cache"
    return answer
