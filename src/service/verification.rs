//! Proving that an address is one's own.

use super::{Client, Error, Service};
use crate::auth::OneTimeSecret;
use crate::domain::{Email, Purpose, Violations};
use crate::mail::Notice;
use crate::telemetry::{Operation, Subject, annotate_subject};

impl Service {
    /// Marks the address as verified that a token was sent to; another one than the account's becomes its address. The token
    /// is used up.
    pub async fn verify_email(&self, token: &str, client: &Client) -> Result<(), Error> {
        self.telemetry
            .observe(Operation::AuthVerifyEmail, Subject::default(), async {
                let presented = OneTimeSecret::parse(token).ok_or(Error::InvalidOneTimeToken)?;
                let stamp = self.stamp(client, Some(presented.user));
                let (user, digest) = (presented.user, presented.digest());
                match presented.address {
                    None => self.store.verify_email(user, digest, stamp).await?,
                    Some(address) => {
                        let former = self.store.change_email(user, digest, address, stamp).await?;
                        self.tell(former, Notice::AddressChanged);
                    }
                }
                annotate_subject(Subject::user(user));
                Ok(())
            })
            .await
    }

    /// Has the e-mail sent again that verifies an address. Ends alike, and as soon, whether or not there is an account.
    pub async fn resend_verification(&self, email: &str, client: &Client) -> Result<(), Error> {
        self.telemetry
            .observe(Operation::AuthVerifyEmailResend, Subject::default(), async {
                let email = Email::parse(email).map_err(|detail| Violations::one("/email", detail))?;
                self.ask_for_mail(email, Purpose::VerifyEmail, client)
            })
            .await
    }
}
