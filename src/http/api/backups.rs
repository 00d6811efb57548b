//! Backups, for the operator.

use std::io;
use std::sync::Arc;

use futures_util::{Stream, stream};
use hyper::body::Bytes;
use poem::Body;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::payload::Binary;

use super::Tag;
use crate::http::operators::Operator;
use crate::http::refused::{OPERATOR, Refused};
use crate::http::state::State;
use crate::service::Backup;

/// Operations on everything there is.
pub(crate) struct BackupsApi;

#[OpenApi(prefix_path = "/api/v1/system", tag = "Tag::System")]
impl BackupsApi {
    /// Back everything up
    ///
    /// For operators: those who send `server.operator_token` as bearer token, connect to the operator socket in the data
    /// directory, or are signed in with an account that may operate. The answer is a backup of one moment, sent while it is read, for `ghostworks restore`, which sees by a
    /// checksum whether it is whole. There is one at a time.
    #[oai(path = "/backup", method = "post", operation_id = "create_backup")]
    async fn backup(
        &self,
        state: Data<&Arc<State>>,
        _operator: Operator,
    ) -> Result<Binary<Body>, Refused<{ OPERATOR }>> {
        Ok(Binary(Body::from_bytes_stream(pieces(state.service.backup().await?))))
    }
}

/// The pieces of a backup. An error breaks the answer off.
fn pieces(backup: Backup) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::unfold(backup, |mut backup| async move {
        let piece = backup.next().await?.map(Bytes::from);
        let piece = piece.inspect_err(|error| tracing::error!(%error, "a backup was broken off"));
        Some((piece.map_err(io::Error::other), backup))
    })
}
