//! Paging while others write and disks fail: what does not change comes exactly once, in the order that it had on the first
//! page.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tempfile::TempDir;

use super::{Budget, IndexChange, SearchError, SearchIndex, SegmentSize};
use crate::domain::{
    Artifact, ArtifactDescription, ArtifactDraft, ArtifactFilter, ArtifactId, ArtifactName, ArtifactType, Creation,
    FacetFields, HistoryId, ListArtifacts, ListPosition, LogPosition, Metadata, Page, SearchArtifacts, SearchText,
    Sort, Start, Tags, TenantId, Timestamp, UserId,
};

const HISTORY: HistoryId = HistoryId::from_bytes([0; 16]);
const OWN: TenantId = TenantId::from_bytes([1; 16]);
const OTHER: TenantId = TenantId::from_bytes([2; 16]);
const WORDS: [&str; 9] =
    ["payment", "payments", "paymentgate", "service", "services", "serv", "ledger", "paiment", "billing"];
const QUERIES: [&str; 13] = [
    "payment",
    "payment service",
    "\"payment service\"",
    "payment-serv",
    "pay*",
    "ledgre",
    "billling OR ledger",
    "name:payment",
    "-ledger",
    "pay-s",
    "services payments -billing",
    "ledger OR tag:payment",
    "tag:service payment OR serv",
];

/// What is done between two pages.
#[derive(Clone, Debug)]
enum Step {
    Add {
        own: bool,
        texts: Vec<Vec<usize>>,
    },
    Replace {
        at: usize,
        text: Vec<usize>,
    },
    Trash(usize),
    Remove(usize),
    RemoveOther,
    Merge,
    /// Something else is written, or segments are merged, and the disk fails after this number of writes.
    FailingWrite {
        texts: Vec<Vec<usize>>,
        after: usize,
    },
    FailingMerge {
        after: usize,
    },
    Restart,
}

fn text() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..WORDS.len(), 1..12)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<bool>(), prop::collection::vec(text(), 1..30)).prop_map(|(own, texts)| Step::Add { own, texts }),
        3 => (any::<usize>(), text()).prop_map(|(at, text)| Step::Replace { at, text }),
        1 => any::<usize>().prop_map(Step::Trash),
        2 => any::<usize>().prop_map(Step::Remove),
        1 => Just(Step::RemoveOther),
        2 => Just(Step::Merge),
        1 => (prop::collection::vec(text(), 1..30), 0_usize..12)
            .prop_map(|(texts, after)| Step::FailingWrite { texts, after }),
        1 => (0_usize..24).prop_map(|after| Step::FailingMerge { after }),
        1 => Just(Step::Restart),
    ]
}

