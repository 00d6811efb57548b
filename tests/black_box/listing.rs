//! Lists of artifacts: narrowed, ordered, walked through by cursor, and counted.

use std::collections::HashSet;

use crate::support::account::{Account, text};
use crate::support::client::Client;
use crate::support::server::Server;
use serde_json::{Value, json};

fn names(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("items").iter().map(|item| text(&item["name"])).collect()
}

/// All names of a list, from page to page.
fn walk(client: &Client, list: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut page = client.get(list).expect(200).json();
    loop {
        found.extend(names(&page));
        assert_eq!(page["has_more"], page["next_cursor"].is_string(), "{page}");
        let Some(cursor) = page["next_cursor"].as_str() else { return found };
        page = client.get(&format!("{list}&cursor={cursor}")).expect(200).json();
    }
}

#[test]
fn the_list_is_narrowed_by_tags_type_and_creator() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for (name, tags, artifact_type) in
        [("a", vec!["red", "big"], "zip"), ("b", vec!["red"], "zip"), ("c", vec!["blue", "big"], "tar")]
    {
        owner.artifact(&artifacts, &json!({"name": name, "tags": tags, "artifact_type": artifact_type}));
    }
    let own = format!("created_by={}", owner.id);
    for (query, expected) in [
        ("tags_all=red,big", vec!["a"]),
        ("tags_all=Red&tags_all=big", vec!["a"]),
        ("tags_none=red", vec!["c"]),
        ("tags=red,blue&tags_none=big", vec!["b"]),
        ("artifact_type=zip", vec!["b", "a"]),
        ("artifact_type=zip&tags_all=big", vec!["a"]),
        (own.as_str(), vec!["c", "b", "a"]),
        ("created_by=01890000-0000-7000-8000-000000000000", vec![]),
    ] {
        for list in [&artifacts, &format!("{artifacts}/search/advanced")] {
            let page = owner.client.get(&format!("{list}?{query}")).expect(200).json();
            assert_eq!(names(&page), expected, "{query}");
            assert_eq!(page["total"], expected.len(), "{query}");
        }
    }
}

#[test]
fn the_list_is_in_the_order_that_is_asked_for() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made: Vec<Value> = ["b", "C", "a"].map(|name| owner.artifact(&artifacts, &json!({"name": name}))).into();
    owner.client.patch(&format!("{artifacts}/{}", text(&made[0]["id"])), &json!({"tags": ["t"]})).expect(200);
    for (sort, expected) in [
        ("created_at", ["b", "C", "a"]),
        ("-created_at", ["a", "C", "b"]),
        ("updated_at", ["C", "a", "b"]),
        ("-updated_at", ["b", "a", "C"]),
        ("name", ["a", "b", "C"]),
        ("-name", ["C", "b", "a"]),
        ("relevance", ["a", "C", "b"]),
    ] {
        for filter in ["", "&include_deleted=true", "&artifact_type=default"] {
            let list = format!("{artifacts}?sort={sort}&limit=1{filter}");
            assert_eq!(walk(&owner.client, &list), expected, "{list}");
            let second = owner.client.get(&format!("{list}&offset=1")).expect(200).json();
            assert_eq!(names(&second), [expected[1]], "{list}");
        }
    }
}

#[test]
fn the_trash_is_listed_for_who_asks() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made: Vec<Value> = ["a", "b", "c"].map(|name| owner.artifact(&artifacts, &json!({"name": name}))).into();
    owner.client.delete(&format!("{artifacts}/{}", text(&made[1]["id"]))).expect(204);
    let page = owner.client.get(&format!("{artifacts}?include_deleted=true")).expect(200).json();
    assert_eq!((names(&page), &page["total"]), (vec!["c".to_owned(), "b".to_owned(), "a".to_owned()], &json!(3)));
    let active: Vec<&Value> = page["items"].as_array().expect("items").iter().map(|item| &item["is_active"]).collect();
    assert_eq!(active, [true, false, true]);
    for query in ["include_deleted=false", "sort=name"] {
        assert_eq!(owner.client.get(&format!("{artifacts}?{query}")).expect(200).json()["total"], 2);
    }
}

