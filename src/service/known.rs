//! From where an account was signed in to before: guessing at it from elsewhere does not keep its owner out.

use super::rate_limits::LoginSource;
use super::{Client, Error, Service};
use crate::auth::DeviceId;
use crate::domain::{Credentials, Email, Network, UserId};
use crate::operations::RateClass;

impl Service {
    /// Counts an attempt to sign in, to an account if there is one of this address. A device that the account was signed
    /// in to from has a limit of its own, and so has a network; what only says to be such a device counts as any other.
    /// Returns whether it is known.
    pub(super) fn count_login(
        &self,
        email: Option<&Email>,
        credentials: Option<&Credentials>,
        client: &Client,
    ) -> Result<bool, Error> {
        let device = credentials.and_then(|credentials| self.known_device(credentials.user, client));
        let network = client.network().zip(credentials);
        let network = network.filter(|(network, credentials)| credentials.networks.has(*network));
        let is_known = device.is_some() || network.is_some();
        let limits = self.rate_limits.load();
        let Some(limits) = &*limits else { return Ok(is_known) };
        // Without such a token, it was counted before.
        if let (Some(_), None, Some(address)) = (&client.device, device, client.ip) {
            client.allowances.note(limits.count_from(address, RateClass::Login)?);
        }
        let source = match (device, network, email) {
            (Some(device), _, _) => LoginSource::Device(device),
            (None, Some((network, credentials)), _) => LoginSource::Network(credentials.user, network),
            (None, None, Some(email)) => LoginSource::anywhere(email),
            (None, None, None) => return Ok(is_known),
        };
        let allowance = limits.count_login(source)?;
        if device.is_some() {
            client.allowances.note(allowance);
        }
        Ok(is_known)
    }

    /// The token by which the client's device is known to an account from now on: that of the same device, if it is known.
    pub(super) fn device_token(&self, user: UserId, client: &Client) -> String {
        match self.known_device(user, client) {
            Some(device) => self.signatures.device_tokens.renew(user, device),
            None => self.signatures.device_tokens.issue(user, &*self.entropy),
        }
    }

    fn known_device(&self, user: UserId, client: &Client) -> Option<DeviceId> {
        self.signatures.device_tokens.read(client.device.as_deref()?, user)
    }
}

impl Client {
    /// The network that it is in.
    pub(super) fn network(&self) -> Option<Network> {
        self.ip.map(Network::of)
    }
}
