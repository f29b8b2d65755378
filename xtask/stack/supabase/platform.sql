-- What a Supabase project has before its first migration, as far as this stack needs it; @supabase/lite
-- fills the schema "auth" afterwards. Not a migration: a real project has all this already.

create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;

create schema auth;

create publication supabase_realtime;

grant usage on schema public, auth to anon, authenticated, service_role;
