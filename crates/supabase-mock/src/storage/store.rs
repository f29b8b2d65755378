//! The rows in memory, the bytes in files, and, in a folder that is kept, a journal that brings the rows back.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;
use uuid::Uuid;

use super::access::{Action, Caller, Rule};
use super::clock::{Clock, Moment};
use super::journal::{Entry, Journal};
use super::problem::Problem;
use super::rows::{Bucket, Content, Object, Settings};

pub(super) type Buckets = BTreeMap<String, Bucket>;

#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    /// Removes the folder, if it is a temporary one.
    _temporary: Option<TempDir>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    buckets: Buckets,
    journal: Option<Journal>,
}

/// An object that is complete but for its row.
#[derive(Debug)]
pub(super) struct Finished {
    /// The file with its bytes has this name already.
    pub(super) version: String,
    pub(super) content: Content,
    pub(super) user_metadata: Option<serde_json::Value>,
    pub(super) owner: String,
}

impl Store {
    /// A store in a folder that is kept, or in a temporary one that is removed with it.
    pub(super) fn open(folder: Option<PathBuf>) -> io::Result<Self> {
        let (folder, temporary, state) = match folder {
            Some(folder) => {
                std::fs::create_dir_all(&folder)?;
                let (buckets, journal) = Journal::open(&folder)?;
                (folder, None, State { buckets, journal: Some(journal) })
            }
            None => {
                let temporary = tempfile::Builder::new().prefix("supabase-mock-").tempdir()?;
                let state = State { buckets: Buckets::new(), journal: None };
                (temporary.path().to_owned(), Some(temporary), state)
            }
        };
        for name in ["objects", "incoming"] {
            std::fs::create_dir_all(folder.join(name))?;
        }
        Ok(Self { folder, _temporary: temporary, state: Mutex::new(state) })
    }

    #[cfg(test)]
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the bytes of a version are.
    pub(super) fn file(&self, version: &str) -> PathBuf {
        self.folder.join("objects").join(version)
    }

