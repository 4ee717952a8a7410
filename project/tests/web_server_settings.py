"""The settings of the web server that browser tests share: static files as in a deployment.

They are found once, and browsers keep them: each page has forty.
"""

from project.settings import *  # noqa: F403

WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600  # seconds; there their names change with what is in them
