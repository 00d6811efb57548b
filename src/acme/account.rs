//! Who this server is to the authority.

use instant_acme::{Account, AccountCredentials, NewAccount};

use super::authority::Authority;
use super::{AcmeError, Folder};

/// The account that is kept, or a new one: the terms of the authority must have been accepted. It may write to `email`.
pub(super) async fn open(authority: &Authority, folder: &Folder, email: Option<&str>) -> Result<Account, AcmeError> {
    match Folder::read(&folder.account())? {
        Some(kept) => {
            let credentials: AccountCredentials = serde_json::from_slice(&kept)
                .map_err(|error| AcmeError::Storage { path: folder.account(), error: error.into() })?;
            Ok(authority.accounts().from_credentials(credentials).await?)
        }
        None => create(authority, folder, email).await,
    }
}

/// Forgets the account that is kept, and makes another.
pub(super) async fn replace(authority: &Authority, folder: &Folder, email: Option<&str>) -> Result<Account, AcmeError> {
    tracing::warn!("the authority does not know this server's account any more; another one is made");
    Folder::remove(&folder.account())?;
    create(authority, folder, email).await
}

async fn create(authority: &Authority, folder: &Folder, email: Option<&str>) -> Result<Account, AcmeError> {
    let contact = email.map(|email| format!("mailto:{email}"));
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    let wanted = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let (account, credentials) = authority.accounts().create(&wanted, authority.directory().to_owned(), None).await?;
    folder.write(&folder.account(), &serde_json::to_vec(&credentials).unwrap_or_default())?;
    Ok(account)
}
