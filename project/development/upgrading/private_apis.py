"""Every private or undocumented piece of a library that we use, with what we rely on.

A new version may change any of them without a word. `tests/test_private_apis.py` beside it finds
uses that are not listed here, compares the signatures, and has a test of behaviour for each that
has none. Where such a test fails: read the library's source at the path, and what we do with it
(`used_for`), then mend our code, and only then add the new signature here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PrivateApi:
    """Something of a library that may go.

    `path` leads there: an importable module, then attributes; the attributes of objects, which
    no class has, are named all the same. `signatures` are those that we have read, without types:
    one for each version that differs. Without one, a test of behaviour says what we rely on.
    """

    path: str
    used_for: str
    signatures: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]


def _of(module: str, used_for: str, apis: Mapping[str, str | tuple[str, ...]]) -> list[PrivateApi]:
    """Several of one module, as {name: signature or signatures, "" where there is none}."""
    return [
        PrivateApi(
            f"{module}.{name}",
            used_for,
            tuple(filter(None, (known,) if isinstance(known, str) else known)),
        )
        for name, known in apis.items()
    ]


PRIVATE_APIS: tuple[PrivateApi, ...] = (
    # What a vote asks is read in the language of whoever reads it: workflows/models/questions.py.
    PrivateApi(
        "django.db.models.query_utils.DeferredAttribute",
        "A subclass of it is what the column is on the model; the object keeps what is stored.",
        ("(field)",),
    ),
    # Fast paths to the database: objects of rows, and statements past Django's cursor.
    *_of(
        "django.db.models.query",
        "PreparedQuery makes the objects that select_related names.",
        {
            "get_related_populators": (
                "(klass_info, select, db)",
                "(klass_info, select, db, fetch_mode)",
            ),
            "RelatedPopulator.populate": "(self, row, from_obj)",
        },
    ),
    *_of(
        "django.db.models.sql.compiler.SQLCompiler",
        "PreparedQuery makes its statement and reads its rows with it.",
        {
            "as_sql": "(self, with_limits=True, with_col_aliases=False)",
            "get_converters": "(self, expressions)",
            "apply_converters": "(self, rows, converters)",
            "klass_info": "",
            "annotation_col_map": "",
            "select": "",
        },
    ),
    *_of(
        "django.db.models.sql.query.Query",
        "PreparedQuery asks it for the compiler, and whether rows are locked.",
        {
            "get_compiler": "(self, using=None, connection=None, elide_empty=True)",
            "select_for_update": "",
        },
    ),
    *_of(
        "django.db.models.base",
        "read_row, new_row and Batch make objects without Model.__init__.",
        {
            "ModelState": "()",
        },
    ),
    PrivateApi(
        "django.db.models.base.Model._state",
        "read_row, new_row and Batch say whether an object stands in the database, and what it "
        "points to; the import of people asks it.",
    ),
    *_of(
        "django.db.models.fields.Field",
        "new_row and Batch ask fields for their defaults and for what is sent.",
        {
            "get_default": "(self)",
            "has_default": "(self)",
            "get_db_prep_save": "(self, value, connection)",
        },
    ),
    *_of(
        "django.db.backends.base.base.BaseDatabaseWrapper",
        "`send` does what Django's cursor does around a statement; a prepared query is made on a "
        "connection that refuses to connect.",
        {
            "wrap_database_errors": "",
            "close_if_health_check_failed": "(self)",
            "validate_thread_sharing": "(self)",
            "validate_no_broken_transaction": "(self)",
            "queries_logged": "",
            "execute_wrappers": "",
            "_prepare_cursor": "(self, cursor)",
            "connect": "(self)",
            "get_autocommit": "(self)",
        },
    ),
    PrivateApi(
        "django.db.backends.base.base.BaseDatabaseWrapper.prepared_cursors",
        "An attribute of our own: `send` keeps its cursors on the connection.",
    ),
    *_of(
        "django.db.backends.base.base.BaseDatabaseWrapper",
        "`send_together` commits together with the last statement of an outermost transaction.",
        {
            "atomic_blocks": "",
            "savepoint_ids": "",
            "commit_on_exit": "",
            "needs_rollback": "",
        },
    ),
    *_of(
        "django.db.backends.postgresql.operations.DatabaseOperations",
        "Batch makes what is sent for JSON, and quotes names.",
        {
            "adapt_json_value": "(self, value, encoder)",
            "quote_name": "(self, name)",
        },
    ),
    PrivateApi(
        "django.db.backends.base.base.BaseDatabaseWrapper.chunked_cursor",
        "An export reads tables row by row: the cursor behind QuerySet.iterator, for SQL.",
        ("(self)",),
    ),
    PrivateApi(
        "django.db.backends.base.base.BaseDatabaseWrapper.check_constraints",
        "Provisioning checks rows that a data migration has made, before it changes their table; "
        "restoring, what an archive holds.",
        ("(self, table_names=None)",),
    ),
    PrivateApi(
        "django_tenants.postgresql_backend.base.DatabaseWrapper._handle_search_path",
        "`send` selects the company's schema, as every cursor does.",
        ("(self, cursor=None)",),
    ),
    PrivateApi(
        "django_tenants.postgresql_backend.base", "Our database engine is a subclass of this one."
    ),
    PrivateApi(
        "django_tenants.postgresql_backend.base.DatabaseWrapper._get_cursor_search_paths",
        "Ours adds a schema where a superuser has entered a company (tenants/database).",
        ("(self)",),
    ),
    PrivateApi(
        "django_tenants.postgresql_backend.base.DatabaseWrapper.search_path_set_schemas",
        "forget_search_path makes the next cursor select the schema anew.",
    ),
    PrivateApi(
        "psycopg._queries.PostgresQuery",
        "`send` shows Django the statement for its log.",
        ("(transformer)",),
    ),
    *_of(
        "psycopg._queries",
        "`send` finds the places of the values in a long statement once.",
        {
            "_query2pg_nocache": "(query, encoding)",
            "PostgresQuery.convert": "(self, query, vars)",
            "PostgresQuery.dump": "(self, vars)",
            "PostgresQuery._want_formats": "",
            "PostgresQuery._order": "",
            "PostgresQuery._parts": "",
        },
    ),
    PrivateApi("psycopg._cursor_base.BaseCursor._query_cls", "As above: a class of ours."),
    PrivateApi("psycopg._cursor_base.BaseCursor._query", "As above: Django's log reads it."),
    PrivateApi("psycopg._cursor_base.BaseCursor._tx", "As above: it is made from this."),
    PrivateApi("psycopg.Cursor._check_results", "bench/ counts statements.", ("(self, results)",)),
    PrivateApi("psycopg.Connection._commit_gen", "bench/ notes commits.", ("(self)",)),
    PrivateApi("psycopg.Transaction._commit_gen", "bench/ notes commits.", ("(self)",)),
    # Making a company's schema.
    *_of(
        "django.db.migrations",
        "Provisioning collects the SQL of all migrations; readiness compares them.",
        {
            "executor.MigrationExecutor": "(connection, progress_callback=None)",
            "executor.MigrationExecutor.migration_plan": "(self, targets, clean_start=False)",
            "loader.MigrationLoader": "(connection, load=True, ignore_no_migrations=False, "
            "replace_migrations=True)",
            "loader.MigrationLoader.project_state": "(self, nodes=None, at_end=True)",
            "loader.MigrationLoader.applied_migrations": "",
            "graph.MigrationGraph.leaf_nodes": "(self, app=None)",
            "migration.Migration.apply": "(self, project_state, schema_editor, collect_sql=False)",
            "recorder.MigrationRecorder": "(connection)",
            "state.ProjectState.clone": "(self)",
            "state.ProjectState": "(models=None, real_apps=None)",
        },
    ),
    PrivateApi(
        "django.db.backends.base.schema.BaseDatabaseSchemaEditor.__init__",
        "Provisioning collects the SQL of migrations with one.",
        ("(self, connection, collect_sql=False, atomic=True)",),
    ),
    PrivateApi(
        "django.db.backends.base.schema.BaseDatabaseSchemaEditor.collected_sql", "As above."
    ),
    # A company's foreign keys to people point to its own table of them.
    *_of(
        "django.db.backends",
        "Ours is a subclass, and writes where such a foreign key points: tenants/database.",
        {
            "base.base.BaseDatabaseWrapper.SchemaEditorClass": "",
            "ddl_references.Statement": "(template, **parts)",
            "ddl_references.Table": "(table, quote_name)",
            "postgresql.schema.DatabaseSchemaEditor": (
                "(connection, collect_sql=False, atomic=True)"
            ),
            "postgresql.schema.DatabaseSchemaEditor._create_fk_sql": "(self, model, field, suffix)",
            "postgresql.schema.DatabaseSchemaEditor.sql_create_column_inline_fk": "",
            "postgresql.schema.DatabaseSchemaEditor.sql_create_fk": "",
            "postgresql.schema.DatabaseSchemaEditor.deferred_sql": "",
            "postgresql.schema.DatabaseSchemaEditor.table_sql": "(self, model)",
        },
    ),
    # Bringing companies up to date.
    *_of(
        "django.db.migrations",
        "tenants/migrating runs in each company what is not SQL.",
        {
            "executor.MigrationExecutor.apply_migration": "(self, state, migration, fake=False, "
            "fake_initial=False)",
            "executor.MigrationExecutor.check_replacements": "(self)",
            "executor.MigrationExecutor.loader": "",
            "executor.MigrationExecutor.migrate": "(self, targets, plan=None, state=None, "
            "fake=False, fake_initial=False)",
            "executor.MigrationExecutor.record_migration": "(self, migration)",
            "executor.MigrationExecutor.recorder": "",
            "loader.MigrationLoader.load_disk": "(self)",
            "loader.MigrationLoader.disk_migrations": "",
            "loader.MigrationLoader.replacements": "",
            "migration.Migration.mutate_state": "(self, project_state, preserve=True)",
            "recorder.MigrationRecorder.applied_migrations": "(self)",
            "recorder.MigrationRecorder.ensure_schema": "(self)",
        },
    ),
    *_of(
        "django.db.backends.base.base.BaseDatabaseWrapper",
        "One run at a time: the lock belongs to a connection of its own; a lost one ends the run; "
        "tests copy their database.",
        {
            "copy": "(self, alias=None)",
            "is_usable": "(self)",
            "execute_wrapper": "(self, wrapper)",
            "_nodb_cursor": "(self)",
        },
    ),
    PrivateApi(
        "django.core.management.sql.emit_post_migrate_signal",
        "Permissions and system roles are put right where no migration is to be applied.",
        ("(verbosity, interactive, db, **kwargs)",),
    ),
    PrivateApi(
        "django_tenants.management.commands.migrate_schemas.MigrateSchemasCommand",
        "Our migrate_schemas hands to it what it does not do itself.",
        ("(stdout=None, stderr=None, no_color=False, force_color=False)",),
    ),
    PrivateApi(
        "django_tenants.migration_executors.get_executor",
        "`public` is migrated by Django itself.",
        ("(codename=None)",),
    ),
    PrivateApi(
        "django_migration_linter.migration_linter.MigrationLinter",
        "lint_migrations looks at each of our migrations; it counts in `nb_erroneous`.",
    ),
    # Sessions and people.
    PrivateApi(
        "django.contrib.sessions.backends.base.SessionBase._session_key",
        "Our SessionStore says that a session is no more.",
    ),
    PrivateApi(
        "django.contrib.sessions.backends.base.SessionBase._get_session",
        "Our SessionStore begins one with what it holds already.",
        ("(self, no_load=False)",),
    ),
    PrivateApi(
        "django.http.multipartparser.MultiPartParserError",
        "A broken upload is answered by the API with 400, as Django itself answers it.",
    ),
    PrivateApi(
        "django.http.request.split_domain_port",
        "For which domain passkeys are made at the address of a request.",
        ("(host)",),
    ),
    PrivateApi(
        "django.contrib.sessions.backends.base.UpdateError", "run_once: the session has ended."
    ),
    PrivateApi(
        "django.contrib.auth.backends.ModelBackend._perm_cache",
        "EmailBackend.get_user brings the permissions with the person.",
    ),
    *_of(
        "django.contrib.auth",
        "bench/ logs people in without their password.",
        {
            "BACKEND_SESSION_KEY": "",
            "HASH_SESSION_KEY": "",
            "SESSION_KEY": "",
        },
    ),
    PrivateApi(
        "django.contrib.auth.forms.SetPasswordMixin", "The page of a new person asks the password."
    ),
    *_of(
        "django.contrib.auth.forms.SetPasswordMixin",
        "As above.",
        {
            "create_password_fields": "(label1='Password', label2='Password confirmation')",
            "validate_passwords": "(self, password1_field_name='password1', "
            "password2_field_name='password2')",
            "validate_password_for_user": "(self, user, password_field_name='password2')",
        },
    ),
    PrivateApi("django.db.models.manager.BaseManager._db", "UserManager saves where it reads."),
    # Pages of the admin.
    PrivateApi(
        "django.forms.models.BaseModelForm._post_clean",
        "The page of a new person: a password may not be like the names, which are known then.",
        ("(self)",),
    ),
    PrivateApi("django.forms.forms.BaseForm._errors", "AnswersForm adds problems of its own."),
    PrivateApi(
        "django.contrib.admin.options.ModelAdmin._get_obj_does_not_exist_redirect",
        "What is not there is 404, instead of a way to the dashboard.",
        ("(self, request, opts, object_id)",),
    ),
    *_of(
        "django.contrib.admin",
        "Addresses that people typed, and forms that they bent, are answered and not an error.",
        {
            "exceptions.DisallowedModelAdminLookup": "",
            "exceptions.DisallowedModelAdminToField": "",
            "options.IncorrectLookupParameters": "",
        },
    ),
    *_of(
        "django.contrib.admin",
        "Breadcrumbs; radio buttons; addresses of rows.",
        {
            "exceptions.NotRegistered": "",
            "options.HORIZONTAL": "",
            "options.VERTICAL": "",
            "utils.quote": "(s)",
            "utils.unquote": "(s)",
        },
    ),
    PrivateApi("django.contrib.admin.views.main.ChangeList", "How many rows a list has."),
    PrivateApi("unfold.views.ChangeList", "Lists in two tabs.", ("(request, *args, **kwargs)",)),
    *_of(
        "django.contrib.admin.views.main.ChangeList",
        "Lists in two tabs.",
        {
            "get_filters_params": "(self, params=None)",
            "get_queryset": "(self, request, exclude_parameters=None)",
            "root_queryset": "",
            "result_count": "",
        },
    ),
    *_of(
        "django.utils.functional",
        "Fragments of pages that are kept compare texts, also lazy ones; lists that nobody shows.",
        {"Promise": "", "SimpleLazyObject": ""},
    ),
    PrivateApi(
        "django.contrib.admin.views.main.ChangeList.url_for_result",
        "Lists look up the address of their rows once.",
        ("(self, result)",),
    ),
    PrivateApi(
        "unfold.sites.UnfoldAdminSite.get_sidebar_list",
        "The sidebar is handed over as it is.",
        ("(self, request)",),
    ),
    PrivateApi(
        "unfold.admin.ModelAdmin.action_checkbox",
        "The box in front of a row is rendered once.",
        ("(self, obj)",),
    ),
    PrivateApi("unfold.admin.checkbox", "The box in front of a row is rendered once."),
    PrivateApi(
        "django.template.engine.Engine.find_template",
        "unfold_for_everybody finds the original that our template shadows.",
        ("(self, name, dirs=None, skip=None)",),
    ),
    # What Django logs, and writes to people.
    PrivateApi(
        "django.http.response.HttpResponseBase._has_been_logged",
        "A callback's address, which is secret, does not get into the log.",
    ),
    PrivateApi(
        "django.core.handlers.wsgi.WSGIHandler", "bench/ measures one.", ("(*args, **kwargs)",)
    ),
    *_of(
        "django.utils",
        "Dates, numbers, names and file names as people read them.",
        {
            "dates.MONTHS": "",
            "dates.WEEKDAYS": "",
            "formats.get_format": "(format_type, lang=None, use_l10n=None)",
            "formats.date_format": "(value, format=None, use_l10n=None)",
            "formats.number_format": "(value, decimal_pos=None, use_l10n=None, "
            "force_grouping=False)",
            "formats.time_format": "(value, format=None, use_l10n=None)",
            "http.url_has_allowed_host_and_scheme": "(url, allowed_hosts, require_https=False)",
            "http.content_disposition_header": "(as_attachment, filename)",
            "text.Truncator": "",
            "text.Truncator.chars": "(self, num, truncate=None, html=False)",
            "text.capfirst": "(x)",
            "timesince.timesince": "(d, now=None, reversed=False, time_strings=None, depth=2)",
        },
    ),
    PrivateApi("django.template.defaultfilters.filesizeformat", "As above.", ("(bytes_)",)),
    PrivateApi("json.decoder.scanstring", "Where in a JSON text a value stands."),
    # Data and jobs.
    PrivateApi(
        "django.utils.crypto.salted_hmac",
        "Addresses that mails are answered to are signed with it.",
        (
            "(key_salt, value, secret=None, *, algorithm='sha1')",
            "(key_salt, value, secret=None, *, algorithm=None)",
        ),
    ),
    PrivateApi("django.db.models.fields.json.KeyTextTransform", "Finds jobs by what they name."),
    PrivateApi("django.db.models.fields.json.KeyTransform", "Reads a list in the rule of a task."),
    PrivateApi("django.db.close_old_connections", "As a request does, for jobs.", ("(**kwargs)",)),
    *_of(
        "procrastinate",
        "Jobs are deferred in Django's transaction, also inside a worker.",
        {
            "contrib.django.django_connector.DjangoConnector": "(alias='default')",
            "contrib.django.django_connector.DjangoConnector.get_worker_connector": "(self)",
            "manager.JobManager": "(connector)",
            "manager.JobManager.batch_defer_jobs": "(self, jobs, connection=None)",
            "manager.JobManager.cancel_job_by_id": "(self, job_id, abort=False, delete_job=False, "
            "connection=None)",
            "manager.JobManager.retry_job_by_id": "(self, job_id, retry_at, priority=None, "
            "queue=None, lock=None)",
            "tasks.configure_task": "(*, name, job_manager, **options)",
            "jobs.JobDeferrer.defer": "(self, **task_kwargs)",
        },
    ),
    PrivateApi(
        "dotenv.parser.parse_stream", "Names the line of .env that makes no sense.", ("(stream)",)
    ),
    *_of(
        "allauth",
        "Codes of apps and recovery codes; its own log-in would be a second one beside ours.",
        {
            "account.models.EmailAddress": "(*args, **kwargs)",
            "mfa.models.Authenticator": "(*args, **kwargs)",
            "mfa.totp.internal.auth.TOTP": "(instance)",
            "mfa.totp.internal.auth.TOTP.activate": "(cls, user, secret)",
            "mfa.totp.internal.auth.generate_totp_secret": "(length=20)",
            "mfa.totp.internal.auth.validate_totp_code": "(secret, code)",
            "mfa.recovery_codes.internal.auth.RecoveryCodes": "(instance)",
            "mfa.recovery_codes.internal.auth.RecoveryCodes.activate": "(cls, user)",
            "mfa.recovery_codes.internal.auth.RecoveryCodes.validate_code": "(self, code)",
            "mfa.recovery_codes.internal.auth.RecoveryCodes.get_unused_codes": "(self)",
        },
    ),
    # Tests.
    PrivateApi(
        "django.db.backends.base.creation.BaseDatabaseCreation.create_test_db",
        "The runner makes the test companies before databases are cloned.",
        (
            "(self, verbosity=1, autoclobber=False, serialize=True, keepdb=False)",
            "(self, verbosity=1, autoclobber=False, serialize=None, keepdb=False)",
        ),
    ),
    PrivateApi(
        "django.test.testcases.TransactionTestCase._fixture_teardown",
        "Empties the companies instead of `public`.",
        ("(self)",),
    ),
    PrivateApi(
        "django.test.testcases.TestData",
        "What `set_up_once` keeps is copied for each test, as what `setUpTestData` sets.",
        ("(name, data)",),
    ),
    PrivateApi(
        "django.test.testcases.TestCase._rollback_atomics",
        "Where `set_up_once` fails, as where `setUpTestData` does.",
        ("(cls, atomics)",),
    ),
    PrivateApi(
        "django.template.base.Template._render",
        "A test that reads the contexts of many pages renders none of them.",
        ("(self, context)",),
    ),
    PrivateApi(
        "django.test.runner.ParallelTestSuite",
        "Long classes of tests begin first, and each process is prepared.",
        ("(subsuites, processes, failfast=False, debug_mode=False, buffer=False)",),
    ),
    PrivateApi(
        "django.test.runner.RemoteTestResult",
        "A process of a parallel run hands over what failed, whatever it holds.",
        ("(*args, **kwargs)",),
    ),
    PrivateApi(
        "django.test.runner.RemoteTestRunner",
        "As above.",
        ("(failfast=False, resultclass=None, buffer=False)",),
    ),
    PrivateApi(
        "django.utils.translation.template.templatize",
        "Finds the texts of templates as `makemessages` does: project/translating/extraction.py.",
        ("(src, origin=None)",),
    ),
    PrivateApi("unittest.case.TestCase._testMethodName", "As above: the same test once more."),
    PrivateApi("unittest.case._SubTest._message", "As above: the same part of it once more."),
    PrivateApi(
        "unittest.loader._FailedTest._exception",
        "The runner skips tests whose import failed for want of a package.",
    ),
)
