//! What clients of the older service send and read.

use crate::support::account::{Account, PASSWORD, login, register, text};
use crate::support::raw::Raw;
use crate::support::server::{Server, Setup};
use serde_json::{Value, json};

const JSON: &str = "application/json";

#[test]
fn errors_carry_what_older_clients_read() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let problem = server.client().get("/api/v1/auth/me").problem(401, "not_authenticated");
    assert_eq!(problem["detail"], "Authentication required");
    assert_eq!((&problem["message"], &problem["error"]), (&problem["detail"], &json!("not_authenticated")));
    assert!(text(&problem["timestamp"]).ends_with('Z'), "{problem}");
    assert_eq!(problem.get("retry_after"), None);

    let unknown = server.client().bearer("nonsense").get("/api/v1/auth/me").problem(401, "not_authenticated");
    assert_eq!(unknown["detail"], "Could not validate credentials");
    let refused = server.client().post("/api/v1/auth/refresh", &json!({"refresh_token": "nonsense"}));
    assert_eq!(refused.problem(401, "invalid_refresh_token")["detail"], "Could not validate credentials");
    let wrong = login(&server.client(), &owner.email, "Wrong-horse-7").problem(401, "invalid_credentials");
    assert_eq!(wrong["detail"], "Invalid email or password");

    let taken = register(&server.client(), &owner.email).problem(409, "email_taken");
    let slug = json!({"name": "Acme", "slug": "older-clients"});
    owner.client.post("/api/v1/workspaces/", &slug).expect(201);
    let slug = owner.client.post("/api/v1/workspaces/", &slug).problem(409, "slug_taken");
    let member = json!({"email": owner.email, "role": "owner"});
    let members = format!("/api/v1/workspaces/{}/members", owner.workspace());
    let member = owner.client.post(&members, &member).problem(409, "already_member");
    for problem in [taken, slug, member] {
        assert!(text(&problem["detail"]).ends_with("already exists"), "{problem}");
    }

    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(1024 * 1024));
    let large = owner.client.send("POST", "/api/v1/workspaces/", JSON, large).problem(413, "payload_too_large");
    assert_eq!(large["error"], "request_too_large");
}

#[test]
fn too_many_requests_say_so_in_the_older_words() {
    let server = Setup::new().rate_limited().start();
    let client = server.client();
    let mut refused =
        (0..100).map(|_| login(&client, "nobody@example.com", PASSWORD)).skip_while(|it| it.status == 401);
    let reply = refused.next().expect("a refusal");
    let problem = reply.problem(429, "rate_limited");
    assert_eq!(problem["error"], "rate_limit_exceeded");
    assert_eq!(problem["retry_after"].to_string(), reply.header("retry-after").expect("a header"));
}

#[test]
fn what_was_done_is_said_in_the_older_words() {
    let server = Server::shared();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    let message = |reply: &Value| text(&reply["message"]);
    let email = format!("words-{}", owner.email);
    assert_eq!(message(&register(&server.client(), &email).expect(201).json()), "User registered successfully");
    let workspace = format!("/api/v1/workspaces/{}", owner.workspace());
    let added = json!({"email": other.email, "role": "member"});
    let added = owner.client.post(&format!("{workspace}/members"), &added).expect(201).json();
    assert_eq!(message(&added), "Member invited successfully");
    let switched = other.client.call("POST", &format!("{workspace}/switch")).expect(200).json();
    assert_eq!(message(&switched), "Workspace switched successfully");
    let out = server.client().bearer(&text(&switched["access_token"])).call("POST", "/api/v1/auth/logout");
    assert_eq!(message(&out.expect(200).json()), "Logged out successfully");
    for path in ["/health", "/api/v1/health"] {
        let health = server.client().get(path).expect(200).json();
        let words = ["status", "database", "redis"].map(|field| text(&health[field]));
        assert_eq!(words, ["healthy", "not_configured", "not_configured"]);
    }
}

#[test]
fn a_password_is_told_the_rules_that_it_breaks() {
    let server = Server::shared();
    let said = |password: &str| {
        let body = json!({"email": "rules@example.com", "password": password});
        let problem = server.client().post("/api/v1/auth/register", &body).problem(422, "validation_failed");
        text(&problem["errors"][0]["detail"])
    };
    assert_eq!(said("Correct-horse"), "must contain a digit");
    assert_eq!(said("correct horse battery 7"), "must contain an upper case letter");
    assert_eq!(said("Ab-7"), "must be at least 8 characters long");
}

