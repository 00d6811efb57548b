//! What the API is, as plainly as it can be said: workspaces with members and artifacts, in memory.

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Live,
    Trash,
    Gone,
}

#[derive(Clone, Debug)]
pub struct Artifact {
    /// The id the server gave it.
    pub id: String,
    pub name: String,
    pub version: u64,
    pub place: Place,
}

#[derive(Debug)]
pub struct Workspace {
    pub id: String,
    /// The role of each account, by its number.
    pub roles: Vec<Option<Role>>,
    /// In the order of creation.
    pub artifacts: Vec<Artifact>,
}

impl Workspace {
    /// The status with which `by` is turned away from what needs `least`.
    pub fn refuses(&self, by: usize, least: Role) -> Result<(), u16> {
        match self.roles[by] {
            None => Err(404),
            Some(role) if role < least => Err(403),
            Some(_) => Ok(()),
        }
    }

    pub fn invite(&mut self, by: usize, whom: usize, role: Role) -> Result<(), u16> {
        self.refuses(by, Role::Admin)?;
        self.refuses(by, role)?;
        if self.roles[whom].is_some() {
            return Err(409);
        }
        self.roles[whom] = Some(role);
        Ok(())
    }

    /// Sets the role of someone else, or with `None` ends the membership.
    pub fn decide(&mut self, by: usize, whom: usize, role: Option<Role>) -> Result<(), u16> {
        self.refuses(by, Role::Owner)?;
        if by == whom {
            return Err(400);
        }
        if self.roles[whom].is_none() {
            return Err(404);
        }
        self.roles[whom] = role;
        Ok(())
    }

    pub fn create(&mut self, id: String, name: &str) {
        self.artifacts.push(Artifact { id, name: name.to_owned(), version: 1, place: Place::Live });
    }

    /// The artifact, if it is where the caller wants it and has the version the caller wants.
    pub fn find(&mut self, pick: usize, place: Place, version: Option<u64>) -> Result<&mut Artifact, u16> {
        let artifact = self.artifacts.get_mut(pick).filter(|artifact| artifact.place == place).ok_or(404_u16)?;
        if version.is_some_and(|version| version != artifact.version) { Err(412) } else { Ok(artifact) }
    }

    /// Ids and versions of what is in these places, newest first.
    pub fn newest_first(&self, places: &[Place]) -> Vec<(String, u64)> {
        let listed = self.artifacts.iter().rev().filter(|artifact| places.contains(&artifact.place));
        listed.map(|artifact| (artifact.id.clone(), artifact.version)).collect()
    }

    /// The live ones by name, the older first of two alike.
    pub fn by_name(&self) -> Vec<(String, u64)> {
        let mut live: Vec<&Artifact> = self.artifacts.iter().filter(|it| it.place == Place::Live).collect();
        live.sort_by(|one, other| one.name.cmp(&other.name));
        live.into_iter().map(|artifact| (artifact.id.clone(), artifact.version)).collect()
    }
}
