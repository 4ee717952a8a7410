"""What fills the table `people_here` of each company: see tenants/database/schema.py.

The functions are outside every company for as long as they run, whoever calls them: a superuser who
is added inside a company is one in all of them.
"""

from __future__ import annotations

from django.db import migrations

# The foreign key is checked at once: what waits for the end of a transaction would forbid changing
# the table until then. Whoever is added meanwhile waits for the lock that it takes, and finds the
# table afterwards; so nobody is missed.
TIE = """
CREATE FUNCTION public.ticketflower_tie_people_here(p_schema text) RETURNS void
LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_constraint
         WHERE conrelid = to_regclass(format('%I.people_here', p_schema)) AND contype = 'f'
    ) THEN
        EXECUTE format('ALTER TABLE %I.people_here ADD CONSTRAINT people_here_id_fk'
                       ' FOREIGN KEY (id) REFERENCES public.tenants_user (id) ON DELETE CASCADE',
                       p_schema);
    END IF;
    EXECUTE format('INSERT INTO %1$I.people_here (id)'
                   ' SELECT id FROM public.tenants_user WHERE company_id IS NULL UNION ALL'
                   ' SELECT id FROM public.tenants_user WHERE company_id ='
                   ' (SELECT id FROM public.tenants_company WHERE schema_name = %1$L)'
                   ' ON CONFLICT DO NOTHING',
                   p_schema);
END $$;
"""
MAKE = """
CREATE FUNCTION public.ticketflower_make_people_here(p_schema text) RETURNS void
LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    IF to_regclass(format('%I.people_here', p_schema)) IS NULL THEN
        EXECUTE format('CREATE TABLE %I.people_here (id bigint PRIMARY KEY)', p_schema);
        PERFORM public.ticketflower_tie_people_here(p_schema);
    END IF;
END $$;
"""
# Somebody of a company is noted there, a superuser in every company. Who leaves a company stays in
# its table: the history names them. A company whose schema is behind, or being dropped, has none.
NOTE = """
CREATE FUNCTION public.ticketflower_note_person() RETURNS trigger
LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT schema_name FROM public.tenants_company
         WHERE (NEW.company_id IS NULL OR id = NEW.company_id)
           AND to_regclass(format('%I.people_here', schema_name)) IS NOT NULL
         ORDER BY id
    LOOP
        BEGIN
            EXECUTE format('INSERT INTO %I.people_here (id) VALUES ($1) ON CONFLICT DO NOTHING',
                           name) USING NEW.id;
        EXCEPTION WHEN undefined_table THEN
            NULL;
        END;
    END LOOP;
    RETURN NULL;
END $$;

CREATE TRIGGER ticketflower_person_added AFTER INSERT ON public.tenants_user
    FOR EACH ROW EXECUTE FUNCTION public.ticketflower_note_person();
CREATE TRIGGER ticketflower_person_moved AFTER UPDATE OF company_id ON public.tenants_user
    FOR EACH ROW WHEN (OLD.company_id IS DISTINCT FROM NEW.company_id)
    EXECUTE FUNCTION public.ticketflower_note_person();
"""
DROP = """
DROP TRIGGER ticketflower_person_moved ON public.tenants_user;
DROP TRIGGER ticketflower_person_added ON public.tenants_user;
DROP FUNCTION public.ticketflower_note_person();
DROP FUNCTION public.ticketflower_make_people_here(text);
DROP FUNCTION public.ticketflower_tie_people_here(text);
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0027_coming_in")]

    operations = [migrations.RunSQL(TIE + MAKE + NOTE, DROP)]
