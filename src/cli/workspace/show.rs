//! Workspaces as tables and sentences, or as JSON.

use crate::app::{Workspace, WorkspaceDetails};
use crate::cli::table::{size, table};
use crate::cli::{Failure, print, print_json};

/// All workspaces.
pub(super) fn list(workspaces: &[Workspace], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(workspaces);
    }
    if workspaces.is_empty() {
        return print("There are no workspaces.");
    }
    let row = |it: &Workspace| {
        let counts = [it.members, it.api_keys, it.artifacts, it.in_trash].map(|count| count.to_string());
        [vec![it.slug.clone(), state(it).to_owned()], counts.to_vec(), vec![size(it.bytes)]].concat()
    };
    let rows: Vec<_> = workspaces.iter().map(row).collect();
    print(&table(&["workspace", "state", ">members", ">keys", ">artifacts", ">in trash", ">size"], &rows))
}

/// A workspace, and who owns it.
pub(super) fn details(details: &WorkspaceDetails, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(details);
    }
    let WorkspaceDetails { workspace: it, owners } = details;
    let owners: Vec<&str> = owners.iter().map(|owner| owner.email.as_str()).collect();
    let head = format!(
        "name     {}\nslug     {}\nid       {}\nstate    {}\ncreated  {}\nowners   {}\n",
        it.name,
        it.slug,
        it.id,
        state(it),
        it.created_at,
        owners.join(", ")
    );
    let own = |quota: Option<u64>, text: fn(u64) -> String| quota.map_or_else(|| "as for all".to_owned(), text);
    let number = |count: u64| count.to_string();
    let rows = [
        ["artifacts".to_owned(), number(it.artifacts), own(it.quotas.artifacts, number)],
        ["size".to_owned(), size(it.bytes), own(it.quotas.bytes, size)],
        ["members".to_owned(), number(it.members), own(it.quotas.members, number)],
        ["API keys".to_owned(), number(it.api_keys), own(it.quotas.api_keys, number)],
    ];
    print(&format!("{head}\n{}", table(&["", ">has", ">may have"], &rows.map(Vec::from))))
}

/// What became of a workspace.
pub(super) fn said(details: &WorkspaceDetails, what: &str, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(details);
    }
    print(&format!("The workspace {} {what}.", details.workspace.slug))
}

fn state(workspace: &Workspace) -> &'static str {
    match (workspace.is_suspended, workspace.is_active) {
        (true, _) => "suspended",
        (false, true) => "in use",
        (false, false) => "not in use",
    }
}
