-- What the live suite needs of PostgREST, and Supabase switches off by default: plans, and writes that are undone. One statement,
-- as the command line runs one at a time.
do $$
begin
  alter role authenticator set pgrst.db_plan_enabled = 'true';
  alter role authenticator set pgrst.db_tx_end = 'commit-allow-override';
  notify pgrst, 'reload config';
end
$$;
