//! The link with which the first operator is made: shown on a terminal, or else in a file, and never in the log.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::followers::{Failure, Task};
use crate::service::Service;
use crate::whole_file;

/// The file in the data directory.
const FILE: &str = "setup-link";
/// The page that the link leads to.
const PAGE: &str = "/console/setup?token=";

/// Where the link is, if there is one.
#[derive(Default)]
pub(super) struct Offer {
    /// It is to be shown on the terminal.
    pub shown: Option<String>,
    /// It is in a file.
    pub file: Option<SetupFile>,
}

/// Makes a link while nobody operates the server. It goes to the terminal if there is one, or else into a file.
pub(super) async fn offer(service: &Arc<Service>, data_dir: &Path, base: &str, has_console: bool) -> Offer {
    let path = data_dir.join(FILE);
    remove(&path);
    let token = match service.begin_setup().await {
        Ok(token) => token.filter(|_| has_console),
        Err(error) => {
            tracing::warn!(%error, "it is not known whether somebody operates this server");
            None
        }
    };
    let Some(token) = token else { return Offer::default() };
    let link = format!("{base}{PAGE}{token}");
    if io::stdout().is_terminal() {
        return Offer { shown: Some(link), file: None };
    }
    match whole_file::write(&path, format!("{link}\n").as_bytes()) {
        Ok(()) => {
            let file = path.display();
            tracing::info!(
                "nobody operates this server yet; the link that makes the first operator is in {file} for an hour"
            );
            Offer { shown: None, file: Some(SetupFile { service: service.clone(), path }) }
        }
        Err(error) => {
            let file = path.display();
            tracing::warn!(%error, "{file} can't be written; `ghostworks user create --operator` makes the first operator");
            Offer::default()
        }
    }
}

/// Removes the file of a server that stops.
pub(super) fn withdraw(data_dir: &Path) {
    remove(&data_dir.join(FILE));
}

/// The background task that removes the file when its link is good no longer.
pub(super) struct SetupFile {
    service: Arc<Service>,
    path: PathBuf,
}

#[async_trait]
impl Task for SetupFile {
    fn name(&self) -> &'static str {
        "setup_link"
    }

    async fn turn(&self) -> Result<(), Failure> {
        let expired = tokio::time::sleep(Duration::from_secs(Service::setup_seconds()));
        tokio::select! {
            () = expired => {}
            () = self.service.setup.over() => {}
        }
        remove(&self.path);
        // There is no other link until the next start.
        std::future::pending().await
    }
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let file = path.display();
            tracing::warn!(%error, "{file} can't be removed, though its link is good no longer");
        }
        Ok(()) | Err(_) => {}
    }
}
