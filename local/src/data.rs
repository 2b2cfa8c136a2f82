//! The data folder.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The layout that this version writes; a folder of a later one is left alone.
const VERSION: u32 = 2;

/// The file that keeps the hashes of the api keys; there is none before the first key.
pub(crate) const API_KEYS: &str = "api-keys.json";

/// A data folder that is ours while this lives.
#[derive(Debug)]
pub(crate) struct Data {
    path: PathBuf,
    _lock: File,
}

impl Data {
    /// Opens the folder, or makes it.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        std::fs::create_dir_all(path).with_context(|| format!("failed to make the data folder {shown}"))?;
        let lock = File::create(path.join("lock"))
            .with_context(|| format!("failed to write to the data folder {shown}"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("the data folder {shown} is in use by another aviary"),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("failed to lock the data folder {shown}"));
            }
        }
        let version_file = path.join("version");
        let found = read_if_there(&version_file)
            .with_context(|| format!("failed to read {}", version_file.display()))?;
        match found {
            Some(text) => match text.trim().parse::<u32>() {
                Ok(VERSION) => {}
                Ok(version) if version > VERSION => bail!(
                    "the data folder {shown} has layout {version}, written by a newer aviary; this one reads layout {VERSION}"
                ),
                Ok(version) => bail!(
                    "the data folder {shown} has layout {version}, written by an older aviary; this one reads layout {VERSION}: start with another --data"
                ),
                Err(_) => bail!("{} does not hold a layout's number", version_file.display()),
            },
            None => {
                std::fs::write(&version_file, format!("{VERSION}\n"))
                    .with_context(|| format!("failed to write {}", version_file.display()))?;
            }
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// A file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// What a file holds, if it is there.
pub(crate) fn read_if_there(path: &Path) -> std::io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a file as a whole: who reads it finds what was there before, or all of this.
pub(crate) fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, text)?;
    std::fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_use_or_of_a_newer_version_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::open(folder.path()).unwrap();
        let error = Data::open(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("is in use by another aviary"), "{error}");
        drop(data);
        std::fs::write(folder.path().join("version"), "3\n").unwrap();
        let error = Data::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("layout 3, written by a newer aviary"), "{error}");
        assert_eq!(std::fs::read_to_string(folder.path().join("version")).unwrap(), "3\n");
        std::fs::write(folder.path().join("version"), "1\n").unwrap();
        let error = Data::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("layout 1, written by an older aviary"), "{error}");
    }
}
