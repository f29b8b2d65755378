-- Who may do what in storage, beside the service role: signed-in users see buckets, and do as they like with objects in a
-- folder that is named as they are. The embedded stack's storage is no part of its database and has these rules built in.
do $$
begin
  if to_regclass('storage.objects') is null or to_regproc('storage.foldername') is null then
    return;
  end if;
  execute 'drop policy if exists "users see buckets" on storage.buckets';
  execute 'create policy "users see buckets" on storage.buckets for select to authenticated using (true)';
  execute 'drop policy if exists "users own their folder" on storage.objects';
  execute 'create policy "users own their folder" on storage.objects for all to authenticated
    using ((storage.foldername(name))[1] = (select auth.uid())::text)
    with check ((storage.foldername(name))[1] = (select auth.uid())::text)';
end
$$;
