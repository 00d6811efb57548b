//! Many writes in one call: the result of each, and all or nothing.

use serde_json::{Value, json};

use super::catalog::{Artifact, Catalog, Whereabouts};
use super::plain::{Allowed, Role};
use super::steps::{Operation, Who};
use super::world::{Call, Checked, World, timeless};

impl World {
    pub fn bulk(&mut self, who: Who, atomic: bool, operations: &[Operation]) -> Checked {
        let (by, at) = self.who(who);
        let sent: Vec<Value> = operations.iter().map(|operation| self.sent(at, operation)).collect();
        let body = json!({"operations": sent, "atomic": atomic});
        let reply = self.call(by, Call::new("POST", &format!("{}/bulk", self.artifacts(at))).with(&body));
        let workspace = &self.plain.workspaces[at];
        let answer = timeless(reply.json());
        let mut catalog = workspace.catalog.clone();
        let outcomes = self.outcomes(&mut catalog, by, operations.iter().zip(&sent), atomic, &answer);
        let failed: Vec<usize> = (0..outcomes.len()).filter(|index| outcomes[*index].is_err()).collect();
        let nothing = if atomic && !failed.is_empty() { Err((409, "bulk_failed")) } else { Ok(()) };
        let allowed = workspace.allows(by, Role::Member);
        if self.agree(&reply, 200, allowed.and(nothing))?.is_none() {
            let pointer = |index: &usize| format!("/operations/{index}{}", place_of_fault(&operations[*index]));
            let pointers: Vec<String> = failed.iter().map(pointer).collect();
            let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
            let told: Vec<&str> = errors.iter().filter_map(|error| error["pointer"].as_str()).collect();
            return if allowed.is_ok() {
                self.same("what failed", &told, &pointers.iter().map(String::as_str).collect())
            } else {
                Ok(())
            };
        }
        let results: Vec<Value> = outcomes.iter().zip(&sent).enumerate().map(result).collect();
        let expected =
            json!({"results": results, "failed": failed.len(), "succeeded": operations.len() - failed.len()});
        self.plain.workspaces[at].catalog = catalog;
        self.same("what became of each", &with_codes_only(answer), &expected)
    }

    /// An operation as it is sent.
    fn sent(&self, at: usize, operation: &Operation) -> Value {
        let (op, pick, is_right, fields) = match operation {
            Operation::CreateBadly => return json!({"op": "create", "name": "<"}),
            Operation::Create(fields) => ("create", None, None, Some(fields)),
            Operation::Update(pick, is_right, fields) => ("update", Some(*pick), *is_right, Some(fields)),
            Operation::Delete(pick, is_right) => ("delete", Some(*pick), *is_right, None),
        };
        let mut sent = json!(fields.cloned().unwrap_or_default());
        sent["op"] = json!(op);
        if let Some(pick) = pick {
            let id = self.pick(at, Whereabouts::Live, pick);
            let known = self.plain.workspaces[at].catalog.get(&id, Whereabouts::Anywhere);
            let current = known.map_or(1, Artifact::version);
            sent["id"] = json!(id);
            if let Some(is_right) = is_right {
                sent["version"] = json!(if is_right { current } else { current + 5 });
            }
        }
        sent
    }

    /// What becomes of each operation in turn: its status, the artifact's id, and the artifact if it is still there.
    fn outcomes<'a>(
        &self,
        catalog: &mut Catalog,
        by: usize,
        operations: impl Iterator<Item = (&'a Operation, &'a Value)> + Clone,
        atomic: bool,
        answer: &Value,
    ) -> Vec<Allowed<(u16, Value, Option<Value>)>> {
        let is_bad = |operation: &Operation| matches!(operation, Operation::CreateBadly);
        // What can never be is found before anything is tried.
        let is_vain = atomic && operations.clone().any(|(operation, _)| is_bad(operation));
        let outcome = |(index, (operation, sent)): (usize, (&Operation, &Value))| {
            if is_bad(operation) {
                return Err((422, "validation_failed"));
            }
            if is_vain {
                return Ok((0, Value::Null, None));
            }
            let (who, expected) = ((by, self.tick), sent["version"].as_u64().map(|version| vec![version]));
            let id = match operation {
                Operation::Create(_) | Operation::CreateBadly => answer["results"][index]["id"].clone(),
                Operation::Update(..) | Operation::Delete(..) => sent["id"].clone(),
            };
            let known = id.as_str().unwrap_or_default();
            let status = match operation {
                Operation::Create(fields) => {
                    catalog.create(by, self.tick, known.to_owned(), fields);
                    201
                }
                Operation::Update(.., fields) => catalog.update(who, known, &expected, fields).map(|()| 200)?,
                Operation::Delete(..) => catalog.delete(who, known, &expected).map(|()| 204)?,
                Operation::CreateBadly => unreachable!("it was refused"),
            };
            let live =
                catalog.get(known, Whereabouts::Live).ok().map(|artifact| catalog.body(&self.plain.people, artifact));
            Ok((status, id, live))
        };
        operations.enumerate().map(outcome).collect()
    }
}

type Outcome = Allowed<(u16, Value, Option<Value>)>;

fn place_of_fault(operation: &Operation) -> &'static str {
    match operation {
        Operation::CreateBadly => "/name",
        Operation::Create(_) | Operation::Update(..) | Operation::Delete(..) => "",
    }
}

/// The result of an operation as it is answered.
fn result((index, (outcome, sent)): (usize, (&Outcome, &Value))) -> Value {
    let (status, id, member) = match outcome {
        Ok((status, id, artifact)) => (status, Some(id), artifact.clone().map(|artifact| ("artifact", artifact))),
        Err((status, code)) => (status, sent.get("id"), Some(("error", json!(code)))),
    };
    let mut result = json!({"index": index, "status": status});
    let members = id.map(|id| ("id", id.clone())).into_iter().chain(member);
    members.for_each(|(name, value)| result[name] = value);
    result
}

/// The answer with the code of each error in its place.
fn with_codes_only(mut answer: Value) -> Value {
    for result in answer["results"].as_array_mut().into_iter().flatten() {
        if let Some(error) = result.get_mut("error") {
            *error = error["code"].take();
        }
    }
    answer
}
