//! Where the index is kept: in memory first, and from time to time on the disk.
//!
//! Most files of an index that is written to are small and soon merged into others. They never get as far as the disk,
//! where to make a file and to remove it would wait for the store's commits. What is there is always one whole state of the
//! index, with its position in the change log: what came after it is taken from there again, as after a crash.
//!
//! Nothing is forced onto the disk, for the index can be rebuilt from the store. After a power cut files may
//! be damaged; their checksums show it.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, OwnedBytes, TerminatingWrite,
    WatchCallback, WatchHandle, WritePtr,
};
use tantivy::index::SegmentId;

/// A file that grows beyond this is written to the disk at once, in bytes.
const LARGE: usize = 256 << 10;

/// What tantivy calls the file that says which segments make up the index.
const META: &str = "meta.json";
/// What tantivy calls its list of files. It is not kept: the directory itself is the list.
const MANAGED: &str = ".managed.json";

/// A directory of an index.
#[derive(Clone, Debug)]
pub(super) struct IndexDirectory {
    root: PathBuf,
    mapped: MmapDirectory,
    state: Arc<Mutex<State>>,
}

/// How what is seen differs from what is on the disk.
#[derive(Debug, Default)]
struct State {
    /// Which segments make up the index, if the disk does not know yet.
    meta: Option<OwnedBytes>,
    /// Files that are not there yet.
    unsaved: HashMap<PathBuf, OwnedBytes>,
    /// Files that are still there, for what [`META`] says there may need them.
    removed: HashSet<PathBuf>,
    /// After this number of writes, one fails.
    #[cfg(test)]
    fail_after: Option<usize>,
}

impl IndexDirectory {
    /// The directory at `root`, which must be there.
    pub(super) fn open(root: &Path) -> tantivy::Result<Self> {
        Ok(Self { root: root.to_owned(), mapped: MmapDirectory::open(root)?, state: Arc::default() })
    }

    /// Brings the disk up to date. One at a time; others can write meanwhile.
    pub(super) fn save(&self) -> io::Result<()> {
        let (meta, unsaved, removed) = {
            let state = self.state();
            (state.meta.clone(), state.unsaved.clone(), state.removed.clone())
        };
        for (path, bytes) in &unsaved {
            fs::write(self.root.join(path), bytes)?;
        }
        if let Some(meta) = &meta {
            let written = self.root.join(META).with_extension("new");
            fs::write(&written, meta)?;
            fs::rename(written, self.root.join(META))?;
        }
        for path in &removed {
            remove(&self.root.join(path))?;
        }
        let mut state = self.state();
        if state.meta.as_deref() == meta.as_deref() {
            state.meta = None;
        }
        state.removed.retain(|path| !removed.contains(path));
        for path in unsaved.into_keys() {
            if state.unsaved.remove(&path).is_none() {
                // Removed meanwhile, but what is on the disk now needs it.
                state.removed.insert(path);
            }
        }
        Ok(())
    }

    /// How many bytes its files have.
    pub(super) fn size_bytes(&self) -> io::Result<u64> {
        let mut size = self.state().unsaved.values().map(|bytes| bytes.len() as u64).sum();
        for entry in fs::read_dir(&self.root)? {
            // A file that was merged away in the meantime has none.
            size += entry?.metadata().map_or(0, |metadata| metadata.len());
        }
        Ok(size)
    }

    /// The files of the segments that are on the disk, whether anything needs them or not.
    fn files(&self) -> io::Result<Vec<String>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            files.extend(entry?.file_name().into_string().ok().filter(|name| is_of_a_segment(name)));
        }
        Ok(files)
    }

    #[cfg(test)]
    pub(super) fn fail_after(&self, writes: Option<usize>) {
        self.state().fail_after = writes;
    }

    #[cfg(test)]
    fn fail_if_due(&self) -> io::Result<()> {
        let mut state = self.state();
        match state.fail_after {
            Some(0) => {
                state.fail_after = None;
                Err(rustix::io::Errno::NOSPC.into())
            }
            writes => {
                state.fail_after = writes.map(|writes| writes - 1);
                Ok(())
            }
        }
    }

    fn is_on_disk(&self, path: &Path) -> bool {
        self.root.join(path).exists()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// They are named by the id of the segment and what they hold of it.
fn is_of_a_segment(name: &str) -> bool {
    name.split_once('.').is_some_and(|(id, _)| SegmentId::from_uuid_string(id).is_ok())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A file that is being written: in memory, until it is [`LARGE`].
struct Writing {
    directory: IndexDirectory,
    path: PathBuf,
    bytes: Vec<u8>,
    file: Option<File>,
}

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(test)]
        self.directory.fail_if_due()?;
        if let Some(file) = &mut self.file {
            return file.write(bytes);
        }
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > LARGE {
            let mut file = File::create_new(self.directory.root.join(&self.path))?;
            file.write_all(&std::mem::take(&mut self.bytes))?;
            self.file = Some(file);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for Writing {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        if self.file.is_none() {
            let bytes = OwnedBytes::new(std::mem::take(&mut self.bytes));
            self.directory.state().unsaved.insert(self.path.clone(), bytes);
        }
        Ok(())
    }
}

impl Directory for IndexDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let unsaved = self.state().unsaved.get(path).cloned();
        match unsaved {
            Some(bytes) => Ok(Arc::new(bytes)),
            None => self.mapped.get_file_handle(path),
        }
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let mut state = self.state();
        if state.unsaved.remove(path).is_none() {
            if !self.is_on_disk(path) {
                return Err(DeleteError::FileDoesNotExist(path.to_owned()));
            }
            state.removed.insert(path.to_owned());
        }
        Ok(())
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        let state = self.state();
        let is_new = state.unsaved.contains_key(path) || (path == Path::new(META) && state.meta.is_some());
        Ok(is_new || (!state.removed.contains(path) && self.is_on_disk(path)))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let is_there = self
            .exists(path)
            .map_err(|error| OpenWriteError::wrap_io_error(io::Error::other(error), path.to_owned()))?;
        if is_there {
            return Err(OpenWriteError::FileAlreadyExists(path.to_owned()));
        }
        let writing = Writing { directory: self.clone(), path: path.to_owned(), bytes: Vec::new(), file: None };
        Ok(BufWriter::new(Box::new(writing)))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        if path == Path::new(MANAGED) {
            let files = self.files().and_then(|files| Ok(serde_json::to_vec(&files)?));
            return files.map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()));
        }
        let unsaved = self.state().meta.clone();
        match unsaved {
            Some(meta) => Ok(meta.to_vec()),
            None => self.mapped.atomic_read(path),
        }
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        if path != Path::new(MANAGED) {
            self.state().meta = Some(OwnedBytes::new(data.to_vec()));
        }
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.mapped.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.mapped.watch(callback)
    }
}

