"""The wall between companies, in the database.

Which company a connection works in is said by its search_path alone, which one statement sets; the
policies of the tables look at it (row security, forced for the owner of the tables, too):

* `public`, or Postgres' default: outside every company. Log-in, the worker's loop, commands, and
  superusers who have entered none see everything.
* A company's schema first: inside it. Of the tables that all share its own rows are there, and of
  its people superusers besides, to be read: they stand in its history. The tables of other
  companies' schemas are empty.
* With `ticketflower_superusers` behind it: a superuser has entered it. Their own row, sessions and
  second factor are there as well, and the companies that they may go to.
* Anything else, such as a schema that is not there: nothing. `ticketflower_inside`, an empty schema
  in every company's path, keeps plans that were made outside from being used there.

So nobody can be inside a company and have forgotten to say so. The functions that the policies call
stand in the migration 0018; `build` puts the wall around a new company's tables, and `check` says
where there is none: where the database's user is a superuser, whom row security does not concern.
"""