#[test]
fn queries_are_read_as_older_clients_write_them() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    owner.artifact(&artifacts, &json!({"name": "red", "tags": ["red", "paint"]}));
    let blue = owner.artifact(&artifacts, &json!({"name": "blue", "tags": ["blue"]}));
    owner.client.delete(&format!("{artifacts}/{}", text(&blue["id"]))).expect(204);
    let total = |query: &str| owner.client.get(&format!("{artifacts}?{query}")).expect(200).json()["total"].clone();
    for (query, expected) in [
        ("created_before=9999-12-31T23:59:59Z", 1),
        ("created_before=9999-12-31", 1),
        ("created_after=0001-01-01T00:00:00", 1),
        ("created_after=2020-01-01%2000:00:00", 1),
        ("created_after=2020-01-01+00:00:00", 1),
        ("created_after=2020-01-01T00:00:00+02:00", 1),
        ("created_after=1577836800", 1),
        ("created_after=1577836800000", 1),
        ("created_before=2020-01-01", 0),
        ("include_deleted=True", 2),
        ("include_deleted=1", 2),
        ("include_deleted=yes", 2),
        ("include_deleted=False", 1),
        ("include_deleted=off", 1),
        ("tags[]=red&tags[]=green", 1),
        ("tags%5B%5D=paint", 1),
        ("tags[0]=green&tags[1]=paint", 1),
        ("tags_none[]=red", 0),
        ("limit=20.0&offset=+0", 1),
        ("limit=1_0&offset=0_0", 1),
        ("limit=%0920%C2%A0&offset=-0.0", 1),
    ] {
        assert_eq!(total(query), expected, "{query}");
    }
    for (query, pointer) in [("limit=18446744073709551616", "/limit"), ("offset=-1", "/offset"), ("limit=-1", "/limit")]
    {
        assert_eq!(owner.client.get(&format!("{artifacts}?{query}")).invalid_fields(), [pointer], "{query}");
    }
    for number in ["1.", "1__0", "_1", "1_", "1e1", "0x1", "%D9%A1", "true", ""] {
        let reply = owner.client.get(&format!("{artifacts}?limit={number}"));
        reply.problem(400, "invalid_parameter");
    }
}

#[test]
fn messages_name_what_was_sent_and_no_type_of_ours() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let said = |problem: Value| problem.to_string();
    let get = |path: &str| said(owner.client.get(path).problem(400, "invalid_parameter"));
    assert!(get(&format!("{artifacts}/7")).contains("`artifact_id` in the path must be a UUID"));
    assert!(get("/api/v1/workspaces/%ff").contains("`workspace_id` in the path must be text in UTF-8"));
    assert!(get("/api/v1/workspaces/acme").contains("`workspace_id` in the path must be a UUID"));
    assert!(get(&format!("{artifacts}?limit=ten")).contains("`limit` must be a whole number"));
    assert!(get(&format!("{artifacts}?include_deleted=perhaps")).contains("`include_deleted` must be true or false"));
    assert!(get(&format!("{artifacts}?created_by=me")).contains("`created_by` must be a UUID"));
    assert!(get(&format!("{artifacts}?created_after=soon")).contains("`created_after` must be a time"));
    let unnamed = server.client().call("POST", "/api/v1/auth/verify-email").problem(400, "invalid_parameter");
    assert!(said(unnamed).contains("`verification_token` is required"));

    let bulk = format!("{artifacts}/bulk");
    let members = format!("/api/v1/workspaces/{}/members", owner.workspace());
    let keys = format!("/api/v1/workspaces/{}/api-keys", owner.workspace());
    let broken = owner.client.send("POST", &artifacts, JSON, "{\"name\": nul}").problem(400, "invalid_json");
    assert!(said(broken).contains("expected true, false or null at line 1"));
    for (path, body, expected) in [
        (&artifacts, json!([1]), "must be an object, not an array"),
        (&artifacts, json!(7), "must be an object, not a number"),
        (&artifacts, json!({"name": 7}), "must be a string, not a number"),
        (&artifacts, json!({"name": "n", "tags": "red"}), "must be an array, not a string"),
        (&artifacts, json!({"name": "n", "artifact_metadata": []}), "must be an object, not an array"),
        (&bulk, json!({"operations": [{"op": "burn"}]}), "/op: must be one of create, update, delete"),
        (&bulk, json!({"operations": [{"op": null}]}), "op: must be a string, not null: one of create, update, delete"),
        (&bulk, json!({"operations": [{"op": "delete", "id": "7"}]}), "operations/0/id: must be a UUID"),
        (&bulk, json!({"operations": [{"op": "delete"}]}), "operations/0/id: is required"),
        (&bulk, json!({"operations": [], "atomic": "perhaps"}), "must be true or false, not a string"),
        (&members, json!({"email": "a", "role": "king"}), "must be one of owner, admin, member"),
        (
            &members,
            json!({"email": "a", "role": 7}),
            "role: must be a string, not a number: one of owner, admin, member",
        ),
        (&keys, json!({"name": "n", "scopes": [5]}), "a string, not a number: one of artifacts:read, artifacts:write"),
        (&keys, json!({"name": "n", "scopes": [], "expires_at": 7}), "must be a string with a time, not a number"),
    ] {
        let problem = owner.client.post(path, &body).problem(422, "validation_failed").to_string();
        assert!(problem.contains(expected), "{body}: {problem}");
        for ours in ["struct", "enum", "variant", "u64", "uint", "Request", "Body", "Operation"] {
            assert!(!problem.contains(ours), "{ours} in {problem}");
        }
    }
}

