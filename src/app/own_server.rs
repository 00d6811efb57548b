//! A server for the command line alone, while no other uses the data directory. It listens nowhere, and answers as one that
//! runs would: what operators can ask for is written once.

use std::sync::Arc;
use std::time::Instant;

use hyper::{Method, Response};

use super::building::{self, Beginning};
use super::running::Sent;
use super::signing_key::keys_of;
use super::{Error, deleted, installation, settings};
use crate::config::Config;
use crate::domain::{Clock as _, IdGenerator, SharedQuotas, SystemClock};
use crate::followers::Task as _;
use crate::http::{self, BoxBody, Operations};
use crate::service::{Mailing, Outbox, ReloadDesk, Scrubbing};
use crate::store::{ReadOnly, Store};
use crate::telemetry::Pipeline;

/// Such a server.
pub(super) struct OwnServer {
    store: Arc<dyn Store>,
    operations: Operations,
    mailing: Mailing,
    scrubbing: Scrubbing,
}

impl OwnServer {
    /// Opens what is in the data directory.
    pub async fn open(config: &Config) -> Result<Self, Error> {
        let mut config = config.clone();
        // Nobody watches it, and it makes no backups.
        config.telemetry.disabled = true;
        config.telemetry.recorder_bytes = 0;
        config.backups.to = None;
        let ids = IdGenerator::new();
        let instance = ids.next(SystemClock.now());
        let (pipeline, telemetry) = Pipeline::start(&config.telemetry, config.environment, instance)?;
        let telemetry = Arc::new(telemetry);
        let quotas = SharedQuotas::new(settings::quotas(&config.quotas));
        // A command that may open the files may write them.
        let read_only = ReadOnly::default();
        let store = building::open_store(&config.storage, &quotas, &read_only, telemetry.clone())?;
        let tombstones = deleted::known(&config.storage.data_dir, store.shared()).await?;
        let keys = keys_of(&config.auth, &config.storage.data_dir, &*store).await?;
        let installation = installation::identify(&config.storage.data_dir)?;
        let (outbox, mail_requests) = Outbox::new();
        let (desk, _) = ReloadDesk::new();
        let started = Instant::now();
        let beginning = Beginning {
            store: store.clone(),
            tombstones,
            quotas,
            read_only,
            installation,
            place_owner: installation,
            keys,
            telemetry,
            ids,
            started,
            base: settings::base(&config, config.server.listen.local_address()),
            outbox,
            desk,
        };
        let service = Arc::new(building::service(&config, beginning)?);
        let mailing = Mailing::new(service.clone(), mail_requests);
        let scrubbing = Scrubbing::new(service.clone());
        let state = Arc::new(building::state(&config, service, pipeline, instance, false));
        Ok(Self { store, operations: Operations::new(http::router(state, None)), mailing, scrubbing })
    }

    /// The answer to an operator.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Sent>) -> Result<Response<BoxBody>, Error> {
        let failed = |cause: String| Error::Refused(format!("{path} was not answered: {cause}"));
        let body = body.map(|sent| (sent.content_type, sent.bytes));
        self.operations.ask(method, path, body).await.map_err(failed)
    }

    /// Does what would be done beside the requests, and closes the database.
    pub async fn close(self) -> Result<(), Error> {
        let sent = self.mailing.finish().await;
        let sent = sent.and(self.scrubbing.finish().await);
        self.store.close().await.map_err(Error::Close)?;
        sent.map_err(|failure| Error::Refused(format!("it is done, but {}", failure.what())))
    }
}
