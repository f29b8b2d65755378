//! What a scripted server does with one request.

use std::time::Duration;

/// An answer, and what goes wrong with it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Answer {
    pub(super) content: Content,
    pub(super) read: Read,
    pub(super) announced: Option<u64>,
    pub(super) cut: Option<usize>,
    pub(super) stall: Option<(usize, Duration)>,
    pub(super) drip: Option<(usize, Duration)>,
    pub(super) chunked: bool,
    pub(super) close: bool,
    /// Whether the connection ends by a reset, wherever it ends.
    pub(super) reset: bool,
}

/// How much of a request is read before the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Whole,
    /// The head, and so many bytes of the body.
    Only(usize),
    /// That something has come.
    Nothing,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    /// A well-formed answer.
    Proper { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// These bytes, whatever they are.
    Exact(Vec<u8>),
}

impl Answer {
    /// A status, and no body.
    pub fn new(status: u16) -> Self {
        Self::of(Content::Proper { status, headers: Vec::new(), body: Vec::new() })
    }

    /// A status, and a body of JSON as it is written here.
    pub fn json(status: u16, text: impl Into<String>) -> Self {
        Self::new(status).header("content-type", "application/json").body(text.into())
    }

    /// Exactly these bytes, head and all, and the end of the connection.
    pub fn exact(bytes: impl Into<Vec<u8>>) -> Self {
        Self { close: true, ..Self::of(Content::Exact(bytes.into())) }
    }

    /// The end of the connection without a word, once the request is read.
    pub fn close() -> Self {
        Self::exact(Vec::new())
    }

    /// The end of the connection by a reset, once the request is read: as when the server's machine has lost it. With
    /// [`before_reading`](Self::before_reading) the request has not been read at all.
    pub fn reset() -> Self {
        Self::close().then_reset()
    }

    fn of(content: Content) -> Self {
        Self {
            content,
            read: Read::Whole,
            announced: None,
            cut: None,
            stall: None,
            drip: None,
            chunked: false,
            close: false,
            reset: false,
        }
    }

    /// Adds a header. Of [`exact`](Self::exact) bytes nothing changes.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Content::Proper { headers, .. } = &mut self.content {
            headers.push((name.into(), value.into()));
        }
        self
    }

    /// Sets the body. Of [`exact`](Self::exact) bytes nothing changes.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        if let Content::Proper { body, .. } = &mut self.content {
            *body = bytes.into();
        }
        self
    }

    /// Announces this length in bytes, whatever the body has. If that is more, the connection ends in the middle.
    pub fn announce(mut self, length: u64) -> Self {
        self.announced = Some(length);
        self
    }

    /// Ends the connection after this many bytes of the body, or of [`exact`](Self::exact) bytes.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    /// Is silent for this long after this many bytes of the body, or of [`exact`](Self::exact) bytes.
    pub fn stall_after(mut self, bytes: usize, duration: Duration) -> Self {
        self.stall = Some((bytes, duration));
        self
    }

    /// Sends the body in pieces of this many bytes, with a pause after each.
    pub fn drip(mut self, bytes: usize, pause: Duration) -> Self {
        self.drip = Some((bytes.max(1), pause));
        self
    }

    /// Sends the body chunked, without a length; in one chunk, or in those of [`drip`](Self::drip).
    pub fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Reads no more than this many bytes of the request's body, answers, and ends the connection.
    ///
    /// With [`close`](Self::close) it is an upload that breaks. A server whose answers come from a closure reads whole
    /// requests, as it knows the answer only then.
    pub fn read_only(mut self, bytes: usize) -> Self {
        self.read = Read::Only(bytes);
        self.close = true;
        self
    }

    /// Answers when the first byte of a request has come, reads nothing of it, and ends the connection. The request is kept
    /// with an empty method.
    ///
    /// What is said of a closure for [`read_only`](Self::read_only) holds here too.
    pub fn before_reading(mut self) -> Self {
        self.read = Read::Nothing;
        self.close = true;
        self
    }

    /// Ends the connection after the answer.
    pub fn then_close(mut self) -> Self {
        self.close = true;
        self
    }

    /// Ends the connection by a reset, after the answer or where it is cut.
    pub fn then_reset(mut self) -> Self {
        self.close = true;
        self.reset = true;
        self
    }
}

/// The words that belong to a status. Few clients read them.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        206 => "Partial Content",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        416 => "Range Not Satisfiable",
        423 => "Locked",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Scripted",
    }
}
