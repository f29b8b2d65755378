//! Time limits, futures that are dropped, repetitions.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::future::{Either, select};
use gloo_timers::future::sleep;
use js_sys::Date;
use serde_json::json;
use supabase::functions::Method;
use supabase::{Client, ErrorKind};
use wasm_bindgen_test::wasm_bindgen_test;

use super::{ANON_KEY, URL, client, fresh, set};

#[wasm_bindgen_test]
async fn a_time_limit_ends_a_slow_call_and_not_a_long_stream() {
    let (supabase, limit) = (client(), Duration::from_millis(700));
    let before = Date::now();
    let error = supabase.functions().invoke("slow?before=5000").timeout(limit).await.unwrap_err();
    assert!(error.is_timeout() && !error.is_retryable(), "{error:?}");
    assert!((600.0..3_000.0).contains(&(Date::now() - before)), "{}", Date::now() - before);

    let long =
        supabase.functions().invoke("slow?between=300&pieces=4").timeout(limit).stream().await.unwrap();
    let pieces: Vec<_> = long.try_collect().await.unwrap();
    assert_eq!(pieces.concat(), b"piece 1\npiece 2\npiece 3\npiece 4\n");
}

#[wasm_bindgen_test]
async fn a_dropped_future_ends_its_request() {
    let (supabase, mark) = (client(), fresh("call"));
    let aborted = async |query: &str| -> bool {
        let answer = supabase.functions().invoke(format!("aborted?{query}={mark}")).await.unwrap();
        answer.json::<bool>().unwrap()
    };
    {
        let call = pin!(supabase.functions().invoke(format!("aborted?wait={mark}")).into_future());
        let Either::Right(_) = select(call, pin!(sleep(Duration::from_millis(500)))).await else {
            panic!("it was to be waited for")
        };
        assert!(!aborted("asked").await, "it still runs");
    }
    for _ in 0..50 {
        if aborted("asked").await {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("the server was not told that nobody waits any more");
}

#[wasm_bindgen_test]
async fn a_read_that_nobody_answers_is_repeated_and_then_an_error() {
    // Nothing listens at this port, and `fetch` tries it: 1, 7, 9 and others it refuses by itself. What a page is told is
    // that it failed, and no more.
    let supabase = Client::builder("http://127.0.0.1:2", set(ANON_KEY))
        .max_retries(2)
        .retry_pauses(Duration::from_millis(100), Duration::from_millis(200))
        .build()
        .unwrap();
    let before = Date::now();
    let error = supabase::Error::from(supabase.from("planets").select::<()>("*").await.unwrap_err());
    assert!(matches!(error.kind(), ErrorKind::Connect | ErrorKind::Interrupted), "{error:?}");
    assert!(error.is_retryable(), "{error:?}");
    // 100 and 200 ms at the least, so that the timers ran.
    assert!(Date::now() - before >= 300.0, "{}", Date::now() - before);
}

/// What a function lets a page send is written in the function: a second try must not need more than the first.
#[wasm_bindgen_test]
async fn a_second_call_of_a_function_is_let_in_as_the_first_was() {
    let supabase = Client::builder(set(URL), set(ANON_KEY))
        .max_retries(1)
        .retry_pauses(Duration::from_millis(100), Duration::from_millis(100))
        .build()
        .unwrap();
    let busy = supabase.functions().invoke("error?status=503").method(Method::Get).await.unwrap_err();
    assert_eq!((busy.status(), busy.message()), (Some(503), "It went wrong."), "{busy:?}");
}

#[wasm_bindgen_test]
async fn the_services_run_side_by_side_on_one_thread() {
    let supabase = client();
    let order = Rc::new(RefCell::new(Vec::new()));
    let slow = async {
        supabase.functions().invoke("slow?before=600").await.unwrap();
        order.borrow_mut().push("slow");
    };
    let fast = async {
        supabase.rpc::<String>("echo", json!({ "say": "hi" })).await.unwrap();
        order.borrow_mut().push("fast");
    };
    futures_util::join!(slow, fast);
    assert_eq!(*order.borrow(), ["fast", "slow"]);
}

/// Pauses have jitter, so that the pages of a site do not all come back at the same moment after an outage: their random
/// numbers must not be the same in all pages.
#[wasm_bindgen_test]
fn chance_is_not_the_same_in_every_page() {
    // What its generator starts from where it knows of no chance.
    let mut same = fastrand::Rng::with_seed(0x0ef6_f79e_d30b_a75a);
    for _ in 0..10_000 {
        assert_ne!(same.get_seed(), fastrand::get_seed());
        same.u64(..);
    }
}
