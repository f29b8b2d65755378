//! What is uploaded.

use std::fmt;
use std::io;

use futures_util::{Stream, StreamExt};
use supabase_core::{BoxError, Bytes, Content, MaybeSend, Pieces};

use crate::error::Result;

/// What is uploaded: bytes, a file, or anything that is read as it is sent. Only bytes are ever held whole.
///
/// A text is the content itself; for a file, say so with [`Body::file`] or a [`Path`](std::path::Path).
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use std::path::Path;
/// use storage_rs::Body;
///
/// let files = storage.from("files");
/// files.upload("hello.txt", "Hello").await?;
/// files.upload("zeros.bin", vec![0; 1024]).await?;
/// files.upload("film.mp4", Path::new("/films/1.mp4")).await?;
/// files.upload("stdin.txt", Body::reader(tokio::io::stdin())).await?;
/// # Ok(()) }
/// ```
pub struct Body(pub(crate) Source);

/// Where the bytes come from.
pub(crate) enum Source {
    /// In memory: can be sent again, from any place.
    Bytes(Bytes),
    /// A file, by its path: can be sent again, from any place.
    #[cfg(not(target_family = "wasm"))]
    File(std::path::PathBuf),
    /// Can be read once.
    Once { pieces: Pieces, length: Option<u64> },
}

impl Body {
    /// A file, which is opened when it is sent, and again when it must be sent again. If it is changed meanwhile, the
    /// upload fails.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.from("films").upload("1.mp4", storage_rs::Body::file("/films/1.mp4")).await?;
    /// # Ok(()) }
    /// ```
    #[cfg(not(target_family = "wasm"))]
    pub fn file(path: impl Into<std::path::PathBuf>) -> Self {
        Self(Source::File(path.into()))
    }

    /// Whatever can be read. It can be read once only, so the upload is not repeated when it fails on the way.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.from("logs").upload("today.log", storage_rs::Body::reader(tokio::io::stdin())).await?;
    /// # Ok(()) }
    /// ```
    #[cfg(not(target_family = "wasm"))]
    pub fn reader(reader: impl tokio::io::AsyncRead + Send + 'static) -> Self {
        Self::once(crate::file::pieces(reader))
    }

    /// A stream of pieces. It can be read once only, so the upload is not repeated when it fails on the way.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// use futures_util::stream;
    /// let pieces = stream::iter([Ok::<_, std::io::Error>("first "), Ok("second")]);
    /// storage.from("logs").upload("today.log", storage_rs::Body::stream(pieces).with_length(12)).await?;
    /// # Ok(()) }
    /// ```
    pub fn stream<S, B, E>(pieces: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + MaybeSend + 'static,
        B: Into<Bytes>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self::once(pieces.map(|piece| piece.map(Into::into).map_err(|error| io_error(error.into()))))
    }

    fn once(pieces: impl Stream<Item = io::Result<Bytes>> + MaybeSend + 'static) -> Self {
        Self(Source::Once { pieces: Box::pin(pieces), length: None })
    }

    /// Says how many bytes a reader or stream will give. The server can then refuse what is too large before it is sent; a
    /// reader that gives more or fewer makes the upload fail. Bytes and files have their own length.
    #[must_use]
    pub fn with_length(mut self, bytes: u64) -> Self {
        if let Source::Once { length, .. } = &mut self.0 {
            *length = Some(bytes);
        }
        self
    }

    /// How many bytes it has, where it can be read from any place.
    pub(crate) fn length(&self) -> impl Future<Output = Option<u64>> + MaybeSend + use<> {
        // Not the body itself, which no other thread may look at.
        let known = match &self.0 {
            Source::Bytes(bytes) => Ok(Some(bytes.len() as u64)),
            #[cfg(not(target_family = "wasm"))]
            Source::File(path) => Err(path.clone()),
            Source::Once { .. } => Ok(None),
        };
        async move {
            match known {
                Ok(known) => known,
                #[cfg(not(target_family = "wasm"))]
                Err(path) => crate::file::length(path).await.ok(),
                #[cfg(target_family = "wasm")]
                Err(never) => never,
            }
        }
    }

    /// Makes it ready to be sent.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) async fn content(self) -> Result<Content> {
        match self.0 {
            Source::Bytes(bytes) => Ok(Content::bytes(bytes)),
            Source::Once { pieces, length } => Ok(Content::once(length, pieces)),
            #[cfg(not(target_family = "wasm"))]
            Source::File(path) => crate::file::content(path).await,
        }
    }
}

fn io_error(error: BoxError) -> io::Error {
    match error.downcast::<io::Error>() {
        Ok(error) => *error,
        Err(error) => io::Error::other(error),
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            #[cfg(not(target_family = "wasm"))]
            Source::File(path) => f.debug_tuple("File").field(path).finish(),
            Source::Once { length, .. } => f.debug_tuple("Once").field(length).finish(),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Source::Bytes(bytes))
    }
}

macro_rules! is_bytes {
    ($($bytes:ty),+) => {$(
        impl From<$bytes> for Body {
            fn from(bytes: $bytes) -> Self {
                Self(Source::Bytes(bytes.into()))
            }
        }
    )+};
}
is_bytes!(Vec<u8>, String, &'static [u8], &'static str, Box<[u8]>);

impl<const N: usize> From<&'static [u8; N]> for Body {
    fn from(bytes: &'static [u8; N]) -> Self {
        Self(Source::Bytes(Bytes::from_static(bytes)))
    }
}

#[cfg(not(target_family = "wasm"))]
impl From<&std::path::Path> for Body {
    fn from(path: &std::path::Path) -> Self {
        Self::file(path)
    }
}

#[cfg(not(target_family = "wasm"))]
impl From<std::path::PathBuf> for Body {
    fn from(path: std::path::PathBuf) -> Self {
        Self::file(path)
    }
}

/// An open file is read from where it stands to its end.
#[cfg(not(target_family = "wasm"))]
impl From<std::fs::File> for Body {
    fn from(file: std::fs::File) -> Self {
        Self::from(tokio::fs::File::from_std(file))
    }
}

/// An open file is read from where it stands to its end.
#[cfg(not(target_family = "wasm"))]
impl From<tokio::fs::File> for Body {
    fn from(file: tokio::fs::File) -> Self {
        Self::reader(file)
    }
}
