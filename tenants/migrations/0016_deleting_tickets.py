"""What deletes tickets that are kept no longer, and what blanks a person: the functions of the
database that may change what is otherwise only ever added (`0010_append_only`).

They work in the company whose schema is searched first, and name none. Each says that it erases for
as long as it runs: a SET in its definition would do so, too, but only a superuser of the database
may write that of a parameter of ours.
"""

from __future__ import annotations

from django.db import migrations

# Returns how many rows of each kind went. A ticket that has not ended stays.
DELETE_TICKETS = """
CREATE FUNCTION ticketflower_delete_tickets(wanted bigint[]) RETURNS jsonb
    LANGUAGE plpgsql AS $$
DECLARE
    going bigint[]; instances bigint[]; tasks bigint[]; uploads bigint[]; saved bigint[];
    n bigint; counts jsonb := '{}';
BEGIN
    PERFORM set_config('ticketflower.erasing', 'on', true);
    SELECT array_agg(t.id), array_agg(i.id) INTO going, instances
      FROM tickets_ticket t JOIN workflows_workflowinstance i ON i.id = t.workflow_instance_id
     WHERE t.id = ANY(wanted) AND i.status IN ('COMPLETED', 'CANCELLED');
    SELECT array_agg(id) INTO tasks FROM workflows_taskinstance
     WHERE workflow_instance_id = ANY(instances);
    SELECT array_agg(id) INTO uploads FROM tickets_fileupload WHERE ticket_id = ANY(going);
    SELECT array_agg(id) INTO saved FROM tickets_savedanswers WHERE task_id = ANY(tasks);
    DELETE FROM tickets_savedanswers_files
     WHERE savedanswers_id = ANY(saved) OR fileupload_id = ANY(uploads);
    DELETE FROM tickets_savedanswers WHERE id = ANY(saved);
    GET DIAGNOSTICS n = ROW_COUNT; counts := counts || jsonb_build_object('saved_answers', n);
    DELETE FROM tickets_ticketerror WHERE ticket_id = ANY(going);
    GET DIAGNOSTICS n = ROW_COUNT; counts := counts || jsonb_build_object('errors', n);
    DELETE FROM tickets_fileupload WHERE id = ANY(uploads);
    GET DIAGNOSTICS n = ROW_COUNT; counts := counts || jsonb_build_object('files', n);
    DELETE FROM tickets_ticket WHERE id = ANY(going);
    GET DIAGNOSTICS n = ROW_COUNT; counts := counts || jsonb_build_object('tickets', n);
    DELETE FROM workflows_actionattempt WHERE task_id = ANY(tasks);
    GET DIAGNOSTICS n = ROW_COUNT; counts := counts || jsonb_build_object('attempts', n);
    DELETE FROM workflows_workflowevent WHERE workflow_instance_id = ANY(instances);
    GET DIAGNOSTICS n = ROW_COUNT; counts := counts || jsonb_build_object('events', n);
    DELETE FROM workflows_taskinstance WHERE id = ANY(tasks);
    GET DIAGNOSTICS n = ROW_COUNT; counts := counts || jsonb_build_object('tasks', n);
    DELETE FROM workflows_workflowinstance WHERE id = ANY(instances);
    PERFORM set_config('ticketflower.erasing', 'off', true);
    RETURN counts;
END
$$;
"""
# Blanks what events say of somebody: their data is replaced, and nothing else of them.
BLANK_EVENTS = """
CREATE FUNCTION ticketflower_blank_events(ids bigint[], blanked jsonb[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('ticketflower.erasing', 'on', true);
    UPDATE workflows_workflowevent e SET data = b.data
      FROM unnest(ids, blanked) AS b(id, data) WHERE e.id = b.id;
    PERFORM set_config('ticketflower.erasing', 'off', true);
END
$$;
"""
BLANK_AUDIT = """
CREATE FUNCTION ticketflower_blank_audit(
    ids bigint[], actors text[], subjects text[], blanked jsonb[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('ticketflower.erasing', 'on', true);
    UPDATE audit_auditevent e SET actor_name = b.actor, subject_name = b.subject, data = b.data
      FROM unnest(ids, actors, subjects, blanked) AS b(id, actor, subject, data)
     WHERE e.id = b.id;
    PERFORM set_config('ticketflower.erasing', 'off', true);
END
$$;
"""
# Of the audit log, what is older than a year may go where the installation says so.
FORGET_AUDIT = """
CREATE FUNCTION ticketflower_forget_audit(before timestamptz, most integer) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
    PERFORM set_config('ticketflower.erasing', 'on', true);
    DELETE FROM audit_auditevent WHERE id IN (
        SELECT id FROM audit_auditevent
         WHERE at < least(before, now() - interval '1 year') ORDER BY id LIMIT most);
    GET DIAGNOSTICS n = ROW_COUNT;
    PERFORM set_config('ticketflower.erasing', 'off', true);
    RETURN n;
END
$$;
"""
FUNCTIONS = DELETE_TICKETS + BLANK_EVENTS + BLANK_AUDIT + FORGET_AUDIT
DROP = """
DROP FUNCTION ticketflower_delete_tickets(bigint[]);
DROP FUNCTION ticketflower_blank_events(bigint[], jsonb[]);
DROP FUNCTION ticketflower_blank_audit(bigint[], text[], text[], jsonb[]);
DROP FUNCTION ticketflower_forget_audit(timestamptz, integer);
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0015_company_data")]

    operations = [migrations.RunSQL(FUNCTIONS, DROP)]