#[test]
fn parameters_out_of_bounds_are_named() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for (query, pointer) in [
        ("sort=size", "/sort"),
        ("sort=", "/sort"),
        ("tags_all=b@d", "/tags_all"),
        ("tags_none=b@d", "/tags_none"),
        ("artifact_type=Not+A+Type", "/artifact_type"),
        ("sort=name&offset=10001", "/offset"),
        ("cursor=AAAA", "/cursor"),
        ("cursor=", "/cursor"),
        ("limit=0", "/limit"),
    ] {
        for list in [&artifacts, &format!("{artifacts}/search/advanced")] {
            assert_eq!(owner.client.get(&format!("{list}?{query}")).invalid_fields(), [pointer], "{query}");
        }
    }
    owner.client.get(&format!("{artifacts}?created_by=me")).problem(400, "invalid_parameter");
}

#[test]
fn s31_a_cursor_is_good_for_its_own_list_alone() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let (here, there) = (owner.artifacts(), owner.artifacts());
    for name in ["a", "b", "c"] {
        owner.artifact(&here, &json!({"name": name}));
        owner.artifact(&there, &json!({"name": name}));
    }
    let cursor = text(&owner.client.get(&format!("{here}?limit=1")).expect(200).json()["next_cursor"]);

    let own = owner.client.get(&format!("{here}?cursor={cursor}")).expect(200).json();
    assert_eq!((names(&own), &own["offset"]), (vec!["b".to_owned(), "a".to_owned()], &json!(0)));
    for other in [
        format!("{there}?cursor={cursor}"),
        format!("{here}?sort=name&cursor={cursor}"),
        format!("{here}?sort=created_at&cursor={cursor}"),
        format!("{here}?tags=a&cursor={cursor}"),
        format!("{here}?include_deleted=true&cursor={cursor}"),
        format!("{here}?offset=0&cursor={cursor}"),
        format!("{here}?cursor=A{cursor}"),
        format!("{here}?cursor={}", &cursor[..cursor.len() - 8]),
    ] {
        assert_eq!(owner.client.get(&other).invalid_fields(), ["/cursor"], "{other}");
    }
    let stranger = Account::new(&server);
    stranger.client.get(&format!("{here}?cursor={cursor}")).problem(404, "workspace_not_found");
}

#[test]
fn a_walk_by_cursor_neither_skips_nor_repeats_while_others_write() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let stay: HashSet<String> = (0..30).map(|number| format!("stays {number}")).collect();
    let mut leave = Vec::new();
    for (number, name) in stay.iter().enumerate() {
        owner.artifact(&artifacts, &json!({"name": name, "tags": ["kept"]}));
        if number % 3 == 0 {
            leave.push(text(&owner.artifact(&artifacts, &json!({"name": "leaves", "tags": ["kept"]}))["id"]));
        }
    }
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for id in &leave {
                owner.client.delete(&format!("{artifacts}/{id}")).expect(204);
                owner.artifact(&artifacts, &json!({"name": "came", "tags": ["kept"]}));
            }
        });
        let mut walks = 0;
        while !writer.is_finished() || walks == 0 {
            for list in
                ["limit=4", "limit=4&sort=created_at", "limit=4&sort=name", "limit=4&tags=kept&sort=-updated_at"]
            {
                let found = walk(&owner.client, &format!("{artifacts}?{list}"));
                let stayed: Vec<&String> = found.iter().filter(|name| name.starts_with("stays")).collect();
                assert_eq!(stayed.len(), stay.len(), "{list}");
                assert_eq!(stayed.into_iter().cloned().collect::<HashSet<_>>(), stay, "{list}");
            }
            walks += 1;
        }
    });
}

