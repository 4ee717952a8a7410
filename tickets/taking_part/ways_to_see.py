"""Ways to see a ticket that notices do not know by themselves: see `WAYS_TO_SEE`."""

from __future__ import annotations

from tickets.notices.tell import WAYS_TO_SEE
from workflows.running.events.of_people.assigned import ASSIGNED

FOLLOWS = """EXISTS (
    SELECT FROM tickets_follower f WHERE f.ticket_id = %(ticket)s AND f.person_id = u.id)"""
HAD_A_TASK = f"""EXISTS (
    SELECT FROM tickets_ticket t
      JOIN workflows_workflowevent e ON e.workflow_instance_id = t.workflow_instance_id
     WHERE t.id = %(ticket)s AND e.kind = '{ASSIGNED}' AND e.data ->> 'to_id' = u.id::text)"""  # nosec B608

WAYS_TO_SEE.extend((FOLLOWS, HAD_A_TASK))
