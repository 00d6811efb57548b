//! The index: opened or created, written to, searched.

use std::collections::HashMap;
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;

use arc_swap::ArcSwap;
use tantivy::indexer::{IndexWriterOptions, NoMergePolicy, UserOperation};
use tantivy::{IndexWriter, TantivyDocument, Term};

use super::budget::Budget;
use super::change::IndexChange;
use super::collect::Gather;
use super::contents::IndexContents;
use super::error::{Diagnosis, SearchError};
use super::find::{Findings, IndexSearch};
use super::found::Found;
use super::merging::{self, SegmentSize};
use super::opened::Opened;
use super::payload::{payload, read_payload};
use super::query::Query;
use super::schema::Fields;
use super::statistics::FieldLengths;
use super::tags;
use crate::domain::{ArtifactId, Facets, HistoryId, ListArtifacts, LogPosition, SearchArtifacts, TagPrefix, TenantId};
use crate::priority::Work;

/// How much the writer keeps in memory before it makes a segment of it, in bytes.
const WRITER_BYTES: usize = 48 << 20;

/// How many changes are passed to the writer's thread at once. It checks how much memory it uses after each.
const CHANGES_AT_ONCE: usize = 100;

/// A full-text index of all artifacts of all workspaces.
pub struct SearchIndex {
    directory: PathBuf,
    /// Of the database that it is derived from. Its commits name it.
    history: HistoryId,
    fields: Fields,
    opened: ArcSwap<Opened>,
    lengths: FieldLengths,
    /// Made with the first write: it has threads and memory of its own.
    writer: Mutex<Option<IndexWriter>>,
    /// Something was written and not committed, or committed and is not seen yet.
    is_half_done: AtomicBool,
    /// Read while segments are merged, written while the writer is dropped: a merge that outlives its writer would remove files
    /// that the next one needs.
    merging: RwLock<()>,
    /// Held while files are written to the disk, or all are removed from it.
    saving: Mutex<()>,
}

impl SearchIndex {
    /// Opens the index in `directory` of a database with this history. One that is not there, can't be read, or is of
    /// another history or version, is replaced by an empty one, which then has to be filled. One that the system does not
    /// let be read is left as it is.
    pub fn open(directory: &Path, history: HistoryId) -> Result<Self, SearchError> {
        let (_, fields) = Fields::schema();
        let opened = match Opened::open(directory, history) {
            Ok(opened) => opened,
            Err(error) if error.diagnosis() == Diagnosis::Transient => return Err(error),
            Err(error) => {
                if directory.exists() {
                    tracing::warn!(%error, "the search index can't be used as it is, and is rebuilt");
                }
                Opened::create(directory)?
            }
        };
        Ok(Self {
            directory: directory.to_owned(),
            history,
            fields,
            opened: ArcSwap::from_pointee(opened),
            lengths: FieldLengths::new(),
            writer: Mutex::new(None),
            is_half_done: AtomicBool::new(false),
            merging: RwLock::new(()),
            saving: Mutex::new(()),
        })
    }

    /// The position in the change log up to which searches see everything; `None` while the index is rebuilt.
    pub fn reached(&self) -> Option<LogPosition> {
        self.opened.load().reached
    }

    /// How many artifacts are in it.
    pub fn documents(&self) -> u64 {
        self.opened.load().searcher.num_docs()
    }

    /// How many bytes its files have.
    pub fn size_bytes(&self) -> Result<u64, SearchError> {
        Ok(self.opened.load().directory.size_bytes()?)
    }

