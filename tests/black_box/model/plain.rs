//! What the API is, as plainly as it can be said: people, and workspaces with members, in memory.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::catalog::Catalog;

/// What a call is refused with: its status, and the code of the problem.
pub type Refused = (u16, &'static str);
pub type Allowed<T = ()> = Result<T, Refused>;

/// A member's role; greater may do more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Member,
    Admin,
    Owner,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// Someone with an account. Elsewhere people are called by their place among those, in the order they registered.
pub struct Person {
    pub email: String,
    /// The id the server gave them.
    pub id: String,
}

#[derive(Default)]
pub struct Plain {
    pub people: Vec<Person>,
    /// In the order of creation, those that were deleted too.
    pub workspaces: Vec<Workspace>,
}

impl Plain {
    pub fn find(&self, email: &str) -> Option<usize> {
        self.people.iter().position(|person| person.email == email)
    }

    pub fn has_slug(&self, slug: &str) -> bool {
        self.workspaces.iter().any(|workspace| !workspace.is_deleted() && workspace.slug == slug)
    }

    /// The workspaces of someone, oldest first.
    pub fn workspaces_of(&self, person: usize) -> Value {
        self.workspaces.iter().filter_map(|workspace| workspace.seen_by(person).ok()).collect()
    }

    /// Who is in a workspace, in the order of registration.
    pub fn members(&self, at: usize) -> Value {
        let member = |(person, role): (&usize, &Role)| {
            let Person { id, email } = &self.people[*person];
            json!({"user_id": id, "email": email, "role": role.as_str()})
        };
        self.workspaces[at].roles.iter().map(member).collect()
    }

    pub fn figures(&self) -> Value {
        let there = || self.workspaces.iter().filter(|workspace| !workspace.is_deleted());
        // Beside them is one account with a workspace and an artifact, by which the server's entity tags were seen.
        json!({
            "users": 1 + self.people.len(),
            "workspaces": 1 + there().count(),
            "artifacts": 1 + there().map(|workspace| workspace.catalog.kept().count()).sum::<usize>(),
            "active_artifacts": 1 + there().map(|workspace| workspace.catalog.live().count()).sum::<usize>(),
        })
    }
}

pub struct Workspace {
    /// The id the server gave it.
    pub id: String,
    pub name: String,
    pub slug: String,
    /// The role of each member; nobody is one once it is deleted.
    pub roles: BTreeMap<usize, Role>,
    pub catalog: Catalog,
}

impl Workspace {
    pub fn new(owner: usize, id: String, name: &str, slug: String) -> Self {
        let catalog = Catalog::new(id.clone());
        Self { id, name: name.to_owned(), slug, roles: BTreeMap::from([(owner, Role::Owner)]), catalog }
    }

    fn is_deleted(&self) -> bool {
        self.roles.is_empty()
    }

    /// Whether someone may do what needs the role `least`.
    pub fn allows(&self, by: usize, least: Role) -> Allowed {
        match self.roles.get(&by) {
            None => Err((404, "workspace_not_found")),
            Some(role) if *role < least => Err((403, "forbidden")),
            Some(_) => Ok(()),
        }
    }

    pub fn seen_by(&self, person: usize) -> Allowed<Value> {
        self.allows(person, Role::Member)?;
        let Self { id, name, slug, roles, .. } = self;
        Ok(json!({
            "id": id, "name": name, "slug": slug, "description": null, "settings": {}, "is_active": true, "is_suspended": false,
            "member_count": roles.len(), "user_role": roles[&person].as_str(),
        }))
    }

    pub fn rename(&mut self, by: usize, name: &str) -> Allowed<Value> {
        self.allows(by, Role::Admin)?;
        name.clone_into(&mut self.name);
        self.seen_by(by)
    }

    pub fn delete(&mut self, by: usize) -> Allowed {
        self.allows(by, Role::Owner)?;
        self.roles.clear();
        Ok(())
    }

    /// Makes someone a member, if they have an account.
    pub fn invite(&mut self, by: usize, whom: Option<usize>, role: Role) -> Allowed {
        self.allows(by, role.max(Role::Admin))?;
        let whom = whom.ok_or((404, "user_not_found"))?;
        if self.roles.contains_key(&whom) {
            return Err((409, "already_member"));
        }
        self.roles.insert(whom, role);
        Ok(())
    }

    /// Sets the role of someone else, or with `None` ends the membership. Answers the role before.
    pub fn decide(&mut self, by: usize, whom: Option<usize>, role: Option<Role>) -> Allowed<Role> {
        self.allows(by, Role::Owner)?;
        if whom == Some(by) {
            return Err((400, "own_membership"));
        }
        let member = whom.filter(|whom| self.roles.contains_key(whom)).ok_or((404, "member_not_found"))?;
        let before = match role {
            Some(role) => self.roles.insert(member, role),
            None => self.roles.remove(&member),
        };
        Ok(before.expect("a member has a role"))
    }
}
