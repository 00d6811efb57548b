//! What a browser sends twice is done once: a double click, a page that is loaded again, a step back to a page that it has kept.
//!
//! Each form has a number. Together with what it says, it is an idempotency key of its account, noted with the write as
//! those of the API are. Who comes second waits for the first, and is led to the same place.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedMutexGuard;

use super::form::{Form, KEY};
use super::outcome::Outcome;
use super::visitor::Visitor;
use crate::domain::{Answer, TenantId};
use crate::http::pages::PageRequest;
use crate::service::{Caller, Error, Service};
use crate::telemetry::in_current_context;

/// The status that leads from a form to a page.
const SEE_OTHER: u16 = 303;

/// Does what a form asks for, unless that was done: then it only leads where the first went. Returns where that is.
/// `otherwise` is where to go when that is not known any more.
pub(super) async fn once<W>(
    request: &PageRequest,
    (visitor, form): (&Visitor, &Form),
    tenant: Option<TenantId>,
    otherwise: String,
    work: impl FnOnce(Arc<Service>, Caller) -> W + Send + 'static,
) -> Result<Result<String, Error>, Outcome>
where
    W: Future<Output = Result<String, Error>> + Send + 'static,
{
    let (service, mut caller) = (request.service().clone(), visitor.caller.clone());
    let fingerprint = digest_of(form);
    let key = key_of(request.uri().path(), form, &caller, &fingerprint);
    let reservation = service.reservation(caller.user, tenant, key, fingerprint);
    let turn = TURNS.take(key).await;
    if let Some(noted) = service.noted(&caller, &reservation).await? {
        return Ok(Ok(noted.answer.and_then(|answer| answer.location).unwrap_or(otherwise)));
    }
    // Without space for another key, it is done all the same: a person sees what there is.
    let has_space = service.require_space_for_key(caller.user).await.is_ok();
    caller.client.reservation = has_space.then_some(reservation);
    // On a task of its own: with the second click, a browser leaves the first request.
    let done = tokio::spawn(in_current_context(async move {
        let _turn = turn;
        let location = work(service.clone(), caller).await?;
        if has_space {
            let answer = answer(&location);
            service.remember_answer(reservation, Some(answer.clone()), answer).await;
        }
        Ok(location)
    }));
    match done.await {
        Ok(result) => Ok(result),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => Err(Error::Internal(error.to_string()).into()),
        },
    }
}

fn answer(location: &str) -> Answer {
    Answer { status: SEE_OTHER, content_type: None, location: Some(location.to_owned()), etag: None, body: Vec::new() }
}

fn digest_of(form: &Form) -> [u8; 32] {
    let mut digest = Sha256::new();
    for text in form.typed().flat_map(|(name, value)| [name, value]) {
        digest.update(text.len().to_be_bytes());
        digest.update(text);
    }
    digest.finalize().into()
}

fn key_of(path: &str, form: &Form, caller: &Caller, fingerprint: &[u8; 32]) -> [u8; 32] {
    let mut digest = Sha256::new();
    // No part can hold the byte that is between them, but for the last, whose length is fixed.
    for part in ["console", path, &form.text(KEY)] {
        digest.update(part);
        digest.update([0]);
    }
    digest.update(caller.user.to_bytes());
    digest.update(fingerprint);
    digest.finalize().into()
}

/// Of more forms than this, those are forgotten that nobody works on.
const TIDIED_ABOVE: usize = 1000;

/// Forms that are being worked on.
static TURNS: LazyLock<Turns> = LazyLock::new(Turns::default);

#[derive(Default)]
struct Turns(Mutex<HashMap<[u8; 32], Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits until nobody works on this form.
    async fn take(&'static self, key: [u8; 32]) -> Turn {
        let lock = {
            let mut turns = self.lock();
            if turns.len() >= TIDIED_ABOVE {
                // A request that ended while waiting has left its lock.
                turns.retain(|_, lock| Arc::strong_count(lock) > 1);
            }
            turns.entry(key).or_default().clone()
        };
        Turn { key, held: Some(lock.lock_owned().await) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], Arc<tokio::sync::Mutex<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One's turn at a form.
struct Turn {
    key: [u8; 32],
    held: Option<OwnedMutexGuard<()>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.held = None;
        let mut turns = TURNS.lock();
        // Nobody else can get hold of it meanwhile.
        if turns.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            turns.remove(&self.key);
        }
    }
}
