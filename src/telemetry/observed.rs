//! What can be observed: the product's operations, and those that developers of the service name themselves.

use crate::operations::Operation;

/// Something that is observed as it runs.
#[derive(Clone, Copy)]
pub struct Observed {
    /// The name of its span.
    pub(super) span: &'static str,
    /// What it is in the table of operations; none for a name of a developer's own.
    pub(super) operation: Option<Operation>,
}

impl Observed {
    /// How the caller proves who it is, for operations that are attempts to.
    pub(super) fn auth_method(self) -> Option<&'static str> {
        self.operation.and_then(Operation::auth_method)
    }
}

impl From<Operation> for Observed {
    fn from(operation: Operation) -> Self {
        Self { span: operation.span_name(), operation: Some(operation) }
    }
}

impl From<&'static str> for Observed {
    fn from(span: &'static str) -> Self {
        Self { span, operation: None }
    }
}
