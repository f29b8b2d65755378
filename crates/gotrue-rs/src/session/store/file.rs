//! Sessions in files.

use std::error::Error;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs4::fs_std::FileExt;

use crate::session::saved::SavedSession;
use crate::session::store::{BoxError, SessionStore};

/// Keeps each session in a file of its own, in one directory.
///
/// The files are written whole and at once, and on Unix only their user can read them. Several processes may use the
/// same directory: they take turns by a lock file. A file that cannot be read as a session is renamed to end in
/// `.corrupt`, and told by [`AuthEvent::StoreFailed`](crate::AuthEvent::StoreFailed).
///
/// The tokens stand in the files as they are. Where the system has a keyring, a store of your own can use that.
///
/// ```no_run
/// # fn main() -> gotrue_rs::Result<()> {
/// use gotrue_rs::FileStore;
/// let auth = gotrue_rs::Client::builder("http://127.0.0.1:54321/auth/v1", "sb_publishable_…")
///     .session_store(FileStore::new("/home/ada/.config/my-app"))
///     .build()?;
/// # Ok(()) }
/// ```
pub struct FileStore {
    directory: PathBuf,
}

/// A file held no session, and was set aside.
#[derive(Debug)]
struct Corrupt {
    aside: PathBuf,
}

impl FileStore {
    /// A store in `directory`, which is made when the first session is written.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// The file of `key`, whose characters may not lead elsewhere.
    fn file(&self, key: &str) -> PathBuf {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let mut name = String::with_capacity(key.len() + 5);
        for c in key.chars() {
            if is_plain(c) {
                name.push(c);
            } else {
                name.push_str(&format!("%{:x}", u32::from(c)));
            }
        }
        self.directory.join(format!("{name}.json"))
    }
}

impl SessionStore for FileStore {
    async fn load(&self, key: &str) -> Result<Option<SavedSession>, BoxError> {
        let file = self.file(key);
        beside(move || {
            // Nobody has written anything yet, and a directory to read is not worth making.
            if !file.exists() {
                return Ok(None);
            }
            let _lock = lock(&file)?;
            read(&file)
        })
        .await
    }

    async fn swap(
        &self,
        key: &str,
        expected: Option<&SavedSession>,
        new: Option<&SavedSession>,
    ) -> Result<bool, BoxError> {
        let (file, expected, new) = (self.file(key), expected.cloned(), new.cloned());
        // It goes with this future, and the thread does not: what it was to write may not be true any more once it gets
        // the lock.
        let wanted = Arc::new(());
        let is_wanted = Arc::downgrade(&wanted);
        beside(move || {
            if let Some(directory) = file.parent() {
                make_private_directory(directory)?;
            }
            let _lock = lock(&file)?;
            if is_wanted.strong_count() == 0 || read(&file)? != expected {
                return Ok(false);
            }
            match new {
                Some(session) => replace(&file, session.expose_secret())?,
                None => match fs::remove_file(&file) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                    _ => {}
                },
            }
            Ok(true)
        })
        .await
    }
}

/// Runs what blocks where it stops nobody.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BoxError> + Send + 'static,
) -> Result<T, BoxError> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(work).await?,
        Err(_) => work(),
    }
}

/// The lock that processes take turns by. It is not the file itself, as that one is replaced; it ends with its value.
fn lock(file: &Path) -> io::Result<File> {
    let lock = private().create(true).truncate(false).write(true).open(file.with_extension("lock"))?;
    FileExt::lock_exclusive(&lock)?;
    Ok(lock)
}

fn read(file: &Path) -> Result<Option<SavedSession>, BoxError> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let text = String::from_utf8(bytes).ok().map(SavedSession::from);
    match text.filter(|text| text.session().is_ok()) {
        Some(text) => Ok(Some(text)),
        None => {
            let aside = file.with_extension("corrupt");
            fs::rename(file, &aside)?;
            Err(Corrupt { aside }.into())
        }
    }
}

/// Writes a file whole, or not at all.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let whole = file.with_extension("new");
    // What a process left behind that died while it wrote may have other permissions.
    match fs::remove_file(&whole) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut writer = private().create_new(true).write(true).open(&whole)?;
    writer.write_all(text.as_bytes())?;
    writer.sync_all()?;
    drop(writer);
    fs::rename(&whole, file)
}

/// Files that only their user can read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_private_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("directory", &self.directory).finish()
    }
}

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file of the session cannot be read, and is now {}", self.aside.display())
    }
}

impl Error for Corrupt {}
