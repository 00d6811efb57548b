//! The signing key, for operators.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use super::Tag;
use crate::http::json::Json;
use crate::http::operators::Operator;
use crate::http::refused::{CONFLICT, OPERATOR, Refused};
use crate::http::state::State;
use crate::http::types::Time;

/// Operations on the key of this server.
pub(crate) struct SigningKeyApi;

#[OpenApi(prefix_path = "/api/v1/operator", tag = "Tag::Operator")]
impl SigningKeyApi {
    /// Rotate the signing key
    ///
    /// For operators. Another key, made at random, signs access tokens and cursors: from now on, or where several servers share
    /// it, as soon as all of them know it. What the former one signed is believed for as long as an access token lasts, so
    /// nobody has to sign in again. Without such a database, a key that is configured is changed there: 409
    /// `signing_key_configured`.
    #[oai(path = "/signing-key/rotate", method = "post", operation_id = "rotate_signing_key")]
    async fn rotate(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
    ) -> Result<Json<RotatedKeyBody>, Refused<{ OPERATOR | CONFLICT }>> {
        let rotated = state.service.rotate_signing_key(&operator.0).await?;
        let (signs_from, former_until) = (Time(rotated.signs_from), Time(rotated.former_until));
        Ok(Json(RotatedKeyBody { signs_from, former_until }))
    }
}

/// What came of rotating the signing key.
#[derive(Serialize, Object)]
#[oai(rename = "RotatedKey")]
struct RotatedKeyBody {
    /// From when on the new key signs.
    signs_from: Time,
    /// Until when the former key is believed.
    former_until: Time,
}
