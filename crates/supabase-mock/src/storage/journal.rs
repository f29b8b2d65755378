//! What happened to the rows, one line of JSON for each change, in a folder that is kept.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clock::Moment;
use super::rows::{Bucket, Content, Object, Settings};
use super::store::Buckets;

const NAME: &str = "rows.jsonl";

/// One change. Moments are numbers here, as texts of them lose what makes them unique.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Entry {
    Bucket {
        id: String,
        name: String,
        owner: String,
        public: bool,
        file_size_limit: Option<u64>,
        allowed_mime_types: Option<Vec<String>>,
        created_at: u64,
        updated_at: u64,
        written: u64,
    },
    BucketGone {
        id: String,
    },
    Object {
        bucket: String,
        key: String,
        id: String,
        version: String,
        owner: String,
        content: Content,
        user_metadata: Option<Value>,
        created_at: u64,
        updated_at: u64,
    },
    ObjectGone {
        bucket: String,
        key: String,
    },
}

impl Entry {
    pub(super) fn bucket(settings: &Settings, written: Moment) -> Self {
        let settings = settings.clone();
        Self::Bucket {
            id: settings.id,
            name: settings.name,
            owner: settings.owner,
            public: settings.public,
            file_size_limit: settings.file_size_limit,
            allowed_mime_types: settings.allowed_mime_types,
            created_at: settings.created_at.0,
            updated_at: settings.updated_at.0,
            written: written.0,
        }
    }

    pub(super) fn object(bucket: &str, key: &str, object: &Object) -> Self {
        let object = object.clone();
        Self::Object {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            id: object.id,
            version: object.version,
            owner: object.owner,
            content: object.content,
            user_metadata: object.user_metadata,
            created_at: object.created_at.0,
            updated_at: object.updated_at.0,
        }
    }

    fn apply(self, buckets: &mut Buckets) {
        match self {
            Self::Bucket {
                id,
                name,
                owner,
                public,
                file_size_limit,
                allowed_mime_types,
                created_at,
                updated_at,
                written,
            } => {
                let settings = Settings {
                    id: id.clone(),
                    name,
                    owner,
                    public,
                    kind: None,
                    file_size_limit,
                    allowed_mime_types,
                    created_at: Moment(created_at),
                    updated_at: Moment(updated_at),
                };
                let objects = buckets.remove(&id).map(|bucket| bucket.objects).unwrap_or_default();
                buckets.insert(id, Bucket { settings, written: Moment(written), objects });
            }
            Self::BucketGone { id } => {
                buckets.remove(&id);
            }
            Self::Object {
                bucket,
                key,
                id,
                version,
                owner,
                content,
                user_metadata,
                created_at,
                updated_at,
            } => {
                let object = Object {
                    id,
                    version,
                    owner,
                    content,
                    user_metadata,
                    created_at: Moment(created_at),
                    updated_at: Moment(updated_at),
                };
                if let Some(bucket) = buckets.get_mut(&bucket) {
                    bucket.objects.insert(key, object);
                }
            }
            Self::ObjectGone { bucket, key } => {
                if let Some(bucket) = buckets.get_mut(&bucket) {
                    bucket.objects.remove(&key);
                }
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Journal {
    file: File,
}

impl Journal {
    /// Reads what happened, and writes it anew in as few lines as it takes.
    pub(super) fn open(folder: &Path) -> io::Result<(Buckets, Self)> {
        let path = folder.join(NAME);
        let mut buckets = Buckets::new();
        match File::open(&path) {
            Ok(file) => read(file, &mut buckets)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }

        let draft = folder.join("rows.draft");
        let mut journal = Self { file: File::create(&draft)? };
        for bucket in buckets.values() {
            journal.append(&Entry::bucket(&bucket.settings, bucket.written))?;
            for (key, object) in &bucket.objects {
                journal.append(&Entry::object(&bucket.settings.id, key, object))?;
            }
        }
        drop(journal);
        fs::rename(&draft, &path)?;
        let file = OpenOptions::new().append(true).open(&path)?;
        Ok((buckets, Self { file }))
    }

    pub(super) fn append(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }
}

fn read(file: File, buckets: &mut Buckets) -> io::Result<()> {
    let mut lines = BufReader::new(file).lines().peekable();
    while let Some(line) = lines.next() {
        match serde_json::from_str::<Entry>(&line?) {
            Ok(entry) => entry.apply(buckets),
            // The last line may be half written by a process that was killed; its change was never answered.
            Err(_) if lines.peek().is_none() => break,
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }
    Ok(())
}
