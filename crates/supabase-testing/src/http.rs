//! One HTTP client for all tests: to build one costs more than most tests do.

use std::sync::OnceLock;

/// The shared client. It follows no redirects and keeps no connection, as each test has a runtime of its own and a
/// connection dies with the runtime that opened it.
pub fn client() -> reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT
        .get_or_init(|| {
            reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .pool_max_idle_per_host(0)
                .build()
                .expect("an HTTP client can be built")
        })
        .clone()
}
