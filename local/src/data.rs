//! The data folder: its lock, its layout and its permissions.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The layout that this version reads and writes. A folder with another layout is refused, except for [`CONVERTED`].
const VERSION: u32 = 3;

/// The layout that is converted: the tables are, when they are opened, by what they look like (`aws/dynamodb/layout.rs`). From the first moment on, the
/// folder has the new number, so that no earlier aviary opens what is converted in part.
const CONVERTED: u32 = 2;

/// The file with the hashes of the API keys; absent until the first key is created.
pub(crate) const API_KEYS: &str = "api-keys.json";

/// The file that a running aviary holds locked.
const LOCK: &str = "lock";

/// The file that exists once a recording has been played.
const RECORDING: &str = "recording";

/// The SQLite databases.
const DATABASES: [&str; 2] = ["tables.sqlite", "queues.sqlite"];

/// The first bytes of a SQLite database. <https://www.sqlite.org/fileformat.html>
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

/// Only the owner may read posts and keys.
const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

/// A data folder, locked until this is dropped.
#[derive(Debug)]
pub(crate) struct Data {
    path: PathBuf,
    _lock: File,
}

impl Data {
    /// Opens and locks the folder; creates it if it does not exist.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        create(path)?;
        let lock = private_file(&path.join(LOCK))
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
        let write_version = || {
            write(&version_file, &format!("{VERSION}\n"))
                .with_context(|| format!("failed to write {}", version_file.display()))
        };
        match found {
            Some(text) => match text.trim().parse::<u32>() {
                Ok(VERSION) => {}
                Ok(CONVERTED) => write_version()?,
                Ok(version) if version > VERSION => bail!(
                    "the data folder {shown} has layout {version}, written by a newer aviary; this one reads layout {VERSION}"
                ),
                Ok(version) => bail!(
                    "the data folder {shown} has layout {version}, written by an older aviary; this one reads layout {VERSION}: start with another --data"
                ),
                Err(_) => bail!("{} does not contain a layout number", version_file.display()),
            },
            None => write_version()?,
        }
        for name in DATABASES {
            prepare(&path.join(name))?;
        }
        tighten(path).with_context(|| format!("failed to make the data folder {shown} private"))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The path of a file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// The contents of a file; `None` if it does not exist.
pub(crate) fn read_if_there(path: &Path) -> std::io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces a file atomically: a reader sees either the old contents or the new.
pub(crate) fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut file = private_file(&new)?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())?;
    std::fs::rename(new, path)
}

/// Creates the folder, accessible only to its owner, if it does not exist.
pub(crate) fn create(folder: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE_FOLDER)
        .create(folder)
        .with_context(|| format!("failed to create the data folder {}", folder.display()))
}

/// Whether an aviary is running on this folder.
pub(crate) fn is_in_use(folder: &Path) -> bool {
    let lock = File::open(folder.join(LOCK));
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Records that a recording is played into the folder; returns whether one had been played before.
///
/// # Errors
/// The file that records it cannot be written.
pub fn recording_is_played(folder: &Path) -> anyhow::Result<bool> {
    let marker = folder.join(RECORDING);
    let before = marker.exists();
    private_file(&marker).with_context(|| format!("failed to write {}", marker.display()))?;
    Ok(before)
}

/// Opens a file for writing without truncating it; creates it, readable only by its owner, if it does not exist.
fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(PRIVATE_FILE).open(path)
}

/// Creates a private file for SQLite, which gives its companion files the same mode. Refuses a file that is not a
/// SQLite database.
fn prepare(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    drop(private_file(path).with_context(|| format!("failed to write {shown}"))?);
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut beginning));
    read.with_context(|| format!("failed to read {shown}"))?;
    if !beginning.is_empty() && beginning != SQLITE {
        bail!("{shown} is not a SQLite database: move it away, or start with another --data");
    }
    Ok(())
}

/// Makes files private that an earlier version left readable by others. The folder itself is made private only if it
/// contains nothing else, since it may serve other purposes too.
fn tighten(folder: &Path) -> std::io::Result<()> {
    let mut is_ours = true;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let database = DATABASES.iter().any(|database| {
            name.strip_prefix(database).is_some_and(|rest| ["", "-wal", "-shm", "-journal"].contains(&rest))
        });
        if database || [LOCK, RECORDING, "version", API_KEYS].contains(&&*name) {
            restrict(&entry.path(), PRIVATE_FILE)?;
        } else {
            is_ours = false;
        }
    }
    if is_ours { restrict(folder, PRIVATE_FOLDER) } else { Ok(()) }
}

/// Sets the mode of a file or folder that others have any access to.
fn restrict(path: &Path, mode: u32) -> std::io::Result<()> {
    match std::fs::metadata(path) {
        Ok(there) if there.permissions().mode() & 0o077 == 0 => Ok(()),
        Ok(_) => std::fs::set_permissions(path, Permissions::from_mode(mode)),
        // SQLite deletes its companion files itself.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
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
        std::fs::write(folder.path().join("version"), "4\n").unwrap();
        let error = Data::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("layout 4, written by a newer aviary"), "{error}");
        assert_eq!(std::fs::read_to_string(folder.path().join("version")).unwrap(), "4\n");
        std::fs::write(folder.path().join("version"), "1\n").unwrap();
        let error = Data::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("layout 1, written by an older aviary"), "{error}");
    }

    #[test]
    fn a_folder_whose_tables_will_be_converted_is_closed_to_earlier_versions() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("version"), "2\n").unwrap();
        drop(Data::open(folder.path()).unwrap());
        assert_eq!(std::fs::read_to_string(folder.path().join("version")).unwrap(), "3\n");
    }

    #[test]
    fn a_file_that_is_not_a_database_is_refused_and_left_alone() {
        for name in DATABASES {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(name), "hello").unwrap();
            let error = Data::open(folder.path()).unwrap_err().to_string();
            assert!(
                error.contains(name) && error.contains("is not a SQLite database: move it away"),
                "{error}"
            );
            assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), b"hello");
        }
    }

    #[test]
    fn only_the_owner_can_read_what_is_stored() {
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        drop(Data::open(&folder).unwrap());
        write(&folder.join(API_KEYS), "{}").unwrap();
        // An earlier version left it readable by others.
        std::fs::write(folder.join("tables.sqlite-wal"), "").unwrap();
        let files = [LOCK, "version", API_KEYS, "tables.sqlite", "queues.sqlite", "tables.sqlite-wal"];
        assert!(files.map(|name| mode(&folder.join(name))).starts_with(&[0o600; 5]));
        for open in files.map(|name| folder.join(name)).iter().chain([&folder]) {
            std::fs::set_permissions(open, Permissions::from_mode(0o755)).unwrap();
        }
        drop(Data::open(&folder).unwrap());
        assert_eq!(files.map(|name| mode(&folder.join(name))), [0o600; 6]);
        assert_eq!(mode(&folder), 0o700);
        // A folder that serves other purposes too keeps its mode.
        std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        std::fs::write(folder.join("thesis.txt"), "").unwrap();
        drop(Data::open(&folder).unwrap());
        assert_eq!(mode(&folder), 0o755);
    }

    #[test]
    fn a_folder_shows_whether_it_is_in_use_and_whether_a_recording_was_played() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_in_use(folder.path()));
        let data = Data::open(folder.path()).unwrap();
        assert!(is_in_use(folder.path()));
        drop(data);
        assert!(!is_in_use(folder.path()));
        assert!(!recording_is_played(folder.path()).unwrap());
        assert!(recording_is_played(folder.path()).unwrap());
    }
}
