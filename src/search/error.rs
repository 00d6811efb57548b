//! Why the index was not read or written, and whether that means that it is damaged.

use std::error::Error;
use std::io;

use tantivy::TantivyError;
use tantivy::directory::error::{LockError, OpenDirectoryError, OpenReadError, OpenWriteError};
use thiserror::Error;

use super::budget::Budget;

/// The index can't be read or written.
#[derive(Debug, Error)]
#[error("the search index: {0}")]
pub enum SearchError {
    /// A file.
    Io(#[from] io::Error),
    /// What is in them.
    Index(#[from] TantivyError),
    /// Nobody waits for the answer any more, or it would take too long.
    #[error("the search took too long")]
    Abandoned,
}

/// What an error says of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Diagnosis {
    /// Something is missing, or makes no sense: it has to be rebuilt.
    Damaged,
    /// The system refused something: descriptors, memory or space have run out, or the disk fails. Trying again helps.
    Transient,
    /// It failed for a reason that it does not give. The checksums of the files show it.
    Unclear,
}

impl SearchError {
    /// What went wrong in a search that could go on for so long.
    pub(super) fn of_search(budget: &Budget, error: TantivyError) -> Self {
        if budget.is_spent() { Self::Abandoned } else { error.into() }
    }

    /// What it says of the index.
    pub fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Io(error) => of_io(error),
            Self::Index(error) => of_index(error),
            Self::Abandoned => Diagnosis::Transient,
        }
    }
}

fn of_index(error: &TantivyError) -> Diagnosis {
    match error {
        TantivyError::IoError(error) => of_io(error),
        TantivyError::OpenReadError(error) => of_reading(error),
        TantivyError::OpenWriteError(OpenWriteError::IoError { io_error, .. }) => of_io(io_error),
        TantivyError::OpenDirectoryError(OpenDirectoryError::IoError { io_error, .. }) => of_io(io_error),
        TantivyError::OpenDirectoryError(OpenDirectoryError::FailedToCreateTempDir(error)) => of_io(error),
        TantivyError::LockFailure(LockError::IoError(error), _) => of_io(error),
        TantivyError::LockFailure(LockError::LockBusy, _) => Diagnosis::Transient,
        TantivyError::OpenDirectoryError(_)
        | TantivyError::DataCorruption(_)
        | TantivyError::DeserializeError(_)
        | TantivyError::SchemaError(_)
        | TantivyError::FieldNotFound(_)
        | TantivyError::IncompatibleIndex(_) => Diagnosis::Damaged,
        // Threads, and what is no matter of files.
        _ => Diagnosis::Unclear,
    }
}

fn of_reading(error: &OpenReadError) -> Diagnosis {
    match error {
        OpenReadError::IoError { io_error, .. } => of_io(io_error),
        OpenReadError::FileDoesNotExist(_) | OpenReadError::IncompatibleIndex(_) => Diagnosis::Damaged,
    }
}

/// An error with a number came from the system, and one without says something of what is in a file.
fn of_io(error: &io::Error) -> Diagnosis {
    if error.raw_os_error().is_some() {
        let is_missing = error.kind() == io::ErrorKind::NotFound;
        return if is_missing { Diagnosis::Damaged } else { Diagnosis::Transient };
    }
    match error.get_ref() {
        Some(inner) => of_wrapped(inner),
        None => Diagnosis::Damaged,
    }
}

fn of_wrapped(inner: &(dyn Error + Send + Sync + 'static)) -> Diagnosis {
    if let Some(error) = inner.downcast_ref::<io::Error>() {
        of_io(error)
    } else if let Some(error) = inner.downcast_ref::<OpenReadError>() {
        of_reading(error)
    } else if let Some(error) = inner.downcast_ref::<TantivyError>() {
        of_index(error)
    } else if inner.is::<tokio::task::JoinError>() {
        // It panicked.
        Diagnosis::Unclear
    } else {
        Diagnosis::Damaged
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rustix::io::Errno;
    use tantivy::error::DataCorruption;

    use super::*;

    fn of_system(errno: Errno) -> io::Error {
        io::Error::from_raw_os_error(errno.raw_os_error())
    }

    #[test]
    fn what_the_system_refuses_is_no_damage() {
        for errno in [
            Errno::MFILE,
            Errno::NFILE,
            Errno::NOSPC,
            Errno::IO,
            Errno::NOMEM,
            Errno::ACCESS,
            Errno::ROFS,
            Errno::DQUOT,
        ] {
            let path = || PathBuf::from("segment.term");
            let errors: [TantivyError; 4] = [
                of_system(errno).into(),
                OpenReadError::wrap_io_error(of_system(errno), path()).into(),
                OpenWriteError::wrap_io_error(of_system(errno), path()).into(),
                LockError::wrap_io_error(of_system(errno)).into(),
            ];
            for error in errors {
                assert_eq!(SearchError::from(error).diagnosis(), Diagnosis::Transient, "{errno}");
            }
            let wrapped = io::Error::other(OpenReadError::wrap_io_error(of_system(errno), path()));
            assert_eq!(SearchError::from(wrapped).diagnosis(), Diagnosis::Transient, "{errno}");
        }
    }

    #[test]
    fn what_is_missing_or_makes_no_sense_is_damage() {
        let errors: [SearchError; 4] = [
            of_system(Errno::NOENT).into(),
            io::Error::new(io::ErrorKind::InvalidData, "a footer").into(),
            TantivyError::from(OpenReadError::FileDoesNotExist(PathBuf::from("segment.term"))).into(),
            TantivyError::from(DataCorruption::comment_only("a block")).into(),
        ];
        for error in errors {
            assert_eq!(error.diagnosis(), Diagnosis::Damaged, "{error}");
        }
        let killed = TantivyError::ErrorInThread("An index writer was killed.".to_owned());
        assert_eq!(SearchError::from(killed).diagnosis(), Diagnosis::Unclear);
    }
}