/// The figures of a workspace's artifacts, without those of what can be limited.
fn figures(owner: &Account, artifacts: &str) -> Value {
    let mut stats = owner.client.get(&format!("{artifacts}/stats")).expect(200).json();
    let usage = stats.as_object_mut().and_then(|stats| stats.remove("usage")).expect("the usage");
    assert_eq!(usage["artifacts"]["used"], stats["total_artifacts"]);
    stats
}

#[test]
fn figures_are_of_this_workspace() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let (here, there) = (owner.artifacts(), owner.artifacts());
    assert_eq!(
        figures(&owner, &here),
        json!({"total_artifacts": 0, "active_artifacts": 0, "total_tags": 0, "most_used_tags": []})
    );
    owner.artifact(&there, &json!({"name": "n", "tags": ["foreign"]}));
    for tags in [vec!["b", "a"], vec!["b"], vec!["c", "a"]] {
        owner.artifact(&here, &json!({"name": "n", "tags": tags}));
    }
    let gone = owner.artifact(&here, &json!({"name": "n", "tags": ["gone"]}));
    owner.client.delete(&format!("{here}/{}", text(&gone["id"]))).expect(204);
    let most_used = json!([{"tag": "a", "count": 2}, {"tag": "b", "count": 2}, {"tag": "c", "count": 1}]);
    assert_eq!(
        figures(&owner, &here),
        json!({"total_artifacts": 4, "active_artifacts": 3, "total_tags": 3, "most_used_tags": most_used})
    );
    let many: Vec<String> = (0..12).map(|tag| format!("x{tag}")).collect();
    owner.artifact(&here, &json!({"name": "n", "tags": many}));
    let stats = owner.client.get(&format!("{here}/stats")).expect(200).json();
    assert_eq!((&stats["total_tags"], stats["most_used_tags"].as_array().map(Vec::len)), (&json!(15), Some(10)));
    Account::new(&server).client.get(&format!("{here}/stats")).problem(404, "workspace_not_found");
}

#[test]
fn s31_a_large_workspace_is_listed_and_counted_like_a_small_one() {
    const MANY: usize = 1100;
    let server = Server::shared();
    let owner = Account::new(&server);
    let (artifacts, other) = (owner.artifacts(), owner.artifacts());
    owner.artifact(&other, &json!({"name": "n", "tags": ["red", "rounder"]}));
    let line = |number: usize| {
        let tags: &[&str] = if number.is_multiple_of(100) { &["red", "round"] } else { &["blue"] };
        json!({"name": format!("n{number:04}"), "tags": tags}).to_string() + "\n"
    };
    let lines: String = (0..MANY).map(line).collect();
    owner.client.send("POST", &format!("{artifacts}/import"), "application/x-ndjson", lines).expect(200);
    let get = |rest: &str| owner.client.get(&format!("{artifacts}{rest}")).expect(200).json();

    let red: Vec<String> = (0..MANY).step_by(100).map(|number| format!("n{number:04}")).collect();
    assert_eq!(walk(&owner.client, &format!("{artifacts}?tags=red&sort=created_at&limit=4")), red);
    let all: Vec<String> = (0..MANY).map(|number| format!("n{number:04}")).collect();
    assert_eq!(walk(&owner.client, &format!("{artifacts}?sort=name&limit=100")), all);
    assert_eq!(get("?tags_none=red&limit=1")["total"], MANY - red.len());
    assert_eq!(
        figures(&owner, &artifacts),
        json!({
            "total_artifacts": MANY, "active_artifacts": MANY, "total_tags": 3,
            "most_used_tags": [
                {"tag": "blue", "count": MANY - 11}, {"tag": "red", "count": 11}, {"tag": "round", "count": 11},
            ],
        })
    );

    // What changes shows at once.
    let ids: Vec<String> =
        get("?tags=red&limit=2")["items"].as_array().expect("items").iter().map(|it| text(&it["id"])).collect();
    owner.client.delete(&format!("{artifacts}/{}", ids[0])).expect(204);
    owner.client.patch(&format!("{artifacts}/{}", ids[1]), &json!({"tags": ["Round ones"]})).expect(200);
    assert_eq!(get("?tags=red")["total"], 9);
    assert_eq!(get("?tags=red&include_deleted=true")["total"], 10);
    assert_eq!(names(&get("?sort=-updated_at&limit=1")), ["n0900"]);
    let stats = get("/stats");
    assert_eq!((&stats["active_artifacts"], &stats["total_tags"]), (&json!(MANY - 1), &json!(4)));
    assert_eq!(
        get("/tags?prefix=ROUND")["items"],
        json!([{"tag": "round", "count": 9}, {"tag": "round ones", "count": 1}])
    );
}

