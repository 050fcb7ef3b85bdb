-- A database per service: no query and no foreign key crosses from one to another.
CREATE DATABASE credit_push OWNER credit;
CREATE DATABASE notifier OWNER credit;
-- Who the public read process is: `blacklist migrate` grants it the projection and nothing else.
CREATE ROLE credit_public LOGIN PASSWORD 'credit_public' CONNECTION LIMIT 60;
ALTER ROLE credit_public SET statement_timeout = '60s';
