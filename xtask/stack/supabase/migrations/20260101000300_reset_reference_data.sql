-- The sample rows, in one place: this function puts every table but those that belong to users back into its first state.
-- Live tests call it before they begin; this migration calls it once.
--
-- Identity columns are never given a value here, so that their sequences count on from the last row.

create function reset_reference_data() returns void
language plpgsql security definer
set search_path = ''
as $$
begin
  truncate
    public.planets, public.orchestral_sections, public.instruments, public.users, public.teams,
    public.users_teams, public.messages, public.characters, public.countries, public.issues,
    public.reservations, public.classes, public.texts, public.quotes, myschema.mytable,
    public.exact, public.vals, public.many, public."weird cols"
  restart identity;

  insert into public.planets (id, name) values
    (1, 'Mercury'),
    (2, 'Earth'),
    (3, 'Mars');

  insert into public.orchestral_sections (id, name) values
    (1, 'strings'),
    (2, 'woodwinds'),
    (3, 'percussion');

  -- No percussion instrument: a section without any tells an inner join from an outer one.
  insert into public.instruments (id, name, section_id, octave_range, book_id) values
    (1, 'violin', 1, 4, 1),
    (2, 'viola', 1, 3, null),
    (3, 'flute', 2, 4, 2),
    (4, 'guqin', 1, 2, null),
    (5, 'harp', 1, 7, null);

  -- The third user is referenced by nothing, so that an upsert by handle may change its id.
  insert into public.users (name, address, handle, display_name) values
    ('Michael', '{"city": "New York", "postcode": 90210, "street": "Fifth Avenue"}', 'michael', 'Michael S'),
    ('Jane', '{"city": "London", "postcode": 10115, "street": "Baker Street"}', 'jane', 'Jane D'),
    ('Saoirse', '{}', 'saoirse', null);

  insert into public.teams (id, name) values
    (1, 'Green'),
    (2, 'Blue');

  insert into public.users_teams (user_id, team_id) values
    (1, 1),
    (1, 2),
    (2, 2);

  insert into public.messages (content, sender_id, receiver_id) values
    ('Hello', 1, 2),
    ('Hello back', 2, 1);

  -- The reference's own example inserts 1 and 2.
  insert into public.characters (id, name) values
    (101, 'Gandalf'),
    (102, 'Legolas'),
    (103, 'Gimli');

  insert into public.countries (name) values
    ('Albania'),
    ('Algeria'),
    ('Argentina'),
    ('Austria'),
    ('Brazil');

  insert into public.issues (title, tags) values
    ('Cache invalidation is not working', array['is:open', 'severity:high', 'priority:low']),
    ('Use better names', array['is:open', 'severity:low', 'priority:medium']),
    ('Off by one', array['is:closed', 'severity:low', 'priority:medium']);

  insert into public.reservations (room_name, during) values
    ('Emerald', '[2000-01-01 13:00, 2000-01-01 15:00)'),
    ('Topaz', '[2000-01-02 09:00, 2000-01-02 10:00)');

  insert into public.classes (name, days) values
    ('Chemistry', array['monday', 'friday']),
    ('History', array['monday', 'wednesday', 'thursday']);

  insert into public.texts (content) values
    ('Four score and seven years ago'),
    ('The road goes ever on and on'),
    ('Green eggs and ham'),
    ('The fat cat sat on the mat');

  insert into public.quotes (catchphrase) values
    ('The fat cat sat on the mat'),
    ('The cat is fat'),
    ('All the dogs are thin');

  insert into myschema.mytable (data) values
    ('first row'),
    ('second row');

  insert into public.exact (id, i2, i8, num, f8, b, t, d, ts, ia, ta, jb, r, bin, u) values
    (
      1, 32767, 9223372036854775807,
      123456789012345678901234567890.123456789012345678901234567890,
      1.7976931348623157e308, true, 'text', '9999-12-31', '2026-01-31 12:34:56.123456+00',
      '{1,null,2147483647}', array['a,b', 'c"d', 'e\f', '', null],
      '{"big": 9223372036854775807, "exact": 0.1000000000000000055511151231257827, "list": [1, null, "x"]}',
      '[1,10)', '\x00ff10', '00000000-0000-4000-8000-000000000001'
    ),
    (
      2, -32768, -9223372036854775808,
      -0.000000000000000000000000000001,
      -2.2250738585072014e-308, false, '', '0001-01-01', '1970-01-01 00:00:00-03:30',
      '{}', '{}', 'null', 'empty', '', 'ffffffff-ffff-4fff-bfff-ffffffffffff'
    ),
    (
      3, 0, 9007199254740993, 'NaN', 'NaN', null, E'line\nbreak\ttab', '2024-02-29', 'infinity',
      '{-1}', array['NULL', 'null'], '"text"', '(,5]', '\xdeadbeef', null
    ),
    (4, null, null, null, null, null, null, null, null, null, null, null, null, null, null);

  insert into public.many (id, label)
  select n, 'row ' || n from generate_series(1, 2500) as n;

  insert into public."weird cols" values
    (1, 'space', 'dot', 'comma', 'quote', 'paren', 'colon', 'percent', 'select', 'order', 'limit', 'upper'),
    (2, 'b', 'b', 'b', 'b', 'b', 'b', 'b', 'b', 'b', 'b', 'b');
end
$$;

-- Anybody may call a new function unless that is taken back.
revoke all on function reset_reference_data() from public, anon, authenticated;
grant execute on function reset_reference_data() to service_role;

select reset_reference_data();
