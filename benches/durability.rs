//! What each way to make a commit durable costs, so that the choice in `store/redb/group.rs` is seen: groups of rows written
//! to a bare database, one commit each.
//!
//! `cargo bench --bench durability`. The settings take turns, and a figure is the median of the rounds.

use std::time::{Duration, Instant};

use redb::{Builder, Database, Durability, TableDefinition};
use tempfile::TempDir;

const ROWS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rows");
const ROW: [u8; 400] = [b'x'; 400];
const STORED: u64 = 100_000;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(1);
const GROUPS: [u64; 3] = [1, 32, 256];

/// How a commit is made.
struct Setting {
    name: &'static str,
    durability: Durability,
    two_phase: bool,
    quick_repair: bool,
}

const SETTINGS: [Setting; 5] = [
    Setting {
        name: "two phases, quick repair",
        durability: Durability::Immediate,
        two_phase: true,
        quick_repair: true,
    },
    Setting { name: "two phases", durability: Durability::Immediate, two_phase: true, quick_repair: false },
    Setting {
        name: "one phase, quick repair",
        durability: Durability::Immediate,
        two_phase: false,
        quick_repair: true,
    },
    Setting { name: "one phase", durability: Durability::Immediate, two_phase: false, quick_repair: false },
    Setting { name: "not durable", durability: Durability::None, two_phase: false, quick_repair: false },
];

/// Writes groups until the round is over, and returns how many rows that were in a second.
fn round(database: &Database, setting: &Setting, group: u64, next: &mut u64) -> f64 {
    let (began, first) = (Instant::now(), *next);
    while began.elapsed() < ROUND {
        write(database, setting, group, next);
    }
    (*next - first) as f64 / began.elapsed().as_secs_f64()
}

fn write(database: &Database, setting: &Setting, group: u64, next: &mut u64) {
    let mut txn = database.begin_write().expect("a transaction");
    txn.set_durability(setting.durability).expect("a durability");
    txn.set_two_phase_commit(setting.two_phase);
    txn.set_quick_repair(setting.quick_repair);
    {
        let mut rows = txn.open_table(ROWS).expect("a table");
        for _ in 0..group {
            rows.insert(*next, ROW.as_slice()).expect("a row");
            *next += 1;
        }
    }
    txn.commit().expect("a commit");
}

fn main() {
    let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let database = Builder::new().create(directory.path().join("rows.redb")).expect("a database");
    let mut next = 0;
    write(&database, &SETTINGS[0], STORED, &mut next);
    println!("Rows of {} bytes a second, beside {STORED} others:\n", ROW.len());
    println!("{:<28}{:>12}{:>12}{:>12}", "rows in a commit", GROUPS[0], GROUPS[1], GROUPS[2]);
    let mut table = vec![[0.0; GROUPS.len()]; SETTINGS.len()];
    for (column, group) in GROUPS.into_iter().enumerate() {
        let mut rounds = vec![Vec::new(); SETTINGS.len()];
        for _ in 0..ROUNDS {
            for (setting, rates) in SETTINGS.iter().zip(&mut rounds) {
                rates.push(round(&database, setting, group, &mut next));
                // What was not durable must not weigh on the next.
                write(&database, &SETTINGS[0], 1, &mut next);
            }
        }
        for (row, rates) in rounds.iter_mut().enumerate() {
            rates.sort_by(f64::total_cmp);
            table[row][column] = rates[ROUNDS / 2];
        }
    }
    for (setting, rates) in SETTINGS.iter().zip(&table) {
        println!("{:<28}{:>12.0}{:>12.0}{:>12.0}", setting.name, rates[0], rates[1], rates[2]);
    }
}
