//! The OpenAPI document has all that clients of the older service ask for, send and read: see `tests/older_service.txt`.

use serde_json::Value;

const TABLE: &str = include_str!("../older_service.txt");
const DOCUMENT: &str = include_str!("../../openapi/ghostworks.json");

/// What errors had.
const PROBLEM: [&str; 4] = ["detail", "error", "message", "timestamp"];

struct Document(Value);

impl Document {
    /// What a schema is about: without references, and of a list, its items.
    fn schema<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        loop {
            schema = match (&schema["$ref"], &schema["items"]) {
                (Value::String(reference), _) => self.0.pointer(&reference[1..]).expect("what is referred to"),
                (_, items @ Value::Object(_)) => items,
                _ => return schema,
            };
        }
    }

    /// Whether a schema has the field at a path of names.
    fn has(&self, schema: &Value, path: &str) -> bool {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let parts = ["allOf", "anyOf", "oneOf"].iter().filter_map(|of| self.schema(schema)[*of].as_array());
        let is_in_part = parts.flatten().any(|part| self.has(part, path));
        let field = &self.schema(schema)["properties"][name];
        is_in_part || (!field.is_null() && (rest.is_empty() || self.has(field, rest)))
    }

    fn operation(&self, method: &str, path: &str) -> &Value {
        let shape = |path: &str| {
            let names =
                path.trim_end_matches('/').split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
            names.collect::<Vec<_>>().join("/")
        };
        let found = self.0["paths"].as_object().expect("paths").iter().find(|(own, _)| shape(own) == shape(path));
        let (_, operations) = found.unwrap_or_else(|| panic!("{path} has disappeared"));
        operations.get(method.to_lowercase()).unwrap_or_else(|| panic!("{method} {path} has disappeared"))
    }

    fn check(&self, line: &str) {
        let [asked, query, body, answer] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("four columns: {line}")
        };
        let (method, path) = asked.split_once(char::is_whitespace).expect("a method and a path");
        let operation = self.operation(method, path.trim());
        self.check_query(asked, operation, query);
        self.check_body(asked, operation, body);
        let (status, fields) = answer.split_once(' ').unwrap_or((answer, ""));
        let response = &operation["responses"][status];
        assert!(response.is_object(), "{asked}: no {status}");
        let content = &response["content"]["application/json"]["schema"];
        for field in fields.split_whitespace() {
            assert!(self.has(content, field), "{asked}: the answer has no {field} any more");
        }
        self.check_problems(asked, operation);
    }

    fn check_query(&self, asked: &str, operation: &Value, query: &str) {
        let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let in_query = || parameters.iter().filter(|parameter| parameter["in"] == "query");
        for name in query.split_whitespace() {
            let is_there = in_query().any(|parameter| parameter["name"] == name);
            assert!(is_there, "{asked}: no parameter {name} any more");
        }
        for parameter in in_query().filter(|parameter| parameter["required"] == true) {
            let is_known = query.split_whitespace().any(|name| parameter["name"] == name);
            assert!(is_known, "{asked}: older clients don't send {}", parameter["name"]);
        }
    }

    fn check_body(&self, asked: &str, operation: &Value, body: &str) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        for field in body.split_whitespace().map(|field| field.trim_end_matches('*')) {
            assert!(self.has(schema, field), "{asked}: the body takes no {field} any more");
        }
        for required in self.schema(schema)["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let is_sent = body.split_whitespace().any(|field| field == format!("{required}*"));
            assert!(is_sent, "{asked}: older clients need not send {required}");
        }
    }

    fn check_problems(&self, asked: &str, operation: &Value) {
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let problem = &response["content"]["application/problem+json"]["schema"];
            for field in PROBLEM.iter().filter(|_| problem.is_object()) {
                assert!(self.has(problem, field), "{asked}: {status} has no {field} any more");
            }
        }
    }
}

#[test]
fn nothing_that_older_clients_send_or_read_disappears() {
    let document = Document(serde_json::from_str(DOCUMENT).expect("a document"));
    let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(lines.inspect(|line| document.check(line)).count(), 28);
}