#[test]
fn numbers_that_do_not_fit_are_refused_with_their_place() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let bulk = format!("{artifacts}/bulk");
    let import = format!("{artifacts}/import");
    for number in ["9223372036854775808", "18446744073709551616", "-9223372036854775809", "1e999"] {
        let body = format!(r#"{{"name": "n", "artifact_metadata": {{"a.b": {number}}}}}"#);
        let reply = owner.client.send("POST", &artifacts, JSON, body.clone());
        assert_eq!(reply.invalid_fields(), ["/artifact_metadata/a.b"], "{number}");
        let many = format!(r#"{{"operations": [{{"op": "create", {}]}}"#, &body[1..]);
        let reply = owner.client.send("POST", &bulk, JSON, many);
        assert_eq!(reply.invalid_fields(), ["/operations/0/artifact_metadata/a.b"], "{number}");
        let reply = owner.client.send("POST", &import, "application/x-ndjson", body);
        assert_eq!(reply.invalid_fields(), ["/1/artifact_metadata/a.b"], "{number}");
        let settings = format!(r#"{{"name": "Acme", "settings": {{"deep": [{number}]}}}}"#);
        let reply = owner.client.send("POST", "/api/v1/workspaces/", JSON, settings);
        assert_eq!(reply.invalid_fields(), ["/settings/deep/0"], "{number}");
    }
    let keys = format!("/api/v1/workspaces/{}/api-keys", owner.workspace());
    let wrong = r#"{"name": 18446744073709551616, "scopes": ["artifacts:read"], "expires_at": 18446744073709551616}"#;
    let problem = owner.client.send("POST", &keys, JSON, wrong).problem(422, "validation_failed");
    let details = problem["errors"].as_array().expect("errors").iter().map(|error| text(&error["detail"]));
    let expected = ["must be a string, not a number", "must be a string with a time, not a number"];
    assert_eq!(details.collect::<Vec<_>>(), expected);
    let ignored = r#"{"name": "n", "size": 18446744073709551616, "more": {"sizes": [1e999]}}"#;
    owner.client.send("POST", &artifacts, JSON, ignored).expect(201);
    let whole = r#"{"name": "n", "artifact_metadata": {"least": -9223372036854775808, "most": 9223372036854775807}}"#;
    let made = owner.client.send("POST", &artifacts, JSON, whole).expect(201).json();
    assert_eq!(made["artifact_metadata"], json!({"least": i64::MIN, "most": i64::MAX}));
}

#[test]
fn who_wants_strict_handling_is_told_what_is_unknown() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let strict = owner.client.with("Prefer", "handling=strict");
    let artifacts = owner.artifacts();
    let body =
        json!({"name": "n", "id": artifacts, "tenant_id": 1, "role": "owner", "created_by": "me", "colour": "red"});
    owner.client.post(&artifacts, &body).expect(201);
    let reply = strict.post(&artifacts, &body);
    assert_eq!(reply.header("preference-applied"), Some("handling=strict"));
    let problem = reply.problem(422, "unknown_field");
    let pointers = |problem: &Value| {
        let errors = problem["errors"].as_array().expect("errors").iter();
        errors.map(|error| text(&error["pointer"])).collect::<Vec<_>>()
    };
    assert_eq!(pointers(&problem), ["/id", "/tenant_id", "/role", "/created_by", "/colour"]);

    let bulk =
        json!({"operations": [{"op": "create", "name": "n"}, {"op": "create", "name": "n", "nam": 1}], "all": 1});
    let problem = strict.post(&format!("{artifacts}/bulk"), &bulk).problem(422, "unknown_field");
    assert_eq!(pointers(&problem), ["/operations/1/nam", "/all"]);
    let lines = "{\"name\": \"n\"}\n{\"name\": \"n\", \"tenant_id\": 1}\n";
    let reply = strict.send("POST", &format!("{artifacts}/import"), "application/x-ndjson", lines);
    assert_eq!(pointers(&reply.problem(422, "unknown_field")), ["/2/tenant_id"]);
    // Also when something else is wrong.
    let body = json!({"name": 7, "nam": "n"});
    assert_eq!(pointers(&strict.post(&artifacts, &body).problem(422, "unknown_field")), ["/nam"]);

    let metadata = json!({"name": "n", "artifact_metadata": {"anything": 1}});
    let reply = strict.post(&artifacts, &metadata).expect(201);
    assert_eq!(reply.header("preference-applied"), Some("handling=strict"));
    let problem = strict.get(&format!("{artifacts}?limit=5&page=2&tags[]=a")).problem(422, "unknown_field");
    assert_eq!(pointers(&problem), ["/page"]);
    strict.get(&format!("{artifacts}?limit=5&tags[]=a")).expect(200);
    for page in ["/docs", "/redoc", "/openapi.json", "/openapi.yaml"] {
        let reply = strict.get(page).expect(200);
        assert_eq!(reply.header("preference-applied"), Some("handling=strict"), "{page}");
        assert_eq!(pointers(&strict.get(&format!("{page}?theme=dark")).problem(422, "unknown_field")), ["/theme"]);
    }
    let lenient = owner.client.get(&format!("{artifacts}?page=2")).expect(200);
    assert_eq!(lenient.header("preference-applied"), None);

    // Where something is not looked at, nothing is said to have been.
    let path = format!("{artifacts}/{}", text(&reply.json()["id"]));
    assert_eq!(strict.get(&path).expect(200).header("preference-applied"), Some("handling=strict"));
    owner.client.delete(&path).expect(204);
    for unchecked in [
        strict.post(&format!("{path}/restore"), &json!({"anything": 1})).expect(200),
        strict.get("/nowhere").expect(404),
    ] {
        assert_eq!(unchecked.header("preference-applied"), None);
    }
    strict.post("/api/v1/auth/logout", &json!({"bogus": 1})).problem(422, "unknown_field");
    owner.client.post("/api/v1/auth/logout", &json!({"bogus": 1})).expect(200);
}

#[test]
fn booleans_are_read_as_older_clients_write_them() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let path = format!("/api/v1/workspaces/{}", owner.workspace());
    for (sent, expected) in [(json!("False"), false), (json!("true"), true), (json!(false), false), (json!(true), true)]
    {
        let workspace = owner.client.put(&path, &json!({"is_active": sent})).expect(200).json();
        assert_eq!(workspace["is_active"], expected, "{sent}");
    }
    for wrong in [json!(1), json!("perhaps"), json!([])] {
        assert_eq!(owner.client.put(&path, &json!({"is_active": wrong})).invalid_fields(), ["/is_active"], "{wrong}");
    }
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    owner.client.send("POST", &artifacts, JSON, "\u{feff}{\"name\": \"marked\"}").expect(201);
    let lines = "\u{feff}{\"name\": \"a\"}\n\u{feff}\n\u{feff}{\"name\": \"b\"}\n";
    let reply = owner.client.send("POST", &format!("{artifacts}/import"), "application/x-ndjson", lines);
    assert_eq!(reply.expect(200).json()["imported"], 2);
}

