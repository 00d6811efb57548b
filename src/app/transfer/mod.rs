//! The artifacts of a workspace, out of a server that runs and into another, over HTTP like everyone else.

mod error;
mod export;
mod import;
mod lines;
mod remote;

pub use error::TransferError;
pub(super) use export::Begun;
pub use export::{Export, Exported, export};
pub(super) use lines::{IMPORTED, Lines, open_lines};
pub(super) use remote::RemoteServer;

pub use import::{Import, Imported, Refused, RefusedLine, import};
