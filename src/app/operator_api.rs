//! What the command line asks as an operator: of the server that uses the data directory, or else of one of its own.

use hyper::{Method, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::database::Database;
use super::operator::{open_running, understood};
use super::own_server::OwnServer;
pub(super) use super::running::Sent;
use super::{Error, data_dir};
use crate::config::Config;
use crate::http::BoxBody;
use crate::store::redb::OpenError;

/// Who answers.
pub(super) struct OperatorApi<'a> {
    config: &'a Config,
    /// None while another server uses the data directory.
    own: Option<OwnServer>,
}

impl<'a> OperatorApi<'a> {
    /// Finds out who answers.
    pub async fn open(config: &'a Config) -> Result<Self, Error> {
        match Database::of(&config.storage)? {
            Database::File(options) if !options.location.has_database() => {
                return Err(Error::NoDatabase { path: config.storage.data_dir.clone() });
            }
            Database::Postgres(_) => data_dir::make(&config.storage.data_dir)?,
            Database::File(_) => {}
        }
        match OwnServer::open(config).await {
            Ok(own) => Ok(Self { config, own: Some(own) }),
            Err(Error::Store(OpenError::Locked { .. })) => Ok(Self { config, own: None }),
            Err(error) => Err(error),
        }
    }

    /// The answer in JSON, to a body in JSON.
    pub async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<Value>) -> Result<T, Error> {
        self.send(method, path, body.as_ref().map(Sent::json)).await
    }

    /// The answer in JSON.
    pub async fn send<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<Sent>) -> Result<T, Error> {
        understood(self.config, self.open_answer(method, path, body).await?).await
    }

    /// The answer as it comes.
    pub async fn open_answer(
        &self,
        method: Method,
        path: &str,
        body: Option<Sent>,
    ) -> Result<Response<BoxBody>, Error> {
        match &self.own {
            Some(own) => own.ask(method, path, body).await,
            None => open_running(self.config, method, path, body).await,
        }
    }

    /// Why an answer is none of success.
    pub async fn refusal(&self, answer: Response<BoxBody>) -> Error {
        let refused = understood::<Value>(self.config, answer).await.err();
        refused.unwrap_or_else(|| Error::Refused("it answered something else".to_owned()))
    }

    /// Ends what was begun.
    pub async fn close(self) -> Result<(), Error> {
        match self.own {
            Some(own) => own.close().await,
            None => Ok(()),
        }
    }
}
