//! The background tasks of a server, in the order in which they finish.

use std::sync::Arc;

use super::audit_logs::AuditLogs;
use super::setup_link::SetupFile;
use crate::acme::Renewal;
use crate::followers::{Driver, Following};
use crate::search::SegmentSize;
use crate::service::{
    FollowSigningKeys, Housekeeping, Indexer, KeepLease, MailRequests, Mailing, MakeBackups, MergeSegments, Sampling,
    SaveIndex, Scrubbing, Service, ShipChanges,
};

/// Starts them.
pub(super) fn start(
    service: &Arc<Service>,
    mail: MailRequests,
    setup: Option<SetupFile>,
    renewal: Option<Renewal>,
    audit_logs: Option<AuditLogs>,
) -> Driver {
    let mut driver = Driver::new(service.background.clone(), service.clock.clone());
    if let Some(history) = service.telemetry.history() {
        driver.start(Sampling::new(history.clone()));
    }
    if let Some(file) = setup {
        driver.start(file);
    }
    if let Some(renewal) = renewal {
        driver.start(renewal);
    }
    if let Some(keys) = FollowSigningKeys::new(service.clone()) {
        driver.start(keys);
    }
    driver.start(Mailing::new(service.clone(), mail));
    driver.start(Housekeeping::new(service.clone()));
    driver.start(Scrubbing::new(service.clone()));
    driver.start(MergeSegments::new(service.clone(), SegmentSize::Small));
    driver.start(MergeSegments::new(service.clone(), SegmentSize::Large));
    driver.start(SaveIndex::new(service.clone()));
    let (store, search, telemetry) = (service.store.clone(), service.search.clone(), service.telemetry.clone());
    driver.start(Following::new(Indexer::new(store, search, Some(telemetry))));
    if let Some(schedule) = &service.backups {
        driver.start(MakeBackups::new(service.clone(), schedule.clone()));
        if schedule.ships_changes() {
            // After the others: what they have written is shipped, too.
            driver.start(Following::new(ShipChanges::new(service.clone(), schedule.clone())));
        }
    }
    if let Some(audit_logs) = audit_logs {
        driver.start(Following::new(audit_logs));
    }
    // Last: what belongs to it is finished before it is given back.
    if let Some(lease) = KeepLease::new(service.clone()) {
        driver.start(lease);
    }
    driver
}
