-- What docker-compose.yml lets Postgres' image run once, when it makes the server: the role that owns
-- TicketFlower's database, and is no superuser (docs/security.md, “The wall in the database”).
\getenv name OWNER
\getenv password OWNER_PASSWORD
\getenv database OWNER_DATABASE
CREATE ROLE :"name" LOGIN CREATEDB PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"name";
