//! One order: names that are proved, and a certificate for them.

use std::time::Duration;

use instant_acme::{Account, AuthorizationStatus, Identifier, NewOrder, Order, OrderStatus, RetryPolicy};

use super::error::text;
use super::{AcmeError, Challenges, Kind};

/// How often it is looked how far the authority is, and for how long.
const PATIENCE: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(500)).timeout(Duration::from_secs(180));

/// Has a certificate made for these names, each proved by `kind`. Returns it with those between it and its root, and its key, as
/// PEM.
pub(super) async fn certificate(
    account: &Account,
    domains: &[String],
    challenges: &Challenges,
    kind: Kind,
) -> Result<String, AcmeError> {
    let names: Vec<Identifier> = domains.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    prove(&mut order, challenges, kind).await?;
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    Ok(format!("{}\n{key}", chain.trim_end()))
}

/// Proves each name, and waits until the authority is convinced.
async fn prove(order: &mut Order, challenges: &Challenges, kind: Kind) -> Result<(), AcmeError> {
    let _offered = challenges.offered();
    offer(order, challenges, kind).await?;
    match order.poll_ready(&PATIENCE).await {
        Ok(OrderStatus::Ready) => Ok(()),
        outcome => {
            let refused = || AcmeError::Refused("the order is no good".to_owned());
            let otherwise = outcome.err().map_or_else(refused, Into::into);
            Err(unproved(order, kind).await.unwrap_or(otherwise))
        }
    }
}

async fn offer(order: &mut Order, challenges: &Challenges, kind: Kind) -> Result<(), AcmeError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            // It was proved a while ago.
            continue;
        }
        let domain = authorization.identifier().to_string();
        let not_offered = || AcmeError::NotOffered { domain: domain.clone(), challenge: kind };
        let mut challenge = authorization.challenge(kind.into()).ok_or_else(not_offered)?;
        challenges.offer(kind, &domain, &challenge.token, &challenge.key_authorization())?;
        challenge.set_ready().await?;
    }
    Ok(())
}

/// Which name was not proved, and why, if the authority says so.
async fn unproved(order: &mut Order, kind: Kind) -> Option<AcmeError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.ok()?;
        let state = authorization.refresh().await.ok()?;
        if let Some(problem) = state.challenges.iter().find_map(|challenge| challenge.error.as_ref()) {
            let domain = state.identifier().to_string();
            return Some(AcmeError::Unproved { domain, challenge: kind, detail: text(problem) });
        }
    }
    None
}
