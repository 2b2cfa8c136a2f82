//! The data folder.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The layout that this version writes; a folder of a later one is left alone.
const VERSION: u32 = 2;

/// The file that keeps the hashes of the api keys; there is none before the first key.
pub(crate) const API_KEYS: &str = "api-keys.json";

/// The file that is held by who uses the folder.
const LOCK: &str = "lock";

/// The file that is there once a recording has been played.
const RECORDING: &str = "recording";

/// The files of SQLite.
const DATABASES: [&str; 2] = ["tables.sqlite", "queues.sqlite"];

/// How a file of SQLite begins. <https://www.sqlite.org/fileformat.html>
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

/// Posts are nobody else's business, and keys neither.
const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

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
        make(path)?;
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
                write(&version_file, &format!("{VERSION}\n"))
                    .with_context(|| format!("failed to write {}", version_file.display()))?;
            }
        }
        for name in DATABASES {
            prepare(&path.join(name))?;
        }
        tighten(path).with_context(|| format!("failed to make the data folder {shown} private"))?;
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
    let mut file = private_file(&new)?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())?;
    std::fs::rename(new, path)
}

/// Makes the folder, for its owner alone, if it is not there.
pub(crate) fn make(folder: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE_FOLDER)
        .create(folder)
        .with_context(|| format!("failed to make the data folder {}", folder.display()))
}

/// Whether an aviary runs on this folder.
pub(crate) fn is_in_use(folder: &Path) -> bool {
    let lock = File::open(folder.join(LOCK));
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Notes that a recording is played into the folder, and says whether one was before.
///
/// # Errors
/// The note cannot be written.
pub fn recording_is_played(folder: &Path) -> anyhow::Result<bool> {
    let note = folder.join(RECORDING);
    let before = note.exists();
    private_file(&note).with_context(|| format!("failed to write {}", note.display()))?;
    Ok(before)
}

/// Opens a file that only its owner may read, or makes it; what it holds stays.
fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(PRIVATE_FILE).open(path)
}

/// Makes a file that SQLite can open, and gives its companions the same owner alone; refuses one of something else.
fn prepare(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    drop(private_file(path).with_context(|| format!("failed to write {shown}"))?);
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut beginning));
    read.with_context(|| format!("failed to read {shown}"))?;
    if !beginning.is_empty() && beginning != SQLITE {
        bail!("{shown} is not a database of aviary: move it away, or start with another --data");
    }
    Ok(())
}

/// Takes from others what an earlier version let them read. The folder itself only if nothing else is in it: it may be
/// one that is used for other things too.
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

/// Lets the owner alone do what `mode` says, if others may do anything.
fn restrict(path: &Path, mode: u32) -> std::io::Result<()> {
    match std::fs::metadata(path) {
        Ok(there) if there.permissions().mode() & 0o077 == 0 => Ok(()),
        Ok(_) => std::fs::set_permissions(path, Permissions::from_mode(mode)),
        // SQLite takes its companions away itself.
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
        std::fs::write(folder.path().join("version"), "3\n").unwrap();
        let error = Data::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("layout 3, written by a newer aviary"), "{error}");
        assert_eq!(std::fs::read_to_string(folder.path().join("version")).unwrap(), "3\n");
        std::fs::write(folder.path().join("version"), "1\n").unwrap();
        let error = Data::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("layout 1, written by an older aviary"), "{error}");
    }

    #[test]
    fn what_is_no_database_is_refused_and_left_alone() {
        for name in DATABASES {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(name), "hello").unwrap();
            let error = Data::open(folder.path()).unwrap_err().to_string();
            assert!(
                error.contains(name) && error.contains("is not a database of aviary: move it away"),
                "{error}"
            );
            assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), b"hello");
        }
    }

    #[test]
    fn nobody_else_can_read_what_is_kept() {
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        drop(Data::open(&folder).unwrap());
        write(&folder.join(API_KEYS), "{}").unwrap();
        // As an earlier version left it.
        std::fs::write(folder.join("tables.sqlite-wal"), "").unwrap();
        let files = [LOCK, "version", API_KEYS, "tables.sqlite", "queues.sqlite", "tables.sqlite-wal"];
        assert!(files.map(|name| mode(&folder.join(name))).starts_with(&[0o600; 5]));
        for open in files.map(|name| folder.join(name)).iter().chain([&folder]) {
            std::fs::set_permissions(open, Permissions::from_mode(0o755)).unwrap();
        }
        drop(Data::open(&folder).unwrap());
        assert_eq!(files.map(|name| mode(&folder.join(name))), [0o600; 6]);
        assert_eq!(mode(&folder), 0o700);
        // One that is used for other things too stays as it is.
        std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        std::fs::write(folder.join("thesis.txt"), "").unwrap();
        drop(Data::open(&folder).unwrap());
        assert_eq!(mode(&folder), 0o755);
    }

    #[test]
    fn a_folder_knows_whether_it_is_used_and_whether_a_recording_was_played() {
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
