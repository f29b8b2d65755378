//! The faults, and what a scripted server does for each.

use std::time::Duration;

use supabase_mock::http::Answer;

use crate::call::{Call, Good};

/// Longer than anybody waits.
const FOR_EVER: Duration = Duration::from_secs(60);

/// How long a reset waits, so that what was sent before it has been read: a reset takes back what has not been.
const ARRIVED: Duration = Duration::from_millis(30);

/// In how many pieces an answer drips, with which pauses between.
const PIECES: usize = 8;
const SLOW: Duration = Duration::from_millis(30);
const ENDLESS: Duration = Duration::from_millis(300);

/// Sets the names of the faults once.
macro_rules! faults {
    ($($fault:ident = $name:literal,)+) => {
        /// What goes wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Fault {
            $($fault,)+
        }

        impl Fault {
            pub(crate) const ALL: &[Self] = &[$(Self::$fault,)+];

            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$fault => $name,)+
                }
            }
        }
    };
}

faults! {
    Refused = "refused",
    NoSuchHost = "no such host",
    ResetBefore = "reset before the request",
    ResetWithinRequest = "reset within the request",
    ResetWithinAnswer = "reset within the answer",
    ResetAfter = "reset after the answer",
    Stall = "stall",
    StallWithinAnswer = "stall within the answer",
    SlowDrip = "slow drip",
    EndlessDrip = "endless drip",
    Truncated = "truncated",
    TruncatedChunks = "truncated chunks",
    BrokenChunks = "broken chunks",
    TwoLengths = "two lengths",
    LongerThanAnnounced = "longer than announced",
    NotHttp = "not HTTP",
    TooMany = "429",
    TooManyForAnHour = "429 for an hour",
    ServerError = "500",
    GatewayPage = "502 page",
    Unavailable = "503",
    Cloudflare = "520",
    Page = "200 page",
    RedirectElsewhere = "redirect elsewhere",
    RedirectBy302 = "redirect by 302",
    RedirectBy307 = "redirect by 307",
    InvalidJson = "invalid JSON",
    InvalidUtf8 = "invalid UTF-8",
    InvalidGzip = "invalid gzip",
    GzipEndsEarly = "gzip that ends early",
    ClockAhead = "clock ahead",
    ClockBehind = "clock behind",
}

/// Where redirects within the origin lead. Without a query a read would not follow: that is what says which rows are meant.
pub(crate) const MOVED: &str = "/moved?still=asked";

const INVALID_JSON: &[u8] = b"{\"private-neverbeseen\": [1, 2";
const INVALID_UTF8: &[u8] = b"{\"private-neverbeseen\": \"\xff\xfe\"}";
const PAGE: &str = "<html><body>private-neverbeseen: log in to this network first</body></html>";

/// The beginning of data compressed by gzip: a block of 32 bytes that are not compressed, of which 4 are there.
const HALF_GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x20\0\xdf\xff[{\"i";

impl Fault {
    /// Whether it is a redirect, so that the server has not done what it was asked.
    pub(crate) fn redirects(self) -> bool {
        matches!(self, Self::RedirectElsewhere | Self::RedirectBy302 | Self::RedirectBy307)
    }

    /// How far the clock of this machine is wrong, as a sign.
    pub(crate) fn clock(self) -> Option<i64> {
        match self {
            Self::ClockAhead => Some(1),
            Self::ClockBehind => Some(-1),
            _ => None,
        }
    }

    /// What the call answers with where the fault changes what the server has, and nobody could know.
    pub(crate) fn content(self, call: Call) -> Option<&'static [u8]> {
        match self {
            _ if call.answers_json() => None,
            Self::InvalidJson => Some(INVALID_JSON),
            Self::InvalidUtf8 => Some(INVALID_UTF8),
            Self::Page => Some(PAGE.as_bytes()),
            _ => None,
        }
    }

    /// What the server does with a request. None where the fault is not the server's.
    pub(crate) fn answer(self, good: &Good, elsewhere: &str) -> Option<Answer> {
        let headed =
            |status| Answer::new(status).header("content-type", good.media_type).header("etag", "\"1\"");
        let proper = || headed(good.status).body(good.body.clone());
        let success = |body: &[u8]| headed(good.status).body(body);
        let half = good.body.len() / 2;
        let piece = good.body.len().div_ceil(PIECES);
        let exact = |head: &str, body: &[u8]| {
            let mut bytes = format!("HTTP/1.1 {} Scripted\r\n{head}\r\n\r\n", good.status).into_bytes();
            bytes.extend_from_slice(body);
            Answer::exact(bytes)
        };
        let busy = |status| Answer::json(status, "{\"message\":\"busy\"}");
        let page = |status| Answer::new(status).header("content-type", "text/html; charset=utf-8").body(PAGE);
        Some(match self {
            Self::Refused | Self::NoSuchHost | Self::ClockAhead | Self::ClockBehind => return None,
            Self::ResetBefore => Answer::reset().before_reading(),
            Self::ResetWithinRequest => Answer::reset().read_only(4),
            Self::ResetWithinAnswer => proper().drip(half, ARRIVED).cut_after(half).then_reset(),
            Self::ResetAfter => proper().drip(good.body.len(), ARRIVED).then_reset(),
            Self::Stall => Answer::close().stall_after(0, FOR_EVER),
            Self::StallWithinAnswer => proper().stall_after(half, FOR_EVER),
            Self::SlowDrip => proper().drip(piece, SLOW),
            Self::EndlessDrip => proper().drip(piece, ENDLESS),
            Self::Truncated => proper().cut_after(half),
            Self::TruncatedChunks => proper().chunked().drip(piece, Duration::ZERO).cut_after(half),
            Self::BrokenChunks => {
                exact("content-type: application/json\r\ntransfer-encoding: chunked", b"no\r\n[\r\n")
            }
            Self::TwoLengths => exact("content-length: 2\r\ncontent-length: 3", b"[1]"),
            Self::LongerThanAnnounced => {
                let mut more = good.body.clone();
                more.extend_from_slice(b"and more");
                headed(good.status).body(more).announce(good.body.len() as u64)
            }
            Self::NotHttp => Answer::exact("SSH-2.0-OpenSSH_9.9\r\n"),
            Self::TooMany => busy(429),
            Self::TooManyForAnHour => busy(429).header("retry-after", "3600"),
            Self::ServerError => busy(500),
            Self::GatewayPage => page(502),
            Self::Unavailable => busy(503),
            Self::Cloudflare => Answer::new(520).header("content-type", "text/plain").body("error code: 520"),
            Self::Page => page(200),
            Self::RedirectElsewhere => Answer::new(302).header("location", elsewhere),
            Self::RedirectBy302 => Answer::new(302).header("location", MOVED),
            Self::RedirectBy307 => Answer::new(307).header("location", MOVED),
            Self::InvalidJson => success(INVALID_JSON),
            Self::InvalidUtf8 => success(INVALID_UTF8),
            Self::InvalidGzip => success(b"this is no gzip").header("content-encoding", "gzip"),
            Self::GzipEndsEarly => success(HALF_GZIP).header("content-encoding", "gzip"),
        })
    }
}
