"""The settings: one file; what differs between machines comes from the environment or .env.

`.env.example` documents every variable.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from project.admin_site.theme import UNFOLD as UNFOLD
from project.database.settings import database_settings, is_configured
from project.environment import BASE_DIR, data_dir, kept_secret, load_environment
from project.observing.error_reports import report_errors
from project.observing.logs import logging_settings
from project.storage.object_storage import file_storage
from project.subject_folders import subject_folders

load_environment()


def env_flag(name: str, *, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "0").strip().lower() in {"1", "true", "yes"}


def env_list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


DATA_DIR = data_dir()
# No server named: the embedded Postgres, which is for development only.
DEBUG = env_flag("DEBUG", default=not is_configured())
DEMO = env_flag("DEMO")
SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY") or (
    kept_secret(DATA_DIR / "secret_key") if DEBUG else ""
)
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "DJANGO_SECRET_KEY is not set: put a long random value into the environment or .env."
    )
# What encrypts secrets in the database: the first key encrypts, each of them decrypts.
# A system check (workflows.E003) says so where there is none.
FIELD_ENCRYPTION_KEYS = env_list("FIELD_ENCRYPTION_KEYS") or (
    [kept_secret(DATA_DIR / "encryption_key")] if DEBUG else []
)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

# --- apps: `public` holds the shared ones, every company's schema the others -------------
SHARED_APPS = [
    "project.apps.ProjectConfig",
    # Before tenants, whose admin.py takes their screens away. allauth.mfa needs the models of
    # allauth.account; none of its pages is used.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_tenants",
    "tenants",
    "tenants.audit",
    "tenants.mail",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "project.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",  # its fields: the words that searches find
    "django.forms",  # its templates, for FORM_RENDERER
    "django_jsonform",
    "import_export",
    "procrastinate.contrib.django",
]
# Logs and outboxes stand in every schema: what people of a company did, and what is written to
# them, is the company's own.
TENANT_APPS = ["project.apps.AdminConfig", "tenants.audit", "tenants.mail", "workflows", "tickets"]
INSTALLED_APPS = SHARED_APPS + [app for app in TENANT_APPS if app not in SHARED_APPS]

MIDDLEWARE = [
    "project.observing.requests.RequestLogMiddleware",
    "project.observing.health.HealthMiddleware",
    "tenants.middleware.PublicSchemaMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "project.middleware.ContentSecurityPolicyMiddleware",
    "tenants.middleware.LanguageMiddleware",
    "project.unavailable.being_upgraded.InstallationUpToDateMiddleware",
    "tenants.api.door.NoCookiesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.middleware.ActiveCompanyMiddleware",
    "tenants.middleware.PersonsLanguageMiddleware",
    "tenants.middleware.ActorMiddleware",
    "project.unavailable.being_upgraded.CompanyUpToDateMiddleware",
    "project.unavailable.to_be_deleted.CompanyToBeDeletedMiddleware",
    "project.middleware.BodyLimitMiddleware",
    "project.unavailable.trouble.TroubleMiddleware",
    "allauth.account.middleware.AccountMiddleware",  # it insists
    "project.middleware.BadRequestMiddleware",
    "tenants.middleware.ActivityMiddleware",
    "tenants.middleware.LimitsMiddleware",
    "tenants.middleware.DemandedSecondFactorMiddleware",
    "tenants.account.password_again.PasswordAgainMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "tenants.middleware.VisitMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Each subject's own. Those of project/ come first of the apps: it stands first there.
        "DIRS": subject_folders("templates"),
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "project.context.company",
            ],
            # Of subjects that are no apps.
            "libraries": {"layouts": "workflows.layouts.tags"},
        },
    },
]

# Forms find their templates where pages do: in the subjects' folders, too.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- database -----------------------------------------------------------------------------
DATABASES = {"default": database_settings()}
# Two test runs beside each other on one server need two names.
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("TEST_DB_NAME") or None}
# For how long (seconds) a page waits for a lock that somebody else holds, and a statement of it may
# take: then it is undone, and its person is asked to try again. The worker is more patient.
PAGE_LOCK_SECONDS = float(os.environ.get("PAGE_LOCK_SECONDS") or 3)
PAGE_STATEMENT_SECONDS = float(os.environ.get("PAGE_STATEMENT_SECONDS") or 15)
WORKER_LOCK_SECONDS = float(os.environ.get("WORKER_LOCK_SECONDS") or 20)
WORKER_STATEMENT_SECONDS = float(os.environ.get("WORKER_STATEMENT_SECONDS") or 120)
DATABASE_ROUTERS = [
    "tenants.database.routers.OneDatabaseRouter",
    "django_tenants.routers.TenantSyncRouter",
]
TENANT_MODEL = "tenants.Company"
# One SET search_path for a request, not one for every query.
TENANT_LIMIT_SET_CALLS = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "project.development.runner.CompanyTestRunner"

# --- people --------------------------------------------------------------------------------
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["tenants.backends.EmailBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "tenants.logging_in.passwords.LengthValidator"},
    {"NAME": "tenants.logging_in.passwords.CommonValidator"},
    {"NAME": "tenants.logging_in.passwords.NamesValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Whether superusers must have a second factor; a company decides for its people.
REQUIRE_SECOND_FACTOR = env_flag("REQUIRE_SECOND_FACTOR", default=not (DEBUG or DEMO))
# The domain that passkeys are made for, where ALLOWED_HOSTS names several hosts of it or has a
# wildcard: they work at all hosts of it. Empty: for the host by which the site is visited.
PASSKEY_DOMAIN = (os.environ.get("PASSKEY_DOMAIN") or "").strip().lower()
MFA_ADAPTER = "tenants.logging_in.second_factor.EncryptingAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # clocks of phones go wrong by half a minute
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# Whether companies may sign themselves up; superusers make them in any case.
SIGN_UP = env_flag("SIGN_UP", default=True)
# Whom the sign-up page names where it is closed.
SIGN_UP_CONTACT = os.environ.get("SIGN_UP_CONTACT") or ""
# Whom people tell that something on a page keeps them out: on the page about accessibility.
ACCESSIBILITY_CONTACT = os.environ.get("ACCESSIBILITY_CONTACT") or ""
# How many companies may sign themselves up in an hour, from everywhere together.
SIGN_UPS_PER_HOUR = int(os.environ.get("SIGN_UPS_PER_HOUR") or 60)
# How many schemas wait for companies that sign up: tenants/spare_schemas. 0: none.
SPARE_SCHEMAS = int(os.environ.get("SPARE_SCHEMAS") or 2)
# What a company may have, unless it has limits of its own: tenants/companies/company_limits.py.
COMPANY_MOST_PEOPLE = int(os.environ.get("COMPANY_MOST_PEOPLE") or 1_000)
COMPANY_MOST_STORED_MB = int(os.environ.get("COMPANY_MOST_STORED_MB") or 10_000)
COMPANY_MOST_WAITING_JOBS = int(os.environ.get("COMPANY_MOST_WAITING_JOBS") or 10_000)
COMPANY_MOST_CALLS_A_DAY = int(os.environ.get("COMPANY_MOST_CALLS_A_DAY") or 50_000)
COMPANY_MOST_MAILS_A_DAY = int(os.environ.get("COMPANY_MOST_MAILS_A_DAY") or 20_000)
COMPANY_MOST_WEBHOOKS_A_DAY = int(os.environ.get("COMPANY_MOST_WEBHOOKS_A_DAY") or 50_000)
# How many webhooks a company may have, and how many days their log is kept.
COMPANY_MOST_WEBHOOKS = int(os.environ.get("COMPANY_MOST_WEBHOOKS") or 20)
WEBHOOKS_KEEP_DAYS = int(os.environ.get("WEBHOOKS_KEEP_DAYS") or 30)
# How many people a company may invite in a day.
COMPANY_MOST_INVITATIONS_A_DAY = int(os.environ.get("COMPANY_MOST_INVITATIONS_A_DAY") or 1_000)
COMPANY_MOST_OUTSIDE_MAILS_A_DAY = int(os.environ.get("COMPANY_MOST_OUTSIDE_MAILS_A_DAY") or 1_000)
# How often a minute the tokens of one person or service account may ask for something.
TOKEN_REQUESTS_A_MINUTE = int(os.environ.get("TOKEN_REQUESTS_A_MINUTE") or 600)
# Of answers that are kept for who sends a request again: of one owner of tokens, and of a company.
TOKEN_KEPT_ANSWERS_A_DAY = int(os.environ.get("TOKEN_KEPT_ANSWERS_A_DAY") or 20_000)
COMPANY_MOST_KEPT_ANSWERS_A_DAY = int(os.environ.get("COMPANY_MOST_KEPT_ANSWERS_A_DAY") or 100_000)
# Of checks, trials, tests, replays and comparisons of workflows: of one person, and of a company.
DEAR_REQUESTS_A_MINUTE = int(os.environ.get("DEAR_REQUESTS_A_MINUTE") or 60)
COMPANY_MOST_DEAR_REQUESTS_A_MINUTE = int(
    os.environ.get("COMPANY_MOST_DEAR_REQUESTS_A_MINUTE") or 240
)
# The same, where a script of a page asks while somebody types.
CHECKS_WHILE_TYPING_A_MINUTE = int(os.environ.get("CHECKS_WHILE_TYPING_A_MINUTE") or 300)
COMPANY_MOST_CHECKS_WHILE_TYPING_A_MINUTE = int(
    os.environ.get("COMPANY_MOST_CHECKS_WHILE_TYPING_A_MINUTE") or 1_200
)
# How often a company may have a draft written by a language model in a day, changes included.
COMPANY_MOST_DESCRIPTIONS_A_DAY = int(os.environ.get("COMPANY_MOST_DESCRIPTIONS_A_DAY") or 50)
# How many tasks of a company are offered to assistants in a day; more go straight to people.
COMPANY_MOST_OFFERED_TASKS_A_DAY = int(os.environ.get("COMPANY_MOST_OFFERED_TASKS_A_DAY") or 1_000)
# How often a ticket may come to one task, and how many tasks it may have: a workflow that goes in
# circles stops there, with an error of the ticket.
TICKET_MOST_VISITS = int(os.environ.get("TICKET_MOST_VISITS") or 500)
TICKET_MOST_TASKS = int(os.environ.get("TICKET_MOST_TASKS") or 2_000)
# How many tickets may have started each other, one beneath the other, and how many tickets one may
# start: a ticket type that starts itself stops there, with an error of the ticket.
SUBTICKETS_DEEPEST = int(os.environ.get("SUBTICKETS_DEEPEST") or 5)
SUBTICKETS_MOST = int(os.environ.get("SUBTICKETS_MOST") or 200)
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
LOGOUT_REDIRECT_URL = reverse_lazy("landing")

# --- security ------------------------------------------------------------------------------
# HTTPS=1 where a proxy ends TLS in front of us and sets X-Forwarded-Proto.
HTTPS = env_flag("HTTPS")
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    # Browsers take a cookie of such a name only over https, from this host, for all of its pages:
    # no other host of the same domain can set it.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_ENGINE = "tenants.logging_in.sessions"
# After how long without doing anything a session ends, and how long after the log-in in any case.
SESSION_IDLE_SECONDS = 60 * int(os.environ.get("SESSION_IDLE_MINUTES") or 8 * 60)
SESSION_LONGEST_SECONDS = 3600 * int(os.environ.get("SESSION_LONGEST_HOURS") or 7 * 24)
# The cookie may stay until then; that it has ended stands in the database.
SESSION_COOKIE_AGE = SESSION_LONGEST_SECONDS
# How long after the password was typed it need not be typed again.
PASSWORD_AGAIN_SECONDS = 60 * int(os.environ.get("PASSWORD_AGAIN_MINUTES") or 10)
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# The largest form that the engine allows: 500 records of 50 fields; the largest bundle: 5 MB.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 30_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024

# --- cache, files --------------------------------------------------------------------------
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
    },
    # Who is refused for now; apart, so that a flood does not push out anything else.
    "rates": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "rates",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "project.admin_site.one_file.OneFileFinder",
]
STATICFILES_DIRS = [BASE_DIR / "project" / "static", *subject_folders("static")]
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT") or DATA_DIR / "media")
STORAGES = {
    "default": file_storage(),
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if not DEBUG
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
MAX_UPLOAD_BYTES = int(os.environ.get("MAX_UPLOAD_BYTES") or 20 * 1024 * 1024)
# All that is sent with one form: several files, and the answers.
MAX_FORM_BYTES = int(os.environ.get("MAX_FORM_BYTES") or 5 * MAX_UPLOAD_BYTES)

# --- a company's data as a whole -------------------------------------------------------------
# How many days lines of the audit log are kept: a year at least. 0: for ever.
AUDIT_KEEP_DAYS = int(os.environ.get("AUDIT_KEEP_DAYS") or 0)
# How many days notices are kept, read or not. 0: for ever.
NOTICES_KEEP_DAYS = int(os.environ.get("NOTICES_KEEP_DAYS") or 90)
# How many days a company that is to be deleted can be taken back.
COMPANY_DELETION_DAYS = int(os.environ.get("COMPANY_DELETION_DAYS") or 14)
# How many days an export can be fetched, and how large an archive may be that is restored.
COMPANY_EXPORT_DAYS = int(os.environ.get("COMPANY_EXPORT_DAYS") or 7)
RESTORE_UPLOAD_BYTES = int(os.environ.get("RESTORE_UPLOAD_BYTES") or 200 * 1024 * 1024)
RESTORE_MOST_BYTES = int(os.environ.get("RESTORE_MOST_BYTES") or 100_000_000_000)

# --- jobs ----------------------------------------------------------------------------------
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
# How long after a commit the safety net looks after a step that nobody finished (seconds).
SAFETY_NET_SECONDS = int(os.environ.get("SAFETY_NET_SECONDS") or 5)
# How often a worker says that it lives, and after how long a silence its jobs are given to
# another one (seconds).
WORKER_HEARTBEAT_SECONDS = int(os.environ.get("WORKER_HEARTBEAT_SECONDS") or 5)
WORKER_LOST_SECONDS = int(os.environ.get("WORKER_LOST_SECONDS") or 20)

# --- calls to other systems ----------------------------------------------------------------
# `outside.example:80=127.0.0.1:8000`: a call to the left goes to the right, as with curl's
# --connect-to. For demos, tests and targets inside one's own network.
ACTION_CONNECT_TO = env_list("ACTION_CONNECT_TO")
# Networks (10.1.0.0/16), addresses and host names that calls may reach although they are
# private. Calls go to public addresses otherwise: see workflows/actions/destinations.py.
ACTION_ALLOWED_NETWORKS = env_list("ACTION_ALLOWED_NETWORKS")
# Where other systems find this installation: answers that come later are sent there.
PUBLIC_URL = (os.environ.get("PUBLIC_URL") or ("http://127.0.0.1:8000" if DEBUG else "")).rstrip(
    "/"
)
# How many callbacks are taken in a minute, for one call and from one address.
CALLBACKS_PER_CALL = int(os.environ.get("CALLBACKS_PER_CALL") or 30)
# All limits stand in tenants/limits/table.py.
CALLBACKS_PER_ADDRESS = int(os.environ.get("CALLBACKS_PER_ADDRESS") or 600)
if DEMO:
    # The demo's invoices call this name; ACTION_CONNECT_TO leads it back to this server.
    ALLOWED_HOSTS.append("accounting.example")

# --- mail ----------------------------------------------------------------------------------
# The server (SMTP) that takes mails. Without one they are written to files in MAIL_FOLDER.
MAIL_HOST = os.environ.get("MAIL_HOST") or ""
# starttls, tls (from the first byte on) or none; certificates are checked.
MAIL_SECURITY = (os.environ.get("MAIL_SECURITY") or "starttls").strip().lower()
MAIL_PORT = int(os.environ.get("MAIL_PORT") or {"starttls": 587, "tls": 465}.get(MAIL_SECURITY, 25))
MAIL_USER = os.environ.get("MAIL_USER") or ""
MAIL_PASSWORD = os.environ.get("MAIL_PASSWORD") or ""
# Whom mails come from: tickets@example.com, or Tickets <tickets@example.com>.
MAIL_FROM = os.environ.get("MAIL_FROM") or ""
# How long the server is waited for, at each step of what is said.
MAIL_TIMEOUT_SECONDS = float(os.environ.get("MAIL_TIMEOUT_SECONDS") or 30)
MAIL_FOLDER = Path(os.environ.get("MAIL_FOLDER") or DATA_DIR / "mails")
# Replies by mail: the address that mails about tickets are answered to, each with a signed part
# after a +. Without it nobody is told that they may answer.
MAIL_IN_ADDRESS = (os.environ.get("MAIL_IN_ADDRESS") or "").strip()
# The mailbox in which they arrive (IMAP), ...
MAIL_IN_HOST = os.environ.get("MAIL_IN_HOST") or ""
MAIL_IN_SECURITY = (os.environ.get("MAIL_IN_SECURITY") or "tls").strip().lower()
MAIL_IN_PORT = int(os.environ.get("MAIL_IN_PORT") or {"tls": 993}.get(MAIL_IN_SECURITY, 143))
MAIL_IN_USER = os.environ.get("MAIL_IN_USER") or ""
MAIL_IN_PASSWORD = os.environ.get("MAIL_IN_PASSWORD") or ""
MAIL_IN_FOLDER = os.environ.get("MAIL_IN_FOLDER") or "INBOX"
# Where they are moved when they were read; without it they are marked as read.
MAIL_IN_DONE_FOLDER = os.environ.get("MAIL_IN_DONE_FOLDER") or ""
# ... or who sends them to /mail-in/ (Authorization: Bearer ...).
MAIL_IN_TOKEN = os.environ.get("MAIL_IN_TOKEN") or ""
if MAIL_IN_TOKEN and len(MAIL_IN_TOKEN) < 16:
    raise ImproperlyConfigured("MAIL_IN_TOKEN has at least 16 characters.")
# The name under which one's own mail server writes Authentication-Results.
MAIL_IN_AUTHSERV_ID = (os.environ.get("MAIL_IN_AUTHSERV_ID") or "").strip().lower()
# The largest mail, in bytes: files are a third larger in it.
MAIL_IN_MOST_BYTES = int(os.environ.get("MAIL_IN_MOST_BYTES") or 30 * 1024 * 1024)

# --- a language model that drafts workflows -------------------------------------------------
# A server that speaks the chat-completions form, as the address before /chat/completions. Without
# it nothing is sent anywhere, and the page says how to connect an assistant of one's own.
DESCRIBE_MODEL_URL = (os.environ.get("DESCRIBE_MODEL_URL") or "").strip().rstrip("/")
DESCRIBE_MODEL_NAME = (os.environ.get("DESCRIBE_MODEL_NAME") or "").strip()
DESCRIBE_MODEL_KEY = (os.environ.get("DESCRIBE_MODEL_KEY") or "").strip()
# For one answer, all of it.
DESCRIBE_MODEL_SECONDS = float(os.environ.get("DESCRIBE_MODEL_SECONDS") or 180)
if DESCRIBE_MODEL_URL and not DESCRIBE_MODEL_URL.startswith(("https://", "http://")):
    raise ImproperlyConfigured("DESCRIBE_MODEL_URL begins with https:// or http://.")
if DESCRIBE_MODEL_URL and not DESCRIBE_MODEL_NAME:
    raise ImproperlyConfigured("DESCRIBE_MODEL_URL needs DESCRIBE_MODEL_NAME: which model to ask.")

# --- language and time ---------------------------------------------------------------------
# Each by its own name, as whoever looks for it reads it. Their texts: project/translating/.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
# Before those of Django and the libraries, which have some of our texts in other words.
LOCALE_PATHS = [BASE_DIR / app / "locale" for app in ("tickets", "workflows", "tenants", "project")]
# Of mails to people who have chosen none, and of visitors whose browsers ask for none of these.
LANGUAGE_CODE = (os.environ.get("LANGUAGE_CODE") or "en").strip().lower()
if LANGUAGE_CODE not in dict(LANGUAGES):
    raise ImproperlyConfigured(f"LANGUAGE_CODE is one of {', '.join(dict(LANGUAGES))}.")
FORMAT_MODULE_PATH = "project.formats"
TIME_ZONE = os.environ.get("TIME_ZONE") or "UTC"
USE_TZ = True

# --- what whoever runs it sees -------------------------------------------------------------
LOG_FORMAT = os.environ.get("LOG_FORMAT") or "text"
if LOG_FORMAT not in ("text", "json"):
    raise ImproperlyConfigured("LOG_FORMAT is `text` or `json`.")
LOGGING = logging_settings(style=LOG_FORMAT, level=os.environ.get("LOG_LEVEL") or "INFO")
# Who knows this is told the figures at /metrics; without it nothing is counted.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN") or ""
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    raise ImproperlyConfigured("METRICS_TOKEN has at least 16 characters.")
# Where reports of errors go (requirements-sentry.txt).
if SENTRY_DSN := os.environ.get("SENTRY_DSN") or "":
    report_errors(SENTRY_DSN, environment=os.environ.get("SENTRY_ENVIRONMENT") or "")
