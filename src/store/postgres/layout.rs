//! How a database is laid out: the rows of all sections in one table, the change log in another, and a head that every commit
//! holds, so that commits come one after the other and the numbers of the change log have no gaps.

use std::ops::Bound;

use crate::store::engine::{Section, Span, Table, number};

/// Makes the tables, where they are not there yet.
pub(super) const CREATE: &str = "
    CREATE TABLE IF NOT EXISTS ghostworks_head (
        one boolean PRIMARY KEY CHECK (one), version bigint NOT NULL) WITH (fillfactor = 10);
    CREATE TABLE IF NOT EXISTS ghostworks_rows (
        section smallint NOT NULL, key bytea NOT NULL, value bytea NOT NULL, PRIMARY KEY (section, key));
    CREATE TABLE IF NOT EXISTS ghostworks_changes (n bigint PRIMARY KEY, tenant bytea, value bytea NOT NULL);
    CREATE INDEX IF NOT EXISTS ghostworks_changes_of ON ghostworks_changes (tenant, n) WHERE tenant IS NOT NULL;
    CREATE TABLE IF NOT EXISTS ghostworks_commits (
        nonce bytea PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp());
    CREATE TABLE IF NOT EXISTS ghostworks_leases (
        name text PRIMARY KEY, holder bytea NOT NULL, whereabouts text NOT NULL, term bigint NOT NULL,
        until timestamptz NOT NULL);
    CREATE TABLE IF NOT EXISTS ghostworks_shared (
        kind smallint NOT NULL, key bytea NOT NULL, value bytea NOT NULL, PRIMARY KEY (kind, key));
    INSERT INTO ghostworks_head VALUES (true, 0) ON CONFLICT DO NOTHING";

/// Whether somebody has made the tables.
pub(super) const ARE_THERE: &str = "SELECT to_regclass('ghostworks_commits') IS NOT NULL";

/// Whether those are there that came last.
pub(super) const ARE_ALL_THERE: &str = "SELECT to_regclass('ghostworks_shared') IS NOT NULL";

/// Whether there is any row.
pub(super) const HAS_ROWS: &str = "SELECT EXISTS (SELECT FROM ghostworks_rows)";

/// Rows of sections that are none of these.
pub(super) const UNKNOWN: &str =
    "SELECT section, count(*) FROM ghostworks_rows WHERE section <> ALL ($1::smallint[]) GROUP BY 1 ORDER BY 1";

/// Removes everything.
pub(super) const CLEAR: &str = "TRUNCATE ghostworks_rows, ghostworks_changes";

/// Held by those who make the tables or change the schema, so that two nodes that start don't do it at once.
pub(super) const LOCK_SCHEMA: &str = "SELECT pg_advisory_xact_lock(7453010372912201)";

/// Holds the head until the transaction ends: nobody else commits meanwhile.
pub(super) const LOCK_HEAD: &str = "SELECT version FROM ghostworks_head FOR UPDATE";

/// Notes one more commit.
pub(super) const RAISE_HEAD: &str = "UPDATE ghostworks_head SET version = version + 1";

/// Notes a commit under a number of its own, so that one whose answer was lost can be found.
pub(super) const NOTE_COMMIT: &str = "INSERT INTO ghostworks_commits (nonce) VALUES ($1)";

/// Whether there was a commit.
pub(super) const FIND_COMMIT: &str = "SELECT EXISTS (SELECT FROM ghostworks_commits WHERE nonce = $1)";

/// Nobody looks for commits that are older.
pub(super) const FORGET_COMMITS: &str =
    "DELETE FROM ghostworks_commits WHERE at < clock_timestamp() - interval '1 hour'";

/// The number of the newest entry of the change log.
pub(super) const LAST_CHANGE: &str = "SELECT coalesce(max(n), 0) FROM ghostworks_changes";

/// The rows under keys that are known: each is looked up in the index.
pub(super) const GET: &str = "
    SELECT found.section, found.key, found.value
    FROM unnest($1::smallint[], $2::bytea[]) AS wanted (section, key)
    CROSS JOIN LATERAL (
        SELECT * FROM ghostworks_rows WHERE section = wanted.section AND key = wanted.key OFFSET 0) AS found";

/// Writes rows over those that were there.
pub(super) const PUT: &str = "
    INSERT INTO ghostworks_rows SELECT * FROM unnest($1::smallint[], $2::bytea[], $3::bytea[])
    ON CONFLICT (section, key) DO UPDATE SET value = EXCLUDED.value";

