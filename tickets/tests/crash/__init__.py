"""Processes that are killed while they drive tickets, and what must hold afterwards.

`made_up_process` makes up a workflow, `moody_system` is the other system that its calls reach,
`child` and `child_web` are TicketFlower's own programs with a death at a commit (`dying`), in an
`Installation`. A `Storm` runs and kills them at random; `scenes` has every step of a ticket for one
of them, which a `Nursery` bears to die at each of its commits. `aftermath` says what is wrong when
it is over.
"""
