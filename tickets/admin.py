"""Registers the screens of tickets with the admin site: a line for each file of pages."""

from tickets.arriving.pages import ways_card, ways_in_page
from tickets.canned_replies.pages import canned_reply
from tickets.company_data.pages import data_page, restore_page
from tickets.company_use.pages import company_use_page
from tickets.contacts.pages import contact
from tickets.conversation.pages import conversation_page, message_pages
from tickets.erasing.pages import erase_contact_page, erase_page
from tickets.file_versions.pages import compare_page, file_page, upload_page
from tickets.files.pages import files, inline_page
from tickets.following.pages import my_ticket
from tickets.health import recording
from tickets.keeping.pages import keep_page
from tickets.linking.pages import link_pages
from tickets.moving.pages import move_page
from tickets.numbering.pages import prefix_page
from tickets.overseeing import tickets_of_definitions
from tickets.overseeing.pages import bulk_change_page, task_instance, ticket
from tickets.prioritizing.pages import priority_page
from tickets.rating.pages import rate_pages, ratings_page
from tickets.repairing.pages import bulk_retry, handle_error_pages, repair_page, ticket_error
from tickets.replaying.pages import replay_page
from tickets.reporting.pages import flow_page, report_page
from tickets.saved_views.pages import view_pages
from tickets.saving.pages import discard_pages
from tickets.starting.pages import starts_card, starts_pages
from tickets.submitting.pages import begun_from, choose_page, for_others, ticket_form
from tickets.webhooks.pages import change_pages, delivery_list, webhook_list
from tickets.withdrawing.pages import withdraw_page
from tickets.working.pages import (
    absence_pages,
    assistant_note,
    complete_many_page,
    hand_over_page,
    my_task,
    pool_pages,
    standing_in_page,
    work_page,
)
