//! Many writes in one request: each with its own result, or all or none.

use crate::support::account::{Account, text};
use crate::support::server::Server;
use serde_json::{Value, json};

const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";

fn statuses(answer: &Value) -> Vec<u64> {
    let results = answer["results"].as_array().expect("results");
    results.iter().map(|result| result["status"].as_u64().expect("a status")).collect()
}

#[test]
fn each_operation_has_its_result() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let (first, second) =
        (owner.artifact(&artifacts, &json!({"name": "a"})), owner.artifact(&artifacts, &json!({"name": "b"})));
    let operations = json!([
        {"op": "create", "name": " c ", "tags": ["T"], "id": NOWHERE, "created_by": NOWHERE},
        {"op": "create", "name": "<", "artifact_metadata": {"m": []}},
        {"op": "update", "id": first["id"], "version": 1, "name": "a2"},
        {"op": "update", "id": first["id"], "version": 1, "name": "a3"},
        {"op": "update", "id": first["id"], "version": 2, "description": "seen"},
        {"op": "update", "id": NOWHERE, "name": "x"},
        {"op": "delete", "id": second["id"]},
        {"op": "delete", "id": second["id"]},
        {"op": "update", "id": first["id"], "name": null},
    ]);

    let answer = owner.client.post(&format!("{artifacts}/bulk"), &json!({"operations": operations})).expect(200).json();

    assert_eq!(statuses(&answer), [201, 422, 200, 412, 200, 404, 204, 404, 422]);
    assert_eq!((&answer["succeeded"], &answer["failed"]), (&json!(4), &json!(5)));
    let results = answer["results"].as_array().expect("results");
    assert!(results.iter().enumerate().all(|(index, result)| result["index"] == index), "{answer}");
    let created = &results[0]["artifact"];
    assert_eq!((&created["name"], &created["tags"]), (&json!("c"), &json!(["t"])));
    assert_eq!((&created["created_by"], created["id"] == results[0]["id"]), (&json!(owner.id), true));
    assert_ne!(created["id"], NOWHERE);
    assert_eq!(owner.client.get(&format!("{artifacts}/{}", text(&created["id"]))).expect(200).json(), *created);
    let error = &results[1]["error"];
    assert_eq!((&error["code"], results[1].get("artifact")), (&json!("validation_failed"), None));
    assert_eq!(
        error["errors"].as_array().expect("errors").iter().map(|it| text(&it["pointer"])).collect::<Vec<_>>(),
        ["/name", "/artifact_metadata/m"]
    );
    assert_eq!((&results[3]["error"]["code"], &results[3]["id"]), (&json!("version_mismatch"), &first["id"]));
    assert_eq!(results[4]["artifact"]["version"], 3);
    assert_eq!(results[5]["error"]["code"], "artifact_not_found");
    assert_eq!((results[6].get("artifact"), &results[6]["id"]), (None, &second["id"]));
    assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], 2);
    let history = owner.client.get(&format!("{artifacts}/{}/history", text(&first["id"]))).expect(200).json();
    assert_eq!(history["items"].as_array().map(Vec::len), Some(3));
}

#[test]
fn an_atomic_request_happens_whole_or_not_at_all() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made = owner.artifact(&artifacts, &json!({"name": "a"}));
    let path = format!("{artifacts}/{}", text(&made["id"]));
    let bulk = |operations: Value| {
        owner.client.post(&format!("{artifacts}/bulk"), &json!({"operations": operations, "atomic": true}))
    };
    let good = json!([{"op": "create", "name": "b"}, {"op": "update", "id": made["id"], "name": "a2"}]);
    for (bad, pointer) in [
        (json!({"op": "create", "name": "<"}), "/operations/2/name"),
        (json!({"op": "update", "id": made["id"], "version": 1, "name": "a3"}), "/operations/2"),
        (json!({"op": "delete", "id": NOWHERE}), "/operations/2"),
    ] {
        let mut operations = good.clone();
        operations.as_array_mut().expect("an array").push(bad);
        let problem = bulk(operations).problem(409, "bulk_failed");
        assert_eq!(problem["errors"].as_array().map(Vec::len), Some(1), "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
        assert_eq!(owner.client.get(&path).expect(200).json(), made);
        assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], 1);
    }
    let answer = bulk(good).expect(200).json();
    assert_eq!((statuses(&answer), &answer["failed"]), (vec![201, 200], &json!(0)));
}

#[test]
fn what_is_no_list_of_operations_is_refused_whole() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let bulk = format!("{artifacts}/bulk");
    let create = json!({"op": "create", "name": "n"});
    for (operations, pointer) in [
        (json!([]), "/operations"),
        (json!(vec![create.clone(); 1001]), "/operations"),
        (json!([create, {"op": "explode"}]), "/operations/1/op"),
        (json!([{"name": "n"}]), "/operations/0/op"),
        (json!([{"op": "delete", "id": "me"}]), "/operations/0/id"),
        (json!(7), "/operations"),
    ] {
        assert_eq!(owner.client.post(&bulk, &json!({"operations": operations})).invalid_fields(), [pointer]);
    }
    let many: Vec<Value> = (0..1000).map(|number| json!({"op": "create", "name": format!("n{number}")})).collect();
    assert_eq!(owner.client.post(&bulk, &json!({"operations": many})).expect(200).json()["succeeded"], 1000);
    assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], 1000);
    let body = json!({"operations": [create]});
    Account::new(&server).client.post(&bulk, &body).problem(404, "workspace_not_found");
}
