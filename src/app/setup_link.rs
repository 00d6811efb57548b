//! The link with which the first operator is made: shown on a terminal, or else in a file, and never in the log.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::backups::WholeFile;
use crate::service::Service;

/// The file in the data directory.
const FILE: &str = "setup-link";
/// The page that the link leads to.
const PAGE: &str = "/console/setup?token=";

/// Makes a link while nobody operates the server. Returns it if there is a terminal to show it on; otherwise it is in a file.
pub(super) async fn offer(service: &Arc<Service>, data_dir: &Path, base: &str, has_console: bool) -> Option<String> {
    let path = data_dir.join(FILE);
    remove(&path);
    let token = match service.begin_setup().await {
        Ok(token) => token.filter(|_| has_console)?,
        Err(error) => {
            tracing::warn!(%error, "it is not known whether somebody operates this server");
            return None;
        }
    };
    let link = format!("{base}{PAGE}{token}");
    if io::stdout().is_terminal() {
        return Some(link);
    }
    match write(&path, &link) {
        Ok(()) => {
            let file = path.display();
            tracing::info!(
                "nobody operates this server yet; the link that makes the first operator is in {file} for an hour"
            );
            tokio::spawn(remove_in_time(service.clone(), path));
        }
        Err(error) => {
            let file = path.display();
            tracing::warn!(%error, "{file} can't be written; `ghostworks user create --operator` makes the first operator");
        }
    }
    None
}

/// Removes the file of a server that stops.
pub(super) fn withdraw(data_dir: &Path) {
    remove(&data_dir.join(FILE));
}

fn write(path: &Path, link: &str) -> io::Result<()> {
    let (claim, mut file) = WholeFile::create(path)?;
    writeln!(file, "{link}")?;
    file.sync_all()?;
    claim.keep()
}

/// Removes the file when its link is good no longer.
async fn remove_in_time(service: Arc<Service>, path: PathBuf) {
    let expired = tokio::time::sleep(Duration::from_secs(Service::setup_seconds()));
    tokio::select! {
        () = expired => {}
        () = service.setup.over() => {}
    }
    remove(&path);
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
