//! What operators see of the server, and do to it: for accounts that may operate, and for nobody else.

pub(super) mod accounts;
mod attention;
pub(super) mod configuration;
mod graphs;
mod heat;
mod hour;
pub(super) mod log;
pub(super) mod overview;
pub(super) mod storage;
mod timeline;
pub(super) mod workspaces;

use super::form::Form;
use super::outcome::Outcome;
use super::submission;
use super::visitor::Visitor;
use crate::http::pages::PageRequest;
use crate::service::Operator;

/// Somebody who may operate the server.
pub(super) struct Operating {
    /// Who it is.
    pub visitor: Visitor,
    /// The same, to whom only operators may do what is done.
    pub operator: Operator,
}

impl Operating {
    /// Who looks at a page for operators; an error for all others.
    pub async fn of(request: &PageRequest) -> Result<Self, Outcome> {
        let visitor = Visitor::of(request).await?;
        let operator = request.service().operator(&visitor.caller).await?;
        Ok(Self { visitor, operator })
    }

    /// Who sends a form that is for operators, and its fields.
    pub async fn sending(request: &mut PageRequest) -> Result<(Self, Form), Outcome> {
        let (visitor, form) = submission::of_visitor(request).await?;
        let operator = request.service().operator(&visitor.caller).await?;
        Ok((Self { visitor, operator }, form))
    }
}