#[test]
fn a_compressed_body_is_a_415() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for encoding in ["gzip", "br", "identity, gzip"] {
        let client = owner.client.with("Content-Encoding", encoding);
        client.post(&artifacts, &json!({"name": "n"})).problem(415, "unsupported_media_type");
        let keyed = client.with("Idempotency-Key", encoding.split(',').next().expect("a name"));
        keyed.post(&artifacts, &json!({"name": "n"})).problem(415, "unsupported_media_type");
        let import = client.send("POST", &format!("{artifacts}/import"), "application/x-ndjson", "{}");
        import.problem(415, "unsupported_media_type");
    }
    owner.client.with("Content-Encoding", "identity").post(&artifacts, &json!({"name": "n"})).expect(201);
}

#[test]
fn a_change_that_changes_nothing_makes_no_version() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let body =
        json!({"name": "same", "tags": ["b", "a"], "description": "d", "artifact_metadata": {"k": 1, "zero": 0}});
    let made = owner.artifact(&artifacts, &body);
    let path = format!("{artifacts}/{}", text(&made["id"]));
    let same_numbers = json!({"artifact_metadata": {"k": 1.0, "zero": -0.0}});
    for patch in [json!({}), body.clone(), json!({"name": " same "}), json!({"tags": ["B", "a", "b"]}), same_numbers] {
        let reply = owner.client.patch(&path, &patch).expect(200);
        assert_eq!(reply.json(), made, "{patch}");
        assert!(reply.header("etag").is_some_and(|tag| tag.ends_with("-1\"")));
        assert_eq!(owner.client.put(&path, &patch).expect(200).json(), made, "{patch}");
    }
    let bulk = json!({"operations": [{"op": "update", "id": made["id"], "name": "same"}], "atomic": true});
    let result = owner.client.post(&format!("{artifacts}/bulk"), &bulk).expect(200).json();
    assert_eq!((&result["results"][0]["status"], &result["results"][0]["artifact"]), (&json!(200), &made));
    let history = owner.client.get(&format!("{path}/history")).expect(200).json();
    assert_eq!(history["items"].as_array().map(Vec::len), Some(1));

    let workspaces = json!({"name": "Acme", "settings": {"sizes": [1, 2.5], "of": {"zero": 0.0}}});
    let workspace = owner.client.post("/api/v1/workspaces", &workspaces).expect(201).json();
    let path = format!("/api/v1/workspaces/{}", text(&workspace["id"]));
    let same = json!({"name": workspace["name"], "description": workspace["description"]});
    for same in [same, json!({"settings": {"of": {"zero": -0.0}, "sizes": [1.0, 2.5]}})] {
        assert_eq!(owner.client.patch(&path, &same).expect(200).json(), workspace);
    }
    let audit = owner.client.get(&format!("{path}/audit")).expect(200).json();
    assert!(!audit.to_string().contains("workspace.updated"), "{audit}");
}