    /// Where bytes arrive.
    pub(super) fn incoming(&self, version: &str) -> PathBuf {
        self.folder.join("incoming").join(version)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves no row half written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the rows.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Buckets) -> T) -> T {
        look(&self.state().buckets)
    }

    pub(super) fn bucket(&self, id: &str) -> Result<Settings, Problem> {
        self.read(|buckets| buckets.get(id).map(|bucket| bucket.settings.clone()))
            .ok_or_else(Problem::no_bucket)
    }

    /// An object, if this caller may see it.
    pub(super) fn object(
        &self,
        caller: &Caller,
        rule: &Rule,
        bucket: &str,
        key: &str,
    ) -> Result<Object, Problem> {
        let object = self.read(|buckets| buckets.get(bucket)?.objects.get(key).cloned());
        object.filter(|_| caller.may(rule, Action::Select, bucket, Some(key))).ok_or_else(Problem::no_object)
    }

    /// Whether a caller may write an object, as the database would decide before the bytes come.
    pub(super) fn check_upload(
        &self,
        caller: &Caller,
        rule: &Rule,
        bucket: &str,
        key: &str,
        upsert: bool,
    ) -> Result<(), Problem> {
        let exists = self.read(|buckets| Some(buckets.get(bucket)?.objects.contains_key(key)));
        let exists = exists.ok_or_else(Problem::no_related)?;
        let may = |action| caller.may(rule, action, bucket, Some(key));
        if !may(Action::Insert) {
            return Err(Problem::policy());
        }
        if !exists {
            return Ok(());
        }
        match upsert {
            false => Err(Problem::object_exists()),
            true if may(Action::Select) && may(Action::Update) => Ok(()),
            true => Err(Problem::policy()),
        }
    }

    /// Puts a bucket's row, new or changed.
    pub(super) fn put_bucket(&self, settings: Settings, written: Moment) -> Result<(), Problem> {
        let mut state = self.state();
        state.note(&Entry::bucket(&settings, written))?;
        let objects = state.buckets.remove(&settings.id).map(|bucket| bucket.objects).unwrap_or_default();
        state.buckets.insert(settings.id.clone(), Bucket { settings, written, objects });
        Ok(())
    }

    /// Removes a bucket, which has to be empty.
    pub(super) fn remove_bucket(&self, id: &str) -> Result<(), Problem> {
        let mut state = self.state();
        let bucket = state.buckets.get(id).ok_or_else(Problem::no_bucket)?;
        if !bucket.objects.is_empty() {
            return Err(Problem::not_empty());
        }
        state.note(&Entry::BucketGone { id: id.to_owned() })?;
        state.buckets.remove(id);
        Ok(())
    }

    /// Gives an object its row. The id stays if there was one; the bytes of before go.
    pub(super) fn put_object(
        &self,
        clock: &Clock,
        bucket: &str,
        key: &str,
        finished: Finished,
        upsert: bool,
    ) -> Result<Object, Problem> {
        let mut state = self.state();
        let old = match state.buckets.get(bucket) {
            Some(bucket) => bucket.objects.get(key).cloned(),
            None => return Err(Problem::no_related()),
        };
        if old.is_some() && !upsert {
            return Err(Problem::object_exists());
        }
        let now = clock.now();
        let object = Object {
            id: old.as_ref().map_or_else(new_id, |old| old.id.clone()),
            version: finished.version,
            owner: finished.owner,
            content: finished.content,
            user_metadata: finished.user_metadata,
            created_at: old.as_ref().map_or(now, |old| old.created_at),
            updated_at: now,
        };
        state.note(&Entry::object(bucket, key, &object))?;
        if let Some(bucket) = state.buckets.get_mut(bucket) {
            bucket.objects.insert(key.to_owned(), object.clone());
        }
        drop(state);
        if let Some(old) = old {
            self.forget(&old.version);
        }
        Ok(object)
    }

    /// Removes an object and its bytes.
    pub(super) fn remove_object(&self, bucket: &str, key: &str) -> Result<Option<Object>, Problem> {
        let mut state = self.state();
        if !state.buckets.get(bucket).is_some_and(|bucket| bucket.objects.contains_key(key)) {
            return Ok(None);
        }
        state.note(&Entry::ObjectGone { bucket: bucket.to_owned(), key: key.to_owned() })?;
        let object = state.buckets.get_mut(bucket).and_then(|bucket| bucket.objects.remove(key));
        drop(state);
        if let Some(object) = &object {
            self.forget(&object.version);
        }
        Ok(object)
    }

    /// Gives an object another bucket or key, and the version that its bytes have been given; unless it is not the same
    /// as before any more.
    pub(super) fn move_object(
        &self,
        clock: &Clock,
        from: (&str, &str),
        to: (&str, &str),
        source: &Object,
        version: &str,
        owner: String,
    ) -> Result<bool, Problem> {
        let mut state = self.state();
        let found = state.buckets.get(from.0).and_then(|bucket| bucket.objects.get(from.1)).cloned();
        let mut moved = found.ok_or_else(Problem::no_object)?;
        if moved.version != source.version {
            return Ok(false);
        }
        let target = state.buckets.get(to.0).ok_or_else(Problem::no_related)?;
        if target.objects.contains_key(to.1) {
            return Err(Problem::object_exists());
        }
        let old = std::mem::replace(&mut moved.version, version.to_owned());
        moved.owner = owner;
        moved.updated_at = clock.now();
        // First the new row: a journal that ends in between has both, and loses nothing.
        state.note(&Entry::object(to.0, to.1, &moved))?;
        state.note(&Entry::ObjectGone { bucket: from.0.to_owned(), key: from.1.to_owned() })?;
        if let Some(bucket) = state.buckets.get_mut(from.0) {
            bucket.objects.remove(from.1);
        }
        if let Some(bucket) = state.buckets.get_mut(to.0) {
            bucket.objects.insert(to.1.to_owned(), moved);
        }
        drop(state);
        self.forget(&old);
        Ok(true)
    }

    /// Gives a file the name of a version as well. Bytes never change, so that two names can share them; where the disk
    /// cannot do that, they are copied.
    pub(super) async fn link(&self, from: &Path, version: &str) -> io::Result<()> {
        let to = self.file(version);
        if tokio::fs::hard_link(from, &to).await.is_err() {
            tokio::fs::copy(from, &to).await?;
        }
        Ok(())
    }

    /// Removes the bytes of a version. What cannot be removed takes room until the folder goes, and harms nobody.
    pub(super) fn forget(&self, version: &str) {
        let _ = std::fs::remove_file(self.file(version));
    }
}

impl State {
    fn note(&mut self, entry: &Entry) -> io::Result<()> {
        match &mut self.journal {
            Some(journal) => journal.append(entry),
            None => Ok(()),
        }
    }
}

/// An id that nothing else has.
pub(super) fn new_id() -> String {
    Uuid::new_v4().to_string()
}
