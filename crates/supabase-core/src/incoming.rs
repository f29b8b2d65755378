//! An answer whose body comes piece by piece, wherever this runs.

#[cfg(not(target_family = "wasm"))]
pub(crate) use reqwest::Response as Incoming;

#[cfg(not(target_family = "wasm"))]
pub(crate) fn incoming(response: reqwest::Response) -> Incoming {
    response
}

#[cfg(target_family = "wasm")]
pub(crate) use browser::{Incoming, incoming};

/// The browser's client gives a stream in the place of pieces, and for it takes the answer apart.
#[cfg(target_family = "wasm")]
mod browser {
    use bytes::Bytes;
    use futures_util::{StreamExt, TryStreamExt};
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use crate::maybe_send::BoxStream;

    pub(crate) struct Incoming {
        status: StatusCode,
        headers: HeaderMap,
        body: BoxStream<'static, reqwest::Result<Bytes>>,
    }

    pub(crate) fn incoming(mut response: reqwest::Response) -> Incoming {
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        Incoming { status, headers, body: response.bytes_stream().boxed_local() }
    }

    impl Incoming {
        pub(crate) fn status(&self) -> StatusCode {
            self.status
        }

        pub(crate) fn headers(&self) -> &HeaderMap {
            &self.headers
        }

        pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
            &mut self.headers
        }

        pub(crate) async fn chunk(&mut self) -> reqwest::Result<Option<Bytes>> {
            self.body.try_next().await
        }
    }
}
