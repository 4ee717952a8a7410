"""The settings of the web server that browser tests share: static files as in a deployment.

They are found once, and browsers keep them: each page has forty.
"""

from project.settings import *  # noqa: F403

WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600  # seconds; there their names change with what is in them
# All browser tests are a few people, and few minutes.
DEAR_REQUESTS_A_MINUTE = 100_000
COMPANY_MOST_DEAR_REQUESTS_A_MINUTE = 100_000
CHECKS_WHILE_TYPING_A_MINUTE = 100_000
COMPANY_MOST_CHECKS_WHILE_TYPING_A_MINUTE = 100_000