    /// Empties it, to be filled again.
    pub fn clear(&self) -> Result<(), SearchError> {
        let _merges_ended = self.merging.write().unwrap_or_else(PoisonError::into_inner);
        let mut writer = self.writer();
        *writer = None;
        let _saving = lock(&self.saving);
        self.opened.store(Arc::new(Opened::create(&self.directory)?));
        self.is_half_done.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Whether something was begun since the last commit.
    pub fn is_half_done(&self) -> bool {
        self.is_half_done.load(Ordering::Relaxed)
    }

    /// Goes back to the last commit, if something was begun since, and returns how far that reached.
    pub fn roll_back(&self) -> Result<Option<LogPosition>, SearchError> {
        if self.is_half_done() {
            let _merges_ended = self.merging.write().unwrap_or_else(PoisonError::into_inner);
            // What was not committed goes with the writer.
            let mut writer = self.writer();
            *writer = None;
            // The commit may have succeeded although the index could not be looked into afterwards.
            let committed = self.opened.load().index.load_metas()?.payload;
            self.see(committed.and_then(|payload| read_payload(&payload, self.history)))?;
            self.is_half_done.store(false, Ordering::Relaxed);
        }
        Ok(self.reached())
    }

    /// Whether an error means that the index is damaged. When it does not say, the checksums of all files are compared.
    pub fn is_damaged(&self, error: &SearchError) -> bool {
        let diagnosis = match error.diagnosis() {
            Diagnosis::Unclear => match self.opened().compare_checksums() {
                Ok(()) => Diagnosis::Transient,
                Err(error) => error.diagnosis(),
            },
            clear => clear,
        };
        diagnosis == Diagnosis::Damaged
    }

    /// Takes changes in, in this order. They are seen after [`Self::commit`].
    pub fn write(&self, changes: &[IndexChange]) -> Result<(), SearchError> {
        let mut writer = self.writer();
        let writer = self.writing(&mut writer)?;
        self.is_half_done.store(true, Ordering::Relaxed);
        let remove = |id: ArtifactId| UserOperation::Delete(Term::from_field_bytes(self.fields.key, &id.to_bytes()));
        let add = |artifact| UserOperation::Add(self.fields.document(artifact));
        for changes in changes.chunks(CHANGES_AT_ONCE) {
            let mut operations = Vec::with_capacity(changes.len());
            for change in changes {
                match change {
                    IndexChange::Add(artifact) => operations.push(add(artifact)),
                    IndexChange::Replace(artifact) => operations.extend([remove(artifact.id), add(artifact)]),
                    IndexChange::Remove(id) => operations.push(remove(*id)),
                    IndexChange::RemoveTenant(tenant) => {
                        let term = Term::from_field_text(self.fields.tenant, &tenant.to_string());
                        operations.push(UserOperation::Delete(term));
                    }
                }
            }
            writer.run(operations)?;
        }
        Ok(())
    }

    /// Lets searches see what was taken in: everything up to `reached` in the change log, or a part of one that is rebuilt.
    pub fn commit(&self, reached: Option<LogPosition>) -> Result<(), SearchError> {
        let mut writer = self.writer();
        let writer = self.writing(&mut writer)?;
        self.is_half_done.store(true, Ordering::Relaxed);
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&payload(self.history, reached));
        commit.commit()?;
        self.see(reached)?;
        self.is_half_done.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Merges segments into one, if there are some that are worth it; whether there were. Others can write meanwhile.
    pub fn merge(&self, size: SegmentSize) -> Result<bool, SearchError> {
        let _merging = self.merging.read().unwrap_or_else(PoisonError::into_inner);
        let merged = {
            let mut writer = self.writer();
            let Some(writer) = writer.as_mut() else { return Ok(false) };
            let segments = self.opened.load().index.searchable_segment_metas()?;
            let Some(segments) = merging::worth_it(&segments, size) else { return Ok(false) };
            writer.merge(&segments)
        };
        merged.wait()?;
        // Commits wait meanwhile, so that none is undone.
        let _writer = self.writer();
        self.see(self.reached())?;
        Ok(true)
    }

    /// Finds artifacts of a workspace.
    pub fn search(&self, tenant: TenantId, wanted: &SearchArtifacts, budget: &Budget) -> Result<Found, SearchError> {
        let query = wanted.text.as_ref().map(|text| Query::parse(text.as_str()));
        if query.as_ref().is_some_and(Query::is_empty) {
            // Signs without a word: there is nothing that could have them.
            return Ok(Found { facets: wanted.facets.any().then(Facets::default), ..Found::default() });
        }
        let ListArtifacts { filter, sort, page } = &wanted.list;
        let offset = page.offset();
        let opened = self.opened();
        let gather = Gather {
            columns: opened.columns.clone(),
            sort: *sort,
            after: page.after().cloned(),
            keep: offset + page.limit + 1,
            facets: wanted.facets,
            budget: budget.clone(),
        };
        let search = IndexSearch {
            searcher: &opened.searcher,
            fields: &self.fields,
            lengths: &self.lengths,
            tenant,
            filter,
            gather: &gather,
        };
        let Findings { gathered, query, ranking } = search
            .find(query.unwrap_or_default(), wanted.ranking.as_ref())
            .map_err(|error| SearchError::of_search(budget, error))?;
        let mut first = gathered.first.into_iter().skip(offset);
        let page = first.by_ref().take(page.limit).collect();
        Ok(Found {
            total: gathered.total,
            page,
            has_more: first.next().is_some(),
            facets: wanted.facets.any().then_some(gathered.facets),
            ranking,
            query,
        })
    }

    /// How many artifacts of a workspace, but for those in the trash, have each of the tags that begin with `prefix`.
    pub fn tags(
        &self,
        tenant: TenantId,
        prefix: &TagPrefix,
        budget: &Budget,
    ) -> Result<HashMap<String, u64>, SearchError> {
        let opened = self.opened();
        let tags = tags::tags(&opened.searcher, &self.fields, tenant, prefix, budget);
        tags.map_err(|error| SearchError::of_search(budget, error))
    }

    /// Puts what was committed where a restart finds it. Others can write meanwhile.
    pub fn save(&self) -> Result<(), SearchError> {
        let _saving = lock(&self.saving);
        Ok(self.opened().directory.save()?)
    }

    /// Lets go of the writer, and saves. What was not committed is given up, and so is a merge.
    pub fn close(&self) -> Result<(), SearchError> {
        *self.writer() = None;
        self.save()
    }

    /// As it is looked into now.
    pub(super) fn opened(&self) -> Arc<Opened> {
        self.opened.load_full()
    }

    /// What it holds, as it is looked into now.
    pub fn contents(&self) -> Result<IndexContents, SearchError> {
        IndexContents::of(&self.opened())
    }

    fn writer(&self) -> MutexGuard<'_, Option<IndexWriter>> {
        lock(&self.writer)
    }

    fn writing<'a>(&self, writer: &'a mut Option<IndexWriter>) -> Result<&'a mut IndexWriter, SearchError> {
        if writer.is_none() {
            let options = IndexWriterOptions::builder()
                .memory_budget_per_thread(WRITER_BYTES)
                .num_worker_threads(1)
                .num_merge_threads(2)
                .build();
            let opened = self.opened();
            let make = || {
                Work::Merging.lower_priority();
                opened.index.writer_with_options(options)
            };
            // The threads of its merges give way as the one that makes them does.
            let made = thread::scope(|scope| scope.spawn(make).join());
            let made: IndexWriter<TantivyDocument> = made.unwrap_or_else(|panic| resume_unwind(panic))?;
            // They are begun here, and measured.
            made.set_merge_policy(Box::new(NoMergePolicy));
            *writer = Some(made);
        }
        writer.as_mut().ok_or_else(|| io::Error::other("there is no writer").into())
    }

    fn see(&self, reached: Option<LogPosition>) -> Result<(), SearchError> {
        let opened = self.opened();
        opened.reader.reload()?;
        self.opened.store(Arc::new(opened.seeing(reached)?));
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
