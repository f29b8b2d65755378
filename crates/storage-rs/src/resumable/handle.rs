//! Watching and steering an upload while it runs.

use std::fmt;

use futures_util::{Stream, stream};
use tokio::sync::watch;

/// Watches and steers a resumable upload while another task awaits it. Clones steer the same one.
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use futures_util::StreamExt;
/// let upload = storage.from("films").upload_resumable("1.mp4", std::path::Path::new("/films/1.mp4"));
/// let handle = upload.handle();
/// let mut progress = handle.progress();
/// let watched = async {
///     while let Some(progress) = progress.next().await {
///         println!("{} of {:?} bytes", progress.sent, progress.total);
///     }
/// };
/// let (uploaded, ()) = futures_util::future::join(upload.into_future(), watched).await;
/// # uploaded?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct UploadHandle {
    pub(super) control: watch::Sender<Control>,
    pub(super) progress: watch::Receiver<Progress>,
}

/// How far an upload is, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What was handed to the connection. It goes back when a connection breaks and bytes must be sent again.
    pub sent: u64,
    /// What the service says to have.
    pub confirmed: u64,
    /// How many there are in all, once that is known.
    pub total: Option<u64>,
    /// Whether the upload rests until it is resumed.
    pub is_paused: bool,
}

/// What the caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    Run,
    Pause,
    Cancel,
}

impl UploadHandle {
    /// Stops at once, and keeps what the service has. A chunk that is on its way is given up; the service is asked how much
    /// of it came when the upload goes on.
    pub fn pause(&self) {
        self.want(Control::Pause);
    }

    /// Goes on after [`pause`](Self::pause).
    pub fn resume(&self) {
        self.want(Control::Run);
    }

    /// Stops for good, and has the service forget what it has: the upload ends with an error of kind
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled). To stop and go on another time, drop the upload instead.
    pub fn cancel(&self) {
        self.want(Control::Cancel);
    }

    /// How far it is now, and whenever that changes; what comes faster than it is read is left out. It ends with the upload.
    pub fn progress(&self) -> impl Stream<Item = Progress> + Send + Sync + Unpin + use<> {
        let mut receiver = self.progress.clone();
        receiver.mark_changed();
        Box::pin(stream::unfold(receiver, |mut receiver| async move {
            receiver.changed().await.ok()?;
            let progress = *receiver.borrow_and_update();
            Some((progress, receiver))
        }))
    }

    /// How far it is now.
    pub fn now(&self) -> Progress {
        *self.progress.borrow()
    }

    fn want(&self, wanted: Control) {
        self.control.send_if_modified(|control| {
            // What was cancelled stays so.
            let changes = *control != wanted && *control != Control::Cancel;
            if changes {
                *control = wanted;
            }
            changes
        });
    }
}

impl fmt::Debug for UploadHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadHandle")
            .field("control", &*self.control.borrow())
            .field("progress", &self.now())
            .finish()
    }
}
