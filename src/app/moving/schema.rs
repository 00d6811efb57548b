//! What the tables of the older service have, and how they are asked for: every value as text, so that it does not matter of
//! which type a column is.

use std::collections::BTreeMap;

/// A table of the older service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Users,
    Tenants,
    Memberships,
    Artifacts,
}

/// How a column is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    /// In microseconds since 1970.
    Time,
    Json,
}

/// The columns of a table: those that it must have, and those that it may have.
type Columns = (&'static [(&'static str, Form)], &'static [(&'static str, Form)]);

/// What columns there are, with their types, by table.
pub(super) type Known = BTreeMap<(String, String), String>;

/// Asks for all columns that there are.
pub(super) const COLUMNS: &str = "SELECT table_name::text, column_name::text, data_type::text \
     FROM information_schema.columns WHERE table_schema = ANY (current_schemas(false)) \
     AND table_name IN ('users', 'tenants', 'workspace_memberships', 'artifacts')";

impl Table {
    pub const ALL: [Self; 4] = [Self::Users, Self::Tenants, Self::Memberships, Self::Artifacts];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Tenants => "tenants",
            Self::Memberships => "workspace_memberships",
            Self::Artifacts => "artifacts",
        }
    }

    fn columns(self) -> Columns {
        use Form::{Json, Text, Time};
        match self {
            Self::Users => (
                &[("id", Text), ("email", Text), ("hashed_password", Text)],
                &[
                    ("is_verified", Text),
                    ("is_active", Text),
                    ("first_name", Text),
                    ("last_name", Text),
                    ("created_at", Time),
                    ("updated_at", Time),
                ],
            ),
            Self::Tenants => (
                &[("id", Text), ("name", Text), ("slug", Text)],
                &[
                    ("description", Text),
                    ("settings", Json),
                    ("is_active", Text),
                    ("created_at", Time),
                    ("updated_at", Time),
                ],
            ),
            Self::Memberships => (
                &[("user_id", Text), ("tenant_id", Text), ("role", Text)],
                &[("id", Text), ("is_active", Text), ("created_at", Time)],
            ),
            Self::Artifacts => (
                &[("id", Text), ("tenant_id", Text), ("name", Text)],
                &[
                    ("description", Text),
                    ("tags", Json),
                    ("artifact_metadata", Json),
                    ("artifact_type", Text),
                    ("created_by", Text),
                    ("is_active", Text),
                    ("created_at", Time),
                    ("updated_at", Time),
                ],
            ),
        }
    }

    /// The first column that it lacks and must have.
    pub fn lacks(self, known: &Known) -> Option<&'static str> {
        let (required, _) = self.columns();
        required.iter().map(|(name, _)| *name).find(|name| self.type_of(known, name).is_none())
    }

    fn type_of<'a>(self, known: &'a Known, column: &str) -> Option<&'a str> {
        known.get(&(self.name().to_owned(), column.to_owned())).map(String::as_str)
    }

    /// Asks for all its rows, in an order in which they can be taken over.
    pub fn query(self, known: &Known) -> String {
        let (required, optional) = self.columns();
        let there =
            required.iter().chain(optional).filter_map(|(name, form)| Some((*name, *form, self.type_of(known, name)?)));
        let columns: Vec<String> =
            there.map(|(name, form, kind)| format!("{} AS {name}", expression(name, form, kind))).collect();
        let order: Vec<&str> =
            self.order().iter().filter(|(needs, _)| self.type_of(known, needs).is_some()).map(|(_, by)| *by).collect();
        format!("SELECT {} FROM {} ORDER BY {}", columns.join(", "), self.name(), order.join(", "))
    }

    /// By what it is ordered, each with the column that it needs.
    fn order(self) -> &'static [(&'static str, &'static str)] {
        const BY_TENANT: (&str, &str) = ("tenant_id", "lower(tenant_id::text) COLLATE \"C\"");
        const BY_TIME: (&str, &str) = ("created_at", "created_at NULLS LAST");
        match self {
            // Of several with the same address, the first keeps it.
            Self::Users => &[
                ("is_active", "(coalesce(is_active::text, 't') IN ('t', 'true', '1')) DESC"),
                BY_TIME,
                ("id", "id::text"),
            ],
            Self::Tenants => &[("id", "lower(id::text) COLLATE \"C\"")],
            Self::Memberships => &[BY_TENANT, BY_TIME, ("user_id", "user_id::text")],
            Self::Artifacts => &[BY_TENANT, BY_TIME, ("id", "id::text")],
        }
    }
}

/// A column as text.
fn expression(name: &str, form: Form, kind: &str) -> String {
    match (form, kind) {
        (Form::Time, _) if kind.starts_with("timestamp") || kind == "date" => finite(name),
        (Form::Time, _) => finite(&format!("{name}::timestamptz")),
        (Form::Json, "ARRAY") => format!("to_jsonb({name})::text"),
        (Form::Json | Form::Text, _) => format!("{name}::text"),
    }
}

fn finite(time: &str) -> String {
    format!("CASE WHEN isfinite({time}) THEN round(extract(epoch FROM {time}) * 1000000)::bigint::text END")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(columns: &[(&str, &str)]) -> Known {
        columns.iter().map(|(name, kind)| (("users".to_owned(), (*name).to_owned()), (*kind).to_owned())).collect()
    }

    #[test]
    fn only_what_is_there_is_asked_for() {
        let all = [("id", "uuid"), ("email", "text"), ("hashed_password", "text"), ("created_at", "date")];
        let query = Table::Users.query(&known(&all));
        assert!(query.starts_with("SELECT id::text AS id, email::text AS email, hashed_password::text"), "{query}");
        assert!(query.ends_with("FROM users ORDER BY created_at NULLS LAST, id::text"), "{query}");
        assert_eq!(Table::Users.lacks(&known(&all)), None);
        assert_eq!(Table::Users.lacks(&known(&all[..2])), Some("hashed_password"));
    }
}
