"""The names of the jobs that drive tickets.

Jobs wait in the queue for weeks under these names: where a job's function stands may change,
its name may not.
"""

ADVANCE = "tickets.jobs.advance"
FIRE_TIMER = "tickets.jobs.fire_timer"
RUN_ACTION = "tickets.jobs.run_action"
EXPIRE_CALL = "tickets.jobs.expire_call"
RETRY_MANY = "tickets.jobs.retry_many"
MEASURE_USE = "tickets.jobs.measure_use"
CLEAN_UP_UPLOADS = "tickets.jobs.clean_up_uploads"
CLEAN_UP_EVERYWHERE = "tickets.jobs.clean_up_everywhere"
ERASE_PERSON = "tickets.jobs.erase_person"
EXPORT_COMPANY = "tickets.jobs.export_company"
DELETE_COMPANY = "tickets.jobs.delete_company"
DELETE_DUE_COMPANIES = "tickets.jobs.delete_due_companies"
DELETE_OLD_EVERYWHERE = "tickets.jobs.delete_old_everywhere"
DELETE_OLD_TICKETS = "tickets.jobs.delete_old_tickets"
TELL_OF_TASKS_EVERYWHERE = "tickets.jobs.tell_of_tasks_everywhere"
TELL_OF_TASKS = "tickets.jobs.tell_of_tasks"
FORGET_NOTICES_EVERYWHERE = "tickets.jobs.forget_notices_everywhere"
FORGET_NOTICES = "tickets.jobs.forget_notices"
RESTORE_COMPANY = "tickets.jobs.restore_company"
FORGET_EXPORT = "tickets.jobs.forget_export"