#[cfg(test)]
mod tests {
    use tantivy::collector::Count;
    use tantivy::indexer::NoMergePolicy;
    use tantivy::query::AllQuery;
    use tantivy::schema::{STORED, Schema, TEXT};
    use tantivy::{Index, IndexSettings, IndexWriter, TantivyDocument, doc};

    use super::*;

    const WRITER_BYTES: usize = 15 << 20;

    fn copy(from: &Path, to: &Path) {
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }

    /// What a process that starts after a crash finds on the disk: how many documents, and what the commit noted.
    fn found(root: &Path) -> (usize, String) {
        let copied = tempfile::tempdir().unwrap();
        copy(root, copied.path());
        let index = Index::open(IndexDirectory::open(copied.path()).unwrap()).unwrap();
        assert!(index.validate_checksum().unwrap().is_empty());
        let count = index.reader().unwrap().searcher().search(&AllQuery, &Count).unwrap();
        (count, index.load_metas().unwrap().payload.unwrap_or_default())
    }

    /// The segments whose files are on the disk.
    fn segments(root: &Path) -> HashSet<String> {
        let files = IndexDirectory::open(root).unwrap().files().unwrap();
        files.iter().filter_map(|name| Some(name.split_once('.')?.0.to_owned())).collect()
    }

    #[test]
    fn a_crash_leaves_what_was_saved_last() {
        let root = tempfile::tempdir().unwrap();
        let directory = IndexDirectory::open(root.path()).unwrap();
        let mut schema = Schema::builder();
        let text = schema.add_text_field("text", TEXT | STORED);
        let index = Index::create(directory.clone(), schema.build(), IndexSettings::default()).unwrap();
        let mut writer: IndexWriter<TantivyDocument> = index.writer_with_num_threads(1, WRITER_BYTES).unwrap();
        writer.set_merge_policy(Box::new(NoMergePolicy));
        let mut commit = |note: &str, text_of_it: &str| {
            writer.add_document(doc!(text => text_of_it)).unwrap();
            let mut commit = writer.prepare_commit().unwrap();
            commit.set_payload(note);
            commit.commit().unwrap();
        };
        directory.save().unwrap();
        commit("one", "small");
        assert_eq!(found(root.path()), (0, String::new()), "it was not saved yet");
        directory.save().unwrap();
        assert_eq!(found(root.path()), (1, "one".to_owned()));
        // Too large to be kept in memory.
        let large: String =
            (0_u32..60_000).map(|number| format!("{:x} ", number.wrapping_mul(2_654_435_761))).collect();
        commit("two", &large);
        commit("three", "small");
        assert_eq!(found(root.path()), (1, "one".to_owned()), "what is new belongs to what is not saved yet");
        directory.save().unwrap();
        assert_eq!(found(root.path()), (3, "three".to_owned()));

        let merged = index.searchable_segment_ids().unwrap();
        writer.merge(&merged).wait().unwrap();
        writer.garbage_collect_files().wait().unwrap();
        assert_eq!(index.searchable_segment_ids().unwrap().len(), 1);
        assert_eq!(found(root.path()), (3, "three".to_owned()), "what was merged is still needed");
        assert_eq!(segments(root.path()).len(), 3 + 1, "the new segment is large");
        directory.save().unwrap();
        assert_eq!(found(root.path()), (3, "three".to_owned()));
        assert_eq!(segments(root.path()).len(), 1, "what was merged is needed no more");
    }

    #[test]
    fn what_a_crash_left_behind_is_cleared_away() {
        let root = tempfile::tempdir().unwrap();
        let left = "0123456789abcdef0123456789abcdef.store";
        fs::write(root.path().join(left), "half").unwrap();
        fs::write(root.path().join("boot"), "another file").unwrap();
        let directory = IndexDirectory::open(root.path()).unwrap();
        let index = Index::open_or_create(directory.clone(), Schema::builder().build()).unwrap();
        let mut writer: IndexWriter<TantivyDocument> = index.writer_with_num_threads(1, WRITER_BYTES).unwrap();
        writer.commit().unwrap();
        directory.save().unwrap();
        assert!(!root.path().join(left).exists());
        assert!(root.path().join("boot").exists());
    }
}
