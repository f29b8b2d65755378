//! Uploads remembered in files.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use supabase_core::BoxError;

use super::{UploadStore, hash};

/// Remembers each upload in a file of its own, in one folder, so that it goes on after the process was killed.
///
/// The files are written whole or not at all, and on Unix only their user can read them. They hold no key and no token.
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use std::path::Path;
/// let store = storage_rs::FileUploads::new("/home/ada/.cache/my-app/uploads");
/// storage.from("films").upload_resumable("1.mp4", Path::new("/films/1.mp4")).resume_with(store).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct FileUploads {
    folder: PathBuf,
}

/// What a file holds: its name is only a hash, so it says itself whose it is.
#[derive(Deserialize, Serialize)]
struct Entry {
    fingerprint: String,
    upload: String,
}

impl FileUploads {
    /// A store in `folder`, which is made when the first upload is remembered.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn file(&self, fingerprint: &str) -> PathBuf {
        self.folder.join(format!("{:016x}.json", hash(fingerprint.as_bytes())))
    }
}

impl UploadStore for FileUploads {
    async fn load(&self, fingerprint: &str) -> Result<Option<String>, BoxError> {
        let file = self.file(fingerprint);
        let bytes = crate::file::in_background(move || match fs::read(&file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        });
        let entry = bytes.await?.and_then(|bytes| serde_json::from_slice::<Entry>(&bytes).ok());
        // The upload of another fingerprint with the same hash, or a file of somebody else's.
        Ok(entry.filter(|entry| entry.fingerprint == fingerprint).map(|entry| entry.upload))
    }

    async fn save(&self, fingerprint: &str, upload: &str) -> Result<(), BoxError> {
        let file = self.file(fingerprint);
        let entry = Entry { fingerprint: fingerprint.to_owned(), upload: upload.to_owned() };
        let text = serde_json::to_vec(&entry)?;
        Ok(crate::file::in_background(move || replace(&file, &text)).await?)
    }

    async fn remove(&self, fingerprint: &str) -> Result<(), BoxError> {
        let file = self.file(fingerprint);
        let removed = crate::file::in_background(move || match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        });
        Ok(removed.await?)
    }
}

/// Writes a file whole, or not at all.
fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    if let Some(folder) = file.parent() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let new = file.with_extension(format!("{}-{number}.new", std::process::id()));
    // What a process of the same number left behind may have other permissions.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&new).and_then(|mut writer| {
        writer.write_all(text)?;
        writer.sync_all()
    });
    let written = written.and_then(|()| fs::rename(&new, file));
    if written.is_err() {
        // The error that matters is the one before.
        let _ = fs::remove_file(&new);
    }
    written
}
