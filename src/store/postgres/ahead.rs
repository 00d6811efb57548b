//! Rows that are asked for one after the other, mostly in the order of their keys, as a check does: the better the guess that the
//! next is near, the more come at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use super::layout::Stretch;
use crate::store::StoreResult;
use crate::store::engine::{Section, WholeRow};

/// How many rows come at once, at most, and how many times as many when most of them were asked for.
const MOST: usize = 1000;
const TIMES: usize = 4;

/// The rows that came last, of each section.
#[derive(Default)]
pub(super) struct Ahead(Mutex<HashMap<Section, Page>>);

/// All rows from a key on, up to another.
#[derive(Default)]
struct Page {
    from: Vec<u8>,
    /// The first key that is not in it; none when nothing comes after it.
    to: Option<Vec<u8>>,
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    size: usize,
    used: usize,
}

impl Ahead {
    /// The row under a key, if it is there. `fetch` gets rows from a key on, as many as it is asked for.
    pub fn row(
        &self,
        section: Section,
        key: &[u8],
        fetch: impl FnOnce(&Stretch, usize) -> StoreResult<Vec<WholeRow>>,
    ) -> StoreResult<Option<Vec<u8>>> {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let page = pages.entry(section).or_default();
        if page.size > 0 && key >= page.from.as_slice() && page.to.as_ref().is_none_or(|to| key < to.as_slice()) {
            page.used += 1;
            return Ok(page.rows.get(key).cloned());
        }
        let size = if page.used >= page.size / 2 { page.size * TIMES } else { page.size / TIMES }.clamp(1, MOST);
        let stretch = Stretch { section, from: key.to_vec(), to: None, reverse: false };
        let rows = fetch(&stretch, size)?;
        let to = rows.last().filter(|_| rows.len() == size).map(|(last, _)| [last.as_slice(), &[0]].concat());
        *page = Page { from: key.to_vec(), to, rows: rows.into_iter().collect(), size, used: 0 };
        Ok(page.rows.get(key).cloned())
    }

    /// Forgets them: something was written.
    pub fn forget(&mut self) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::store::engine::Table;

    #[test]
    fn rows_in_order_take_few_trips_and_what_is_not_there_is_known() {
        let all: BTreeMap<Vec<u8>, Vec<u8>> =
            (0..10_000_u32).step_by(2).map(|n| (n.to_be_bytes().to_vec(), vec![1])).collect();
        let (ahead, trips) = (Ahead::default(), Cell::new(0));
        let look = |n: u32| {
            let fetch = |stretch: &Stretch, limit: usize| {
                trips.set(trips.get() + 1);
                let rows = all.range(stretch.from.clone()..).take(limit);
                Ok(rows.map(|(key, row)| (key.clone(), row.clone())).collect())
            };
            ahead.row(Section::Rows(Table::Users), &n.to_be_bytes(), fetch).unwrap().is_some()
        };
        for n in 0..10_100 {
            assert_eq!(look(n), n % 2 == 0 && n < 10_000, "{n}");
        }
        assert!(trips.get() < 20, "{}", trips.get());
        let before = trips.get();
        for n in 0..500 {
            assert_eq!(look(n * 7919 % 10_000), n * 7919 % 2 == 0);
        }
        assert!(trips.get() - before <= 500);
    }
}
