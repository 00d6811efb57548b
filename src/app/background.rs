//! The background tasks of a server, in the order in which they finish.

use std::sync::Arc;

use crate::followers::Driver;
use crate::mail::Mailer;
use crate::search::Parts;
use crate::service::{
    FollowChanges, Housekeeping, MailRequests, Mailing, MakeBackups, MergeParts, SaveIndex, Service, ShipChanges,
};

/// Starts them.
pub(super) fn start(service: &Arc<Service>, mail: Option<(MailRequests, Mailer)>) -> Driver {
    let mut driver = Driver::new(service.background.clone(), service.clock.clone());
    if let Some((requests, mailer)) = mail {
        driver.start(Mailing::new(service.clone(), requests, mailer));
    }
    driver.start(Housekeeping::new(service.clone()));
    driver.start(MergeParts::new(service.clone(), Parts::Small));
    driver.start(MergeParts::new(service.clone(), Parts::Large));
    driver.start(SaveIndex::new(service.clone()));
    driver.start(FollowChanges::new(service.clone()));
    if let Some(schedule) = &service.backups {
        driver.start(MakeBackups::new(service.clone(), schedule.clone()));
        if schedule.ships_changes() {
            // Last: what the others have written is shipped, too.
            driver.start(ShipChanges::new(service.clone(), schedule.clone()));
        }
    }
    driver
}
