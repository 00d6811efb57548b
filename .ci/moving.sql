-- What the older service may have: a little that is as it should be, and what years leave behind.
CREATE EXTENSION pgcrypto;

CREATE TABLE users (
  id uuid PRIMARY KEY,
  email varchar(255) NOT NULL UNIQUE,
  hashed_password varchar(255) NOT NULL,
  is_verified boolean NOT NULL DEFAULT false,
  is_active boolean NOT NULL DEFAULT true,
  first_name varchar(255),
  last_name varchar(255),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE tenants (
  id uuid PRIMARY KEY,
  name varchar(255) NOT NULL,
  slug varchar(100) NOT NULL,
  description text,
  settings json,
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamp NOT NULL DEFAULT now(),
  updated_at timestamp
);
CREATE TABLE workspace_memberships (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  role varchar(50) NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE artifacts (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  name text NOT NULL,
  description text,
  tags text[],
  artifact_metadata jsonb,
  created_by uuid,
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- The n-th id of a kind.
CREATE FUNCTION id_of(kind int, n int) RETURNS uuid LANGUAGE sql AS $$
  SELECT (lpad(to_hex(kind), 8, '0') || '-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid
$$;
-- A hash of a password, with this prefix. (They differ in nothing else, for what is not ASCII apart.)
CREATE FUNCTION hash_of(password text, prefix text) RETURNS text LANGUAGE sql AS $$
  SELECT overlay(crypt(password, gen_salt('bf', 5)) PLACING prefix FROM 1 FOR 4)
$$;

INSERT INTO users (id, email, hashed_password, is_verified, is_active, first_name, last_name, created_at, updated_at) VALUES
  (id_of(1, 1), 'ann@example.com', hash_of('Anns-password-1', '$2b$'), true, true, 'Ann', 'Ångström', '2021-03-04 05:06:07.890123+00', '2022-01-01'),
  (id_of(1, 2), 'Bob.Upper@Example.COM', hash_of('Bobs-password-1', '$2a$'), true, true, E'Bob\tR.', '', '2021-04-01', '2021-04-01'),
  (id_of(1, 3), 'cyd@example.com', hash_of('Cyds-password-1', '$2y$'), false, true, NULL, repeat('x', 120), '2021-05-01', '2021-05-01'),
  (id_of(1, 4), 'long@example.com', hash_of(repeat('Long-1', 20), '$2b$'), true, true, NULL, NULL, '2021-06-01', '2021-06-01'),
  (id_of(1, 5), 'costly@example.com', '$2b$17$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u', true, true, NULL, NULL, '2021-07-01', '2021-07-01'),
  (id_of(1, 6), 'scrypt@example.com', '$scrypt$ln=16,r=8,p=1$abc$def', true, true, NULL, NULL, '2021-07-02', '2021-07-02'),
  (id_of(1, 7), 'ANN@example.com', hash_of('Other-password-1', '$2b$'), true, true, 'Another', 'Ann', '2022-03-04', '2022-03-04'),
  (id_of(1, 8), 'nowhere@localhost', hash_of('Nowheres-password-1', '$2b$'), true, true, NULL, NULL, '2021-08-01', '2021-08-01'),
  (id_of(1, 9), 'gone@example.com', hash_of('Gones-password-1', '$2b$'), true, false, NULL, NULL, '2021-09-01', '2021-09-01');

INSERT INTO tenants (id, name, slug, description, settings, is_active, created_at, updated_at) VALUES
  (id_of(2, 1), 'Acme Corp', 'acme', 'Anvils', '{"theme": {"dark": true}, "limit": 7}', true, '2021-03-05 01:02:03', '2021-03-06'),
  (id_of(2, 2), E'Two\nlines', 'Bad_Slug', repeat('d', 1200), '[1, 2]', true, '2021-03-06', NULL),
  (id_of(2, 3), '  ', 'acme', NULL, NULL, false, '2021-03-07', NULL),
  (id_of(2, 4), 'Nobody owns this', 'orphaned', NULL, '{}', true, '2021-03-08', NULL);

INSERT INTO workspace_memberships (user_id, tenant_id, role, is_active, created_at) VALUES
  (id_of(1, 1), id_of(2, 1), 'owner', true, '2021-03-05'),
  (id_of(1, 2), id_of(2, 1), 'ADMIN', true, '2021-03-06'),
  (id_of(1, 3), id_of(2, 1), 'viewer', true, '2021-03-07'),
  (id_of(1, 4), id_of(2, 1), 'member', false, '2021-03-08'),
  (id_of(1, 7), id_of(2, 1), 'admin', true, '2022-03-08'),
  (id_of(1, 99), id_of(2, 1), 'member', true, '2021-03-09'),
  (id_of(1, 2), id_of(2, 2), 'owner', true, '2021-03-10'),
  (id_of(1, 1), id_of(2, 2), 'member', true, '2021-03-10'),
  (id_of(1, 1), id_of(2, 2), 'admin', true, '2021-03-11'),
  (id_of(1, 1), id_of(2, 3), 'owner', true, '2021-03-12'),
  (id_of(1, 3), id_of(2, 4), 'admin', true, '2021-03-13'),
  (id_of(1, 2), id_of(2, 4), 'member', true, '2021-03-12'),
  (id_of(1, 1), id_of(2, 99), 'owner', true, '2021-03-14');

INSERT INTO artifacts (id, tenant_id, name, description, tags, artifact_metadata, created_by, is_active, created_at, updated_at) VALUES
  (id_of(3, 1), id_of(2, 1), 'Plain', 'As it should be', '{iron,black smith}', '{"n": 7, "f": 0.5, "b": true, "s": "x", "none": null}', id_of(1, 1), true, '2021-04-01 00:00:00.000001+00', '2021-04-02'),
  (id_of(3, 2), id_of(2, 1), E' Tom & "Jerry"\n<v2> ', repeat('y', 2100), ARRAY['C++', 'c--', 'Node.js', '', NULL, '…', 'IRON', repeat('t', 60)], '{"big": 18446744073709551616, "nested": {"a": [1]}, "a b": 1, "a_b": 2}', id_of(1, 2), true, '2021-04-02', '2021-04-02'),
  (id_of(3, 3), id_of(2, 1), E'\u200b', NULL, NULL, NULL, NULL, true, '2021-04-03', '2021-04-03'),
  (id_of(3, 4), id_of(2, 1), 'In the trash', NULL, '{}', '{}', id_of(1, 99), false, now() - interval '5 days', now() - interval '2 days'),
  (id_of(3, 5), id_of(2, 1), 'To be changed there', NULL, '{}', '{}', id_of(1, 1), true, '2021-04-05', '2021-04-05'),
  (id_of(3, 6), id_of(2, 1), 'To be changed here and there', NULL, '{}', '{}', id_of(1, 1), true, '2021-04-06', '2021-04-06'),
  (id_of(3, 7), id_of(2, 1), 'To be deleted there', NULL, '{}', '{}', id_of(1, 1), true, '2021-04-07', '2021-04-07'),
  (id_of(3, 8), id_of(2, 2), 'Elsewhere', NULL, ARRAY(SELECT 'tag ' || n FROM generate_series(1, 25) n), '[1, 2]', id_of(1, 2), true, '2021-04-08', '2021-04-08'),
  (id_of(3, 9), id_of(2, 99), 'Nowhere', NULL, '{}', '{}', id_of(1, 1), true, '2021-04-09', '2021-04-09');
