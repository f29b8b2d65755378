//! When an upload is a resumable one.

/// When an upload is done by parts, so that it can go on after a break. See [`Upload::resumable`](crate::Upload::resumable).
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client, bytes: Vec<u8>) -> storage_rs::Result<()> {
/// use storage_rs::Resumable;
/// storage.from("films").upload("1.mp4", bytes).resumable(Resumable::Above(6 * 1024 * 1024)).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resumable {
    /// Where there are more bytes than this.
    Above(u64),
}
