//! An index as it is looked into: its files, its segments and their columns, and how far it reaches.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tantivy::collector::Count;
use tantivy::index::{Index, IndexSettings, IndexSortByField, Order};
use tantivy::query::AllQuery;
use tantivy::{IndexReader, ReloadPolicy, Searcher};

use super::boot;
use super::columns::{self, AllColumns};
use super::directory::IndexDirectory;
use super::error::SearchError;
use super::payload::read_payload;
use super::schema::{Fields, NEWEST_FIRST};
use super::tokenizer::{self, Words};
use crate::domain::{HistoryId, LogPosition};

/// An index as it is looked into.
pub(super) struct Opened {
    pub directory: IndexDirectory,
    pub index: Index,
    pub reader: IndexReader,
    pub searcher: Searcher,
    pub columns: Arc<AllColumns>,
    /// The position in the change log up to which it is complete; `None` while it is rebuilt.
    pub reached: Option<LogPosition>,
}

impl Opened {
    /// The one in `directory`, if it can be used as it is.
    pub(super) fn open(directory: &Path, history: HistoryId) -> Result<Self, SearchError> {
        let opened = Self::complete(directory, history)?;
        if !boot::is_the_same(directory) {
            opened.compare_checksums()?;
            boot::note(directory)?;
        }
        Ok(opened)
    }

    /// The same, with every checksum compared and nothing written.
    pub(super) fn checked(directory: &Path, history: HistoryId) -> Result<Self, SearchError> {
        let opened = Self::complete(directory, history)?;
        opened.compare_checksums()?;
        Ok(opened)
    }

    /// The one in `directory`, if it is of this history and version, and complete.
    fn complete(directory: &Path, history: HistoryId) -> Result<Self, SearchError> {
        let files = IndexDirectory::open(directory)?;
        let index = Index::open(files.clone())?;
        let (schema, _) = Fields::schema();
        let reached = index.load_metas()?.payload.as_deref().and_then(|payload| read_payload(payload, history));
        if index.schema() != schema || reached.is_none() {
            return Err(io::Error::other("it is incomplete, or of another version or database").into());
        }
        let opened = Self::with_reader(files, index, reached)?;
        // Opens every file, and reads a little of each.
        opened.searcher.search(&AllQuery, &Count)?;
        Ok(opened)
    }

    /// An error if a file is not what was written.
    pub(super) fn compare_checksums(&self) -> Result<(), SearchError> {
        match self.index.validate_checksum()?.len() {
            0 => Ok(()),
            damaged => Err(io::Error::other(format!("{damaged} of its files are damaged")).into()),
        }
    }

    /// An empty one, in the place of what is in `directory`.
    pub(super) fn create(directory: &Path) -> Result<Self, SearchError> {
        if directory.exists() {
            fs::remove_dir_all(directory)?;
        }
        fs::create_dir_all(directory)?;
        let (schema, _) = Fields::schema();
        let files = IndexDirectory::open(directory)?;
        let newest_first = IndexSortByField { field: NEWEST_FIRST.to_owned(), order: Order::Desc };
        let settings = IndexSettings { sort_by_field: Some(newest_first), ..IndexSettings::default() };
        let index = Index::create(files.clone(), schema, settings)?;
        boot::note(directory)?;
        Self::with_reader(files, index, None)
    }

    fn with_reader(directory: IndexDirectory, index: Index, reached: Option<LogPosition>) -> Result<Self, SearchError> {
        index.tokenizers().register(tokenizer::NAME, Words::default());
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let columns = AllColumns::default();
        let unread =
            Self { directory, searcher: reader.searcher(), index, reader, columns: Arc::new(columns), reached };
        unread.seeing(reached)
    }

    /// As its reader sees it now, when it reaches so far.
    pub(super) fn seeing(&self, reached: Option<LogPosition>) -> Result<Self, SearchError> {
        let searcher = self.reader.searcher();
        let columns = Arc::new(columns::open(&searcher, &self.columns)?);
        let Self { directory, index, reader, .. } = self;
        Ok(Self {
            directory: directory.clone(),
            index: index.clone(),
            reader: reader.clone(),
            searcher,
            columns,
            reached,
        })
    }
}
