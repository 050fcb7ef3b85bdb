-- A database per service: no query and no foreign key crosses from one to another.
CREATE DATABASE credit_push OWNER credit;
CREATE DATABASE notifier OWNER credit;