#[test]
fn a_tag_that_a_proxy_has_changed_is_known() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made = owner.artifact(&artifacts, &json!({"name": "tagged"}));
    let path = format!("{artifacts}/{}", text(&made["id"]));
    for (version, (start, end)) in
        [("W/\"", "\""), ("\"", "-gzip\""), ("W/\"", "-br\""), ("\"", "\"")].into_iter().enumerate()
    {
        let reply = owner.client.get(&path).expect(200);
        let tag = format!("{start}{}{end}", reply.header("etag").expect("a tag").trim_matches('"'));
        owner.client.with("If-None-Match", &tag).get(&path).expect(304);
        let change = json!({"name": format!("change {version}")});
        owner.client.with("If-Match", &tag).patch(&path, &change).expect(200);
    }
    let reply = owner.client.with("If-Match", "\"never\"").patch(&path, &json!({"name": "x"}));
    let detail = text(&reply.problem(412, "version_mismatch")["detail"]);
    assert!(!detail.contains("changed") && detail.contains('5'), "{detail}");
}

#[test]
fn an_http_1_1_request_names_one_host() {
    let server = Server::shared();
    for hosts in ["", "Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n", "Host: a b\r\n", "Host:\r\n"] {
        let mut raw = Raw::connect(server.address());
        let answer = raw.send(format!("GET /health HTTP/1.1\r\n{hosts}\r\n")).read_answer();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{hosts:?}: {answer}");
        assert!(answer.contains("application/problem+json") && answer.contains("\"invalid_request\""), "{answer}");
    }
    let mut raw = Raw::connect(server.address());
    let answer = raw.send("GET /health HTTP/1.0\r\n\r\n").read_answer();
    assert!(answer.starts_with("HTTP/1.0 200 ") || answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn scripts_may_send_what_their_libraries_add_by_habit() {
    let server = Server::shared();
    let client = server.client().with("Origin", "http://localhost:3000").with("Access-Control-Request-Method", "GET");
    let names = "authorization, x-requested-with, x-correlation-id, cache-control, pragma, sentry-trace";
    let reply = client.with("Access-Control-Request-Headers", names).call("OPTIONS", "/api/v1/workspaces").expect(204);
    assert_eq!(reply.header("access-control-allow-headers"), Some(names));
    let reply = client.call("OPTIONS", "/api/v1/workspaces").expect(204);
    let allowed = reply.header("access-control-allow-headers").expect("a header");
    for name in ["X-Requested-With", "X-Correlation-ID", "Cache-Control", "Prefer", "Idempotency-Key"] {
        assert!(allowed.contains(name), "{name} is not in {allowed}");
    }
    let production = Setup::new().real_hashing().env("ENVIRONMENT", "production").start();
    let reply = production.client().with("Origin", "http://localhost:3000").get("/health").expect(200);
    assert_eq!(reply.header("access-control-allow-origin"), None);
}
