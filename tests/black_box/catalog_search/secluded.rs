//! A search never tells of another workspace: no artifact, total, facet, suggestion or place in a list.

use std::sync::Arc;

use serde_json::{Value, json};

use super::questions::encoded;
use crate::support::account::{Account, text};
use crate::support::server::Server;

/// Someone with a workspace in which one artifact is like those of a neighbour, and another is not.
struct Neighbours {
    _server: Arc<Server>,
    owner: Account,
    own: String,
    foreign_tenant: String,
    foreign_owner: String,
}

fn neighbours() -> Neighbours {
    let server = Server::shared();
    let (owner, neighbour) = (Account::new(&server), Account::new(&server));
    let (own, foreign) = (owner.artifacts(), neighbour.artifacts());
    for name in ["Shared ledger", "Quiet harbour"] {
        owner.artifact(&own, &json!({"name": name, "tags": ["common", "mine"], "artifact_type": "zip"}));
    }
    for number in 0..12 {
        let name = format!("Shared ledger confidential {number}");
        let metadata = json!({"team": "confidential", "tenant_id": "confidential"});
        let kind = ["zip", "confidential"][number % 2];
        let body = json!({
            "name": name, "description": "confidential", "tags": ["common", "confidential"],
            "artifact_metadata": metadata, "artifact_type": kind,
        });
        neighbour.artifact(&foreign, &body);
    }
    let foreign_tenant = foreign.split('/').nth(4).expect("the workspace").to_owned();
    Neighbours { _server: server, owner, own, foreign_tenant, foreign_owner: neighbour.id }
}

#[test]
fn s31_no_question_leads_to_another_workspace() {
    let Neighbours { _server, owner, own, foreign_tenant, foreign_owner } = neighbours();
    let crafted = [
        "confidential".to_owned(),
        "confid*".to_owned(),
        "confidentiel".to_owned(),
        "\"shared ledger confidential\"".to_owned(),
        "ledger".to_owned(),
        "ledger OR confidential".to_owned(),
        "-harbour".to_owned(),
        "-nothing".to_owned(),
        "*".to_owned(),
        "*:*".to_owned(),
        "name:*".to_owned(),
        "tag:confidential".to_owned(),
        "type:confidential".to_owned(),
        "meta.team:confidential".to_owned(),
        "meta.tenant_id:confidential".to_owned(),
        format!("by:{foreign_owner}"),
        format!("tenant:{foreign_tenant}"),
        format!("tenant_id:{foreign_tenant}"),
        format!("workspace_id:\"{foreign_tenant}\""),
        format!("ledger OR tenant:{foreign_tenant}"),
        format!("ledger) OR (tenant:{foreign_tenant}"),
        format!("+tenant:{foreign_tenant} -tenant:mine"),
        format!("tenant:IN [{foreign_tenant}]"),
        "name:[a TO z]".to_owned(),
        "ledger^1000 OR /.*/".to_owned(),
        "\" OR \"\" OR \"".to_owned(),
        "ledger\0confidential".to_owned(),
        foreign_tenant.clone(),
    ];
    for question in crafted {
        for more in
            ["", "&sort=name", "&include_deleted=true", "&sort=-updated_at&limit=1", "&tags=common", "&tags_none=mine"]
        {
            for list in [own.clone(), format!("{own}/search/advanced")] {
                let path = format!("{list}?q={}&facets=tags,artifact_type{more}", encoded(&question));
                let page = owner.client.get(&path).expect(200);
                assert!(!page.body.replace(&encoded(&question), "").contains("confidential"), "{path}: {}", page.body);
                assert!(page.json()["total"].as_u64().expect("a total") <= 2, "{path}: {}", page.body);
            }
        }
    }
    owner
        .client
        .get(&format!("/api/v1/workspaces/{foreign_tenant}/artifacts?q=ledger&facets=tags"))
        .problem(404, "workspace_not_found");
    let page = owner.client.get(&format!("{own}?q=ledger&facets=tags,artifact_type")).expect(200).json();
    let counts = json!({
        "tags": [{"value": "common", "count": 1}, {"value": "mine", "count": 1}],
        "artifact_type": [{"value": "zip", "count": 1}],
    });
    assert_eq!((&page["total"], &page["facets"]), (&json!(1), &counts));
}

#[test]
fn s31_a_cursor_of_a_search_is_good_for_that_search_alone() {
    let Neighbours { _server, owner, own, .. } = neighbours();
    let other = owner.artifacts();
    let list = format!("{own}?q=shared+OR+quiet&limit=1");
    let first: Value = owner.client.get(&list).expect(200).json();
    let cursor = text(&first["next_cursor"]);
    let second = owner.client.get(&format!("{list}&cursor={cursor}")).expect(200).json();
    assert!(second["items"][0]["id"] != first["items"][0]["id"] && second["has_more"] == false, "{second}");
    for wrong in [
        format!("{other}?q=shared+OR+quiet&limit=1"),
        format!("{own}?q=shared&limit=1"),
        format!("{own}?limit=1"),
        format!("{own}?q=shared+OR+quiet&sort=name"),
    ] {
        let reply = owner.client.get(&format!("{wrong}&cursor={cursor}"));
        assert_eq!(reply.invalid_fields(), ["/cursor"], "{wrong}");
    }
}
