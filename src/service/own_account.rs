//! One's own account: what one is called, one's address, and what there is about one. Each takes the current password, for a
//! session may be left open.

use super::{AccountData, Caller, Error, Profile, Service};
use crate::domain::{Email, Field, NameChange, Password, User, Violations};
use crate::telemetry::{Operation, Subject};

impl Service {
    /// Changes what the caller is called.
    pub async fn change_names(
        &self,
        caller: &Caller,
        current: Password,
        first: Field<String>,
        last: Field<String>,
    ) -> Result<Profile, Error> {
        self.telemetry
            .observe(Operation::AuthProfileChange, Subject::user(caller.user), async {
                let names = NameChange::check(first, last)?;
                self.prove(caller, current).await?;
                let user = self.store.change_names(caller.user, names, self.stamp_of(caller)).await?;
                self.profile(caller, user).await
            })
            .await
    }

    /// Has an e-mail sent to another address of the caller's. When it is proved to be theirs, it takes the place of the one
    /// before. Ends alike, and as soon, whether or not it has an account.
    pub async fn change_email(&self, caller: &Caller, current: Password, new: &str) -> Result<(), Error> {
        self.telemetry
            .observe(Operation::AuthEmailChange, Subject::user(caller.user), async {
                let new = Email::parse(new).map_err(|detail| Violations::one("/new_email", detail))?.composed();
                let user = self.prove(caller, current).await?;
                if user.email == new {
                    return Err(Violations::one("/new_email", "is the address that the account has").into());
                }
                self.ask_to_prove(new, caller)
            })
            .await
    }

    /// Everything about the caller.
    pub async fn export_own_data(&self, caller: &Caller, current: Password) -> Result<AccountData, Error> {
        self.telemetry
            .observe(Operation::AuthExport, Subject::user(caller.user), async {
                let user = self.prove(caller, current).await?;
                self.data_of(user).await
            })
            .await
    }

    /// The account of a caller who knows its password.
    pub(super) async fn prove(&self, caller: &Caller, current: Password) -> Result<User, Error> {
        let user = self.store.user(caller.user).await?.ok_or(Error::NotAuthenticated)?;
        self.require_password(caller, &user, current).await?;
        Ok(user)
    }
}