struct World {
    directory: TempDir,
    index: SearchIndex,
    own: Vec<Artifact>,
    changed: HashSet<ArtifactId>,
    made: u32,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let index = SearchIndex::open(&directory.path().join("search"), HISTORY).expect("an index");
        Self { directory, index, own: Vec::new(), changed: HashSet::new(), made: 0 }
    }

    fn artifact(&mut self, tenant: TenantId, text: &[usize]) -> Artifact {
        self.made += 1;
        let mut id = [0; 16];
        // Ids are in another order than that of creation, and some artifacts are created at the same time.
        id[..4].copy_from_slice(&self.made.wrapping_mul(0x9e37_79b1).to_be_bytes());
        artifact(tenant, ArtifactId::from_bytes(id), text, i64::from(self.made / 3))
    }

    fn write(&self, changes: &[IndexChange]) {
        let written = || self.index.write(changes).and_then(|()| self.index.commit(Some(LogPosition::of_entry(1))));
        if written().is_err() {
            // As the follower does: back to the last commit, and once more.
            self.index.fail_after(None);
            self.index.roll_back().expect("rolled back");
            written().expect("written");
        }
    }

    fn add(&mut self, tenant: TenantId, texts: &[Vec<usize>]) {
        let made: Vec<Artifact> = texts.iter().map(|text| self.artifact(tenant, text)).collect();
        let changes: Vec<_> = made.iter().cloned().map(|artifact| IndexChange::Add(Box::new(artifact))).collect();
        if tenant == OWN {
            self.own.extend(made);
        }
        self.write(&changes);
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Add { own, texts } => self.add(if *own { OWN } else { OTHER }, texts),
            Step::Replace { .. } | Step::Trash(_) | Step::Remove(_) if self.own.is_empty() => {}
            Step::Replace { at, text } => {
                let at = at % self.own.len();
                self.made += 1;
                let (before, made) = (&self.own[at], i64::from(self.made));
                let updated_at = Timestamp::from_microsecond(made).expect("a time");
                let after = artifact(OWN, before.id, text, before.created_at.as_microsecond());
                self.own[at] = Artifact { updated_at, ..after };
                self.replace(at);
            }
            Step::Trash(at) => {
                let at = at % self.own.len();
                self.own[at].deleted_at = Some(Timestamp::UNIX_EPOCH);
                self.replace(at);
            }
            Step::Remove(at) => {
                let gone = self.own.remove(at % self.own.len());
                self.changed.insert(gone.id);
                self.write(&[IndexChange::Remove(gone.id)]);
            }
            Step::RemoveOther => self.write(&[IndexChange::RemoveTenant(OTHER)]),
            Step::Merge => {
                while [SegmentSize::Small, SegmentSize::Large]
                    .into_iter()
                    .any(|which| self.index.merge(which).expect("merged"))
                {}
            }
            Step::FailingWrite { texts, after } => {
                self.index.fail_after(Some(*after));
                self.add(OTHER, texts);
                self.index.fail_after(None);
            }
            Step::FailingMerge { after } => {
                self.index.fail_after(Some(*after));
                // Whether it fails depends on how much there is to merge.
                while [SegmentSize::Small, SegmentSize::Large]
                    .into_iter()
                    .any(|which| self.index.merge(which).unwrap_or(false))
                {}
                self.index.fail_after(None);
            }
            Step::Restart => {
                self.index.close().expect("closed");
                self.index = SearchIndex::open(&self.directory.path().join("search"), HISTORY).expect("opened again");
            }
        }
    }

    fn replace(&mut self, at: usize) {
        self.changed.insert(self.own[at].id);
        self.write(&[IndexChange::Replace(Box::new(self.own[at].clone()))]);
    }
}

fn artifact(tenant: TenantId, id: ArtifactId, text: &[usize], at: i64) -> Artifact {
    let words: Vec<&str> = text.iter().map(|word| WORDS[*word]).collect();
    let name = words.iter().take(1 + text.len() % 3).copied().collect::<Vec<_>>().join(" ");
    let draft = ArtifactDraft {
        name: ArtifactName::parse(&name).expect("a name"),
        description: ArtifactDescription::parse(&words.join(" ")).expect("a description"),
        tags: Tags::parse(&[words[0].to_owned()]).expect("tags"),
        metadata: Metadata::default(),
        artifact_type: ArtifactType::parse("default").expect("a type"),
    };
    let at = Timestamp::from_microsecond(at).expect("a time");
    Artifact::new(id, tenant, draft, UserId::from_bytes([0; 16]), at)
}

fn wanted(query: &str, sort: Sort, limit: usize) -> SearchArtifacts {
    SearchArtifacts {
        text: SearchText::parse(query).expect("a text"),
        list: ListArtifacts { filter: ArtifactFilter::default(), sort, page: Page::at(limit, 0) },
        facets: FacetFields::default(),
        highlights: false,
        ranking: None,
    }
}

