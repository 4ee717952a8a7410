"""The audit log: who did what in a company, kept where nobody can change it.

Services write it with `record` in the transaction of what they do, so that neither stands without
the other. Each schema has its own: a company's holds what happened in it, that of `public` what
superusers did outside of companies. The database refuses to change or delete an event
(`ticketflower_append_only`, a trigger).
"""
