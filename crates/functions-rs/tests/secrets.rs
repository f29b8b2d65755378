//! Keys and tokens are never seen.

use functions_rs::Client;
use supabase_testing::{http, logs, raw};

#[test]
fn keys_tokens_headers_and_queries_are_not_shown() {
    const SECRETS: [&str; 4] = ["sb_secret_key", "user-token", "header-value", "query-value"];
    let (subscriber, traced) = logs::watch();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let server = raw::Raw::start([raw::Answer::Close, raw::Raw::json("500 No", 2, "{}")]);
            let functions = Client::builder(format!("{}/functions/v1", server.url()), "sb_secret_key")
                .http_client(http::client())
                .access_token("user-token")
                .build()
                .unwrap();
            let invoke = || functions.invoke("a?token=query-value").header("x-own", "header-value");
            let mut shown = format!("{functions:?} {:?}", invoke());
            for _ in 0..2 {
                let error = invoke().await.unwrap_err();
                shown += &format!("{error} {error:?}");
                let mut source = std::error::Error::source(&error);
                while let Some(inner) = source {
                    shown += &format!("{inner} {inner:?}");
                    source = inner.source();
                }
            }
            for secret in SECRETS {
                assert!(!shown.contains(secret), "{shown}");
            }
        });
    });
    traced.assert_without(&SECRETS);
}
