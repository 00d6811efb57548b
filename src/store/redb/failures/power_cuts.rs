//! The power goes, at every moment of some work: what was synced is there, and of what was not, anything may be.

use super::*;

/// The accounts that are made, some at a time.
const USERS: u8 = 40;
const AT_ONCE: u8 = 2;
/// What a disk writes as a whole, in bytes.
const SECTOR: usize = 512;

/// How many different cuts there are at each moment; more when the environment says so.
#[expect(clippy::disallowed_methods, reason = "a setting of the test, not of the program")]
fn cuts() -> u64 {
    std::env::var("GHOSTWORKS_POWER_CUTS").ok().and_then(|cuts| cuts.parse().ok()).unwrap_or(5)
}

/// Numbers that look random (SplitMix64), and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

fn apply(done: &Done, image: &mut Vec<u8>, mut sticks: impl FnMut() -> bool) {
    match done {
        Done::Wrote { offset, bytes } => {
            let offset = usize::try_from(*offset).unwrap();
            for (number, sector) in bytes.chunks(SECTOR).enumerate() {
                let (from, to) = (offset + number * SECTOR, offset + number * SECTOR + sector.len());
                if sticks() {
                    image.resize(image.len().max(to), 0);
                    image[from..to].copy_from_slice(sector);
                }
            }
        }
        Done::Resized(len) => {
            if sticks() {
                image.resize(usize::try_from(*len).unwrap(), 0);
            }
        }
        Done::Synced => {}
    }
}

#[tokio::test]
async fn a_power_cut_at_any_moment_loses_nothing_that_was_answered() {
    let disk = Disk::default();
    let store = store(&disk, patient());
    let mut synced = disk.image();
    disk.record();
    // Each account, with the moments at which it was asked for and answered.
    let mut made = Vec::new();
    for first in (0..USERS).step_by(AT_ONCE.into()) {
        let asked = disk.recorded();
        let making = (first..first + AT_ONCE).map(|number| store.create_user(user(number), "hash".to_owned(), stamp()));
        for created in futures_util::future::join_all(making).await {
            created.unwrap();
        }
        let answered = disk.recorded();
        made.extend((first..first + AT_ONCE).map(|number| (number, asked, answered)));
    }
    let record = disk.0.record.lock().unwrap().take().unwrap();

    let mut random = Random(1);
    let mut unsynced: Vec<&Done> = Vec::new();
    for (moment, done) in record.iter().enumerate() {
        for cut in 0..cuts() {
            let mut image = synced.clone();
            // Every third time all or nothing of what was not synced sticks, else each sector by chance, in any order.
            let sticking = random.below(6);
            let mut order = unsynced.clone();
            if sticking > 1 {
                order.sort_by_cached_key(|_| random.below(u64::MAX));
            }
            for done in order {
                apply(done, &mut image, || match sticking {
                    0 => false,
                    1 => true,
                    _ => random.below(2) == 0,
                });
            }
            let there = users_of(&Disk::with(&image));
            for &(number, asked, answered) in &made {
                let is_there = there.contains(&number);
                let when = format!("cut {cut} at {moment} of {}, seed 1: account {number}", record.len());
                assert!(is_there || moment < answered, "{when} was answered at {answered} and is gone");
                assert!(!is_there || moment >= asked, "{when} is there before it was asked for");
            }
        }
        match done {
            Done::Synced => mem::take(&mut unsynced).iter().for_each(|done| apply(done, &mut synced, || true)),
            Done::Wrote { .. } | Done::Resized(_) => unsynced.push(done),
        }
    }
    assert!(record.len() > 400, "that was not much of a workload: {}", record.len());
}