#[test]
fn tags_are_completed_with_those_of_the_workspace() {
    let server = Server::shared();
    let (owner, stranger) = (Account::new(&server), Account::new(&server));
    let (artifacts, other) = (owner.artifacts(), owner.artifacts());
    for tags in [json!(["on call", "online"]), json!(["on call", "off"]), json!(["ünique"])] {
        owner.artifact(&artifacts, &json!({"name": "n", "tags": tags}));
    }
    owner.artifact(&other, &json!({"name": "n", "tags": ["once"]}));
    let gone = owner.artifact(&artifacts, &json!({"name": "n", "tags": ["on paper"]}));
    owner.client.delete(&format!("{artifacts}/{}", text(&gone["id"]))).expect(204);
    let completed = |query: &str| -> Vec<(String, u64)> {
        let answer = owner.client.get(&format!("{artifacts}/tags{query}")).expect(200).json();
        let items = answer["items"].as_array().expect("items").iter();
        items.map(|item| (text(&item["tag"]), item["count"].as_u64().expect("a number"))).collect()
    };
    let expected =
        |tags: &[(&str, u64)]| tags.iter().map(|(tag, count)| ((*tag).to_owned(), *count)).collect::<Vec<_>>();
    assert_eq!(completed("?prefix=on"), expected(&[("on call", 2), ("online", 1)]));
    assert_eq!(completed("?prefix=ON%20"), expected(&[("on call", 2)]));
    assert_eq!(completed("?prefix=%C3%9C"), expected(&[("ünique", 1)]));
    assert_eq!(completed("?limit=1"), expected(&[("on call", 2)]));
    assert_eq!(completed("?prefix=nothing"), []);
    let long = "x".repeat(51);
    owner.client.get(&format!("{artifacts}/tags?prefix={long}")).problem(422, "validation_failed");
    owner.client.get(&format!("{artifacts}/tags?limit=0")).problem(422, "validation_failed");
    stranger.client.get(&format!("{artifacts}/tags")).problem(404, "workspace_not_found");
}

#[test]
fn names_are_in_the_order_of_a_dictionary() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let sorted = ["10 rings", "apfel", "Apfel", "äpfel", "Äpfel", "apfelmus", "Øre", "Zebra", "яблоко"];
    for name in [7, 3, 0, 4, 8, 1, 6, 2, 5].map(|at: usize| sorted[at]) {
        owner.artifact(&artifacts, &json!({"name": name, "tags": ["all"]}));
    }
    let backwards = sorted.into_iter().rev().collect::<Vec<_>>();
    for query in ["", "&tags=all", "&facets=tags", "&q=tag:all"] {
        for (sort, expected) in [("name", &sorted[..]), ("-name", &backwards)] {
            let (mut names, mut cursor) = (Vec::new(), String::new());
            loop {
                let page =
                    owner.client.get(&format!("{artifacts}?sort={sort}&limit=2{query}{cursor}")).expect(200).json();
                names.extend(page["items"].as_array().expect("items").iter().map(|item| text(&item["name"])));
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(names, expected, "{sort}{query}");
        }
    }
}