fn ids(page: &[ListPosition]) -> Vec<ArtifactId> {
    page.iter().map(ListPosition::id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_does_not_change_comes_exactly_once_in_its_place(
        own in prop::collection::vec(text(), 5..60),
        others in prop::collection::vec(text(), 0..60),
        query in prop::sample::select(&QUERIES[..]),
        sort in prop::sample::select(&Sort::NAMES[..]),
        limit in 1_usize..9,
        steps in prop::collection::vec(step(), 0..25),
    ) {
        let caller = Arc::new(());
        let budget = Budget::new(&caller, Instant::now() + Duration::from_secs(3600));
        let mut world = World::new();
        world.add(OTHER, &others);
        for texts in own.chunks(7) {
            world.add(OWN, texts);
        }
        let sort = Sort::parse(sort).expect("a sort");
        let at_first = world.index.search(OWN, &wanted(query, sort, 1000), &budget).expect("found");
        let (mut steps, mut found) = (steps.iter(), Vec::new());
        let mut next = wanted(query, sort, limit);
        loop {
            let page = world.index.search(OWN, &next, &budget).expect("found");
            found.extend(ids(&page.page));
            let Some(last) = page.page.last().filter(|_| page.has_more) else { break };
            next.list.page.start = Start::After(last.clone());
            next.ranking = Some(page.ranking.clone());
            steps.by_ref().take(2).for_each(|step| world.run(step));
        }
        let unchanged: HashSet<ArtifactId> =
            ids(&at_first.page).into_iter().filter(|id| !world.changed.contains(id)).collect();
        let of_unchanged = |ids: Vec<ArtifactId>| ids.into_iter().filter(|id| unchanged.contains(id)).collect::<Vec<_>>();
        prop_assert_eq!(of_unchanged(found), of_unchanged(ids(&at_first.page)));
    }

    #[test]
    fn whatever_the_order_the_same_is_found_and_counted(
        own in prop::collection::vec(text(), 5..200),
        steps in prop::collection::vec(step(), 0..25),
        query in prop::sample::select(&QUERIES[..]),
        limit in 1_usize..9,
    ) {
        let caller = Arc::new(());
        let budget = Budget::new(&caller, Instant::now() + Duration::from_secs(3600));
        let mut world = World::new();
        world.add(OWN, &own);
        steps.iter().for_each(|step| world.run(step));
        let found = |sort, facets| {
            let wanted = SearchArtifacts { facets, ..wanted(query, sort, 1000) };
            world.index.search(OWN, &wanted, &budget).expect("found")
        };
        let newest = found(Sort::NEWEST_FIRST, FacetFields::default());
        let in_order = ids(&newest.page);
        let places: Vec<Creation> = newest.page.iter().map(ListPosition::creation).collect();
        prop_assert!(places.is_sorted_by(|one, other| one > other), "{places:?}");
        prop_assert_eq!(newest.total, in_order.len() as u64);
        let counted = found(Sort::RELEVANCE, FacetFields { tags: true, types: true });
        let mut others: Vec<Creation> = counted.page.iter().map(ListPosition::creation).collect();
        others.sort_unstable_by(|one, other| other.cmp(one));
        prop_assert_eq!(&others, &places);
        // Without facets, only what may be among the first is scored.
        let mut next = wanted(query, Sort::RELEVANCE, limit);
        for expected in counted.page.chunks(limit) {
            let page = world.index.search(OWN, &next, &budget).expect("found");
            prop_assert_eq!(page.total, newest.total);
            prop_assert_eq!(&page.page, expected);
            next.list.page.start = Start::After(expected[expected.len() - 1].clone());
            next.ranking = Some(page.ranking);
        }
        let mut tags = std::collections::HashMap::new();
        for artifact in world.own.iter().filter(|artifact| in_order.contains(&artifact.id)) {
            artifact.tags.iter().for_each(|tag| *tags.entry(tag.to_owned()).or_default() += 1);
        }
        prop_assert_eq!(counted.facets.expect("facets").tags, tags);
    }
}

#[test]
fn a_search_ends_when_nobody_waits_for_it_or_it_is_too_late() {
    let mut world = World::new();
    world.add(OWN, &[vec![0, 1], vec![2]]);
    let caller = Arc::new(());
    let too_late = Budget::new(&caller, Instant::now());
    let nobody_waits = Budget::new(&Arc::new(()), Instant::now() + Duration::from_secs(3600));
    for budget in [too_late, nobody_waits] {
        let found = world.index.search(OWN, &wanted("payment", Sort::RELEVANCE, 10), &budget);
        assert!(matches!(found, Err(SearchError::Abandoned)), "{found:?}");
    }
}

#[test]
fn a_merge_that_fails_leaves_what_was_there() {
    let mut world = World::new();
    for _ in 0..8 {
        world.add(OWN, &[vec![0, 1], vec![2]]);
    }
    let caller = Arc::new(());
    let budget = Budget::new(&caller, Instant::now() + Duration::from_secs(3600));
    let found = |world: &World| {
        let found = world.index.search(OWN, &wanted("payment", Sort::RELEVANCE, 100), &budget).expect("found");
        (found.total, found.page)
    };
    let before = found(&world);
    world.index.fail_after(Some(1));
    let failed = world.index.merge(SegmentSize::Small).expect_err("the disk is full");
    assert!(!world.index.is_damaged(&failed), "{failed}");
    assert_eq!(found(&world), before);
    assert!(world.index.merge(SegmentSize::Small).expect("merged"));
    assert_eq!(found(&world), before);
    world.run(&Step::Restart);
    assert_eq!(found(&world), before);
}