/// Removes rows.
pub(super) const REMOVE: &str = "
    DELETE FROM ghostworks_rows USING unnest($1::smallint[], $2::bytea[]) AS gone (section, key)
    WHERE ghostworks_rows.section = gone.section AND ghostworks_rows.key = gone.key";

/// Writes entries of the change log.
pub(super) const APPEND: &str = "
    INSERT INTO ghostworks_changes SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])
    ON CONFLICT (n) DO UPDATE SET tenant = EXCLUDED.tenant, value = EXCLUDED.value";

/// The number of a section, which is stored. Released ones never change.
pub(super) fn number_of(section: Section) -> i16 {
    match section {
        Section::Counters => 1,
        Section::Changes => 2,
        Section::Facts => 3,
        Section::Rows(table) => match table {
            Table::Users => 10,
            Table::UsersByEmail => 11,
            Table::OneTimeTokens => 12,
            Table::Sessions => 13,
            Table::SpentTokens => 14,
            Table::RefreshSalts => 15,
            Table::Workspaces => 16,
            Table::WorkspacesBySlug => 17,
            Table::WorkspacesDeleted => 18,
            Table::Members => 19,
            Table::MembershipsByUser => 20,
            Table::Invitations => 21,
            Table::ApiKeys => 22,
            Table::ApiKeyUses => 23,
            Table::Artifacts => 24,
            Table::ArtifactsTrash => 25,
            Table::ArtifactsByCreation => 26,
            Table::ArtifactVersions => 27,
            Table::Answers => 28,
            Table::AnswersByExpiry => 29,
        },
    }
}

/// The section with a number.
pub(super) fn section_of(number: i16) -> Option<Section> {
    Section::all().find(|section| number_of(*section) == number)
}

/// Rows of a section in a row, in one direction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stretch {
    /// The section.
    pub section: Section,
    /// The first key there can be.
    pub from: Vec<u8>,
    /// The first key after it.
    pub to: Option<Vec<u8>>,
    /// Whether the last row comes first.
    pub reverse: bool,
}

impl Stretch {
    /// The rows of a span.
    pub fn of(section: Section, span: &Span) -> Self {
        // No key is between one and the same with a zero behind it.
        let after = |key: &[u8]| [key, &[0]].concat();
        let from = match &span.first {
            Bound::Included(first) => first.clone(),
            Bound::Excluded(first) => after(first),
            Bound::Unbounded => Vec::new(),
        };
        let to = match &span.last {
            Bound::Included(last) => Some(after(last)),
            Bound::Excluded(last) => Some(last.clone()),
            Bound::Unbounded => None,
        };
        Self { section, from, to, reverse: span.reverse }
    }

    /// What is left of it after a row.
    pub fn after(&self, key: &[u8]) -> Self {
        if self.reverse {
            Self { to: Some(key.to_vec()), ..self.clone() }
        } else {
            Self { from: [key, &[0]].concat(), ..self.clone() }
        }
    }

    /// The numbers of the entries of the change log that it has, the last excluded.
    pub fn numbers(&self) -> (i64, i64) {
        let number = |key: &[u8]| {
            let (first, rest) = key.split_at(key.len().min(8));
            let mut padded = [0; 8];
            padded[..first.len()].copy_from_slice(first);
            let number = number(&padded).saturating_add(u64::from(!rest.is_empty()));
            i64::try_from(number).unwrap_or(i64::MAX)
        };
        (number(&self.from), self.to.as_deref().map_or(i64::MAX, number))
    }

    /// The order of its rows.
    pub fn order(&self) -> &'static str {
        if self.reverse { "DESC" } else { "ASC" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_has_a_number_of_its_own() {
        let mut numbers: Vec<i16> = Section::all().map(number_of).collect();
        assert!(Section::all().all(|section| section_of(number_of(section)) == Some(section)));
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), Section::all().count());
    }

    #[test]
    fn a_stretch_has_the_rows_of_its_span() {
        let section = Section::Rows(Table::Users);
        let span = Span { first: Bound::Excluded(vec![1; 16]), last: Bound::Included(vec![9; 16]), reverse: false };
        let stretch = Stretch::of(section, &span);
        for key in [vec![1; 16], vec![2; 16], vec![9; 16], vec![10; 16]] {
            let is_in = key >= stretch.from && stretch.to.as_ref().is_none_or(|to| key < *to);
            assert_eq!(is_in, span.contains(&key), "{key:?}");
        }
        let changes = Span::all().after(Some(&7_u64.to_be_bytes()));
        assert_eq!(Stretch::of(Section::Changes, &changes).numbers(), (8, i64::MAX));
        assert_eq!(Stretch::of(Section::Changes, &Span::all()).after(&3_u64.to_be_bytes()).numbers().0, 4);
    }
}
