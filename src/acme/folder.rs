//! What is kept of one authority, in a directory of its own: the account there, the certificate with its key, and when it may
//! be asked again. Of another authority, nothing of that is good.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::{AcmeError, Validity};
use crate::whole_file;

/// Where the directories of authorities are, in the data directory.
const ACME: &str = "acme";

/// A directory that only its owner may look into.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The one, in a data directory, of the authority with this directory.
    pub fn of(data_dir: &Path, directory: &str) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        let name: String = directory.trim_start_matches("https://").trim_end_matches('/').chars().map(plain).collect();
        Self(data_dir.join(ACME).join(name))
    }

    /// The certificate, those between it and its root, and its key, in one PEM file: they are replaced at once.
    pub fn certificate(&self) -> PathBuf {
        self.0.join("certificate.pem")
    }

    /// For how long the certificate is good; none if there is none that can be read.
    pub(super) fn validity(&self) -> Option<Validity> {
        Validity::of(&CertificateDer::from_pem_file(self.certificate()).ok()?)
    }

    /// Who this server is to the authority.
    pub(super) fn account(&self) -> PathBuf {
        self.0.join("account.json")
    }

    /// Whether the authority knows this server: then its terms were accepted.
    pub fn has_account(&self) -> bool {
        self.account().exists()
    }

    /// The failed orders, and when the next may be.
    pub(super) fn attempts(&self) -> PathBuf {
        self.0.join("attempts.json")
    }

    /// Writes one of its files, whole and on disk.
    pub(super) fn write(&self, path: &Path, content: &[u8]) -> Result<(), AcmeError> {
        self.try_write(path, content).map_err(|error| AcmeError::Storage { path: path.to_owned(), error })
    }

    fn try_write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        whole_file::write(path, content)
    }

    /// The content of one of its files; none if it is not there.
    pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, AcmeError> {
        match fs::read(path) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(AcmeError::Storage { path: path.to_owned(), error }),
        }
    }

    /// Removes one of its files.
    pub(super) fn remove(path: &Path) -> Result<(), AcmeError> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(AcmeError::Storage { path: path.to_owned(), error })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_authority_has_a_directory_of_its_own() {
        let of = |directory: &str| Folder::of(Path::new("data"), directory).certificate();
        assert_eq!(
            of("https://acme-v02.api.letsencrypt.org/directory"),
            Path::new("data/acme/acme-v02.api.letsencrypt.org-directory/certificate.pem")
        );
        assert_eq!(
            of("https://localhost:14000/../dir/"),
            Path::new("data/acme/localhost-14000-..-dir/certificate.pem")
        );
    }
}
