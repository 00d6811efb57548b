//! What the command line asks as an operator: of the server that uses the data directory, or else of one of its own.

use hyper::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::operator::{ask_running, understood};
use super::own_server::OwnServer;
use super::{Error, store_options};
use crate::config::Config;
use crate::store::redb::OpenError;

/// Who answers.
pub(super) struct OperatorApi<'a> {
    config: &'a Config,
    /// None while another server uses the data directory.
    own: Option<OwnServer>,
}

impl<'a> OperatorApi<'a> {
    /// Finds out who answers.
    pub fn open(config: &'a Config) -> Result<Self, Error> {
        if !store_options(&config.storage).location.has_database() {
            return Err(Error::NoDatabase { path: config.storage.data_dir.clone() });
        }
        match OwnServer::open(config) {
            Ok(own) => Ok(Self { config, own: Some(own) }),
            Err(Error::Store(OpenError::Locked { .. })) => Ok(Self { config, own: None }),
            Err(error) => Err(error),
        }
    }

    /// The answer in JSON.
    pub async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<Value>) -> Result<T, Error> {
        match &self.own {
            Some(own) => {
                let (status, body) = own.ask(method, path, body).await?;
                understood(self.config, status, &body)
            }
            None => ask_running(self.config, method, path, body).await,
        }
    }

    /// Ends what was begun.
    pub async fn close(self) -> Result<(), Error> {
        match self.own {
            Some(own) => own.close().await,
            None => Ok(()),
        }
    }
}
