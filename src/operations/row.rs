//! What is declared of an operation.

use std::time::Duration;

use crate::domain::Action;

/// The deadline of most operations.
const USUAL: Duration = Duration::from_secs(60);
/// The deadline of operations on many artifacts at once.
pub(super) const LONG: Duration = Duration::from_secs(300);

/// The deadline of operations that read everything there is before they answer.
pub(super) const ALL: Duration = Duration::from_secs(3600);

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone, signed in or not.
    Anyone,
    /// Anyone who is signed in, for themselves.
    SignedIn,
    /// Anyone who is signed in, and the operator; in development, anyone.
    Known,
    /// Members of the workspace whose role allows the action, and API keys whose scope does.
    Member(Action),
    /// The operator of this server.
    Operator,
}

/// A limit of requests by the client's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateClass {
    /// Registering.
    Register,
    /// Signing in.
    Login,
    /// Refreshing tokens.
    Refresh,
    /// Creating workspaces.
    WorkspaceCreate,
    /// Having mail sent, and following its links.
    Mail,
}

/// Who may store an answer on its way (RFC 9111).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Anyone; the handler says for how long.
    Public,
    /// The client alone: it depends on who asks.
    Private,
    /// Nobody: it holds a secret, or a person's data.
    Secret,
}

/// What an `Idempotency-Key` does to a `POST`: other methods may be repeated anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Nothing.
    No,
    /// The same request again gets the first answer again.
    Answer,
    /// The same request again is a conflict that names what was made: its answer holds a secret, which is not kept.
    Conflict,
    /// The same key again is such a conflict, whatever the body: it may hold a password, and a fast digest of that would be
    /// guessed by anyone who has the database.
    ConflictWhateverIsSent,
}

/// What a request's body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// One value, of at most `server.max_body_bytes`.
    Json,
    /// Lines, of at most `server.max_import_bytes` in all.
    Import,
}

/// What holds for an operation.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The name of its business span; empty for what has none.
    pub span: &'static str,
    /// Its ids in the OpenAPI document: several methods and paths may ask for the same.
    pub ids: &'static [&'static str],
    /// Who may ask.
    pub access: Access,
    /// Which limit by address its requests count against, if any.
    pub rate: Option<RateClass>,
    /// Who may store its answers.
    pub answers: Answers,
    /// What an idempotency key does.
    pub replay: Replay,
    /// What its body may be.
    pub body: Body,
    /// How long it may take until the answer begins.
    pub deadline: Duration,
    /// Whether it is answered where only operators listen.
    pub is_of_operators: bool,
    /// Whether it is answered on connections beyond those that there may be, and to anyone where only operators listen.
    pub is_probe: bool,
}

impl Row {
    /// Of what says nothing about the catalog: no business span.
    pub(super) const fn without_span(ids: &'static [&'static str]) -> Self {
        Self::of("", ids)
    }

    /// What holds unless said otherwise.
    pub(super) const fn of(span: &'static str, ids: &'static [&'static str]) -> Self {
        let (access, answers) = (Access::Anyone, Answers::Public);
        Self {
            span,
            ids,
            access,
            rate: None,
            answers,
            replay: Replay::No,
            body: Body::Json,
            deadline: USUAL,
            is_of_operators: false,
            is_probe: false,
        }
    }

    /// Whether a request with this method takes an `Idempotency-Key`.
    pub fn takes_key(&self, method: &str) -> bool {
        self.replay != Replay::No && method.eq_ignore_ascii_case("POST")
    }

    pub(super) const fn anyone(self) -> Self {
        Self { access: Access::Anyone, ..self }
    }

    pub(super) const fn signed_in(self) -> Self {
        Self { access: Access::SignedIn, answers: Answers::Private, ..self }
    }

    pub(super) const fn known(self) -> Self {
        Self { access: Access::Known, answers: Answers::Private, ..self }.of_operators()
    }

    pub(super) const fn member(self, action: Action) -> Self {
        Self { access: Access::Member(action), answers: Answers::Private, ..self }
    }

    pub(super) const fn operator(self) -> Self {
        Self { access: Access::Operator, answers: Answers::Secret, ..self }.of_operators()
    }

    pub(super) const fn of_operators(self) -> Self {
        Self { is_of_operators: true, ..self }
    }

    pub(super) const fn probe(self) -> Self {
        Self { is_probe: true, ..self }.of_operators()
    }

    pub(super) const fn rate(self, class: RateClass) -> Self {
        Self { rate: Some(class), ..self }
    }

    pub(super) const fn secret(self) -> Self {
        Self { answers: Answers::Secret, ..self }
    }

    pub(super) const fn replayed(self) -> Self {
        Self { replay: Replay::Answer, ..self }
    }

    pub(super) const fn once(self) -> Self {
        Self { replay: Replay::Conflict, ..self }
    }

    pub(super) const fn once_whatever_is_sent(self) -> Self {
        Self { replay: Replay::ConflictWhateverIsSent, ..self }
    }

    pub(super) const fn import(self) -> Self {
        Self { body: Body::Import, ..self }
    }

    pub(super) const fn within(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }
}
