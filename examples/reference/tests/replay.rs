//! Each example against a recorded answer: what it sends is what the official client sent, and what it gives is what
//! was recorded.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{
    address, earth, emerald, instrument, listed, mars, mercury, name, names, place, planets, quotes,
    reservation, section, topaz,
};
use reference_examples::{
    Character, CountedSection, Country, InstrumentWithSection, Issue, IssueTitle, Message, MyRow,
    OrchestralInstrument, Reservation, Text, Total, User, UserCity, UserTeams,
};
use supabase::Client;
use supabase_testing::raw::{Answer, Raw};
use supabase_testing::recordings::{self, case};
use supabase_testing::replay::{Replay, Sent};

const KEY: &str = "sb_publishable_not_a_key";

fn client(url: &str) -> Client {
    Client::builder(url, KEY).http_client(supabase_testing::http::client()).build().unwrap()
}

fn michael_of_toronto() -> User {
    User {
        id: 1,
        name: Some("Michael".into()),
        address: Some(address(Some("Melrose Place"), Some(90210), Some("Toronto"))),
        handle: "saoirse".into(),
        display_name: Some("Saoirse".into()),
    }
}

fn ruby() -> Reservation {
    reservation(3, "Ruby", r#"["2000-01-03 09:00:00",)"#)
}

/// A test for each example: `id, recording "case", [texts exchanged in the recorded request] => what it gives`.
macro_rules! replayed {
    ($($id:ident, $recording:ident $case:literal, [$($from:literal -> $to:literal),*] => $gives:expr;)+) => {
        $(
            #[tokio::test]
            async fn $id() {
                let exchange = case(recordings::$recording(), $case);
                let replay = Replay::start(exchange).await;

                let given = reference_examples::$id(&client(&replay.url())).await;

                // What was sent comes first: it says more than an answer that does not fit.
                assert_eq!(replay.only(), Sent::recorded(&exchange.request, &[$(($from, $to)),*]));
                assert_eq!(given.unwrap(), $gives);
            }
        )+
        const REPLAYED: &[&str] = &[$(stringify!($id)),+];
    };
}

replayed! {
    db_select_1, rest "rest/select/star", [] => [mercury(), earth(), mars()];
    db_select_2, rest "rest/select/columns", [] => names(["Mercury", "Earth", "Mars"]);
    db_select_3, rest "rest/select/embedded", [] => [
        section("strings", ["harp", "violin"]),
        section("woodwinds", ["flute"]),
        section("percussion", []),
    ];
    db_select_4, rest "rest/select/embedded-join-table", [] => [
        UserTeams { name: "Michael".into(), teams: names(["Green", "Blue"]) },
        UserTeams { name: "Jane".into(), teams: names(["Green"]) },
        UserTeams { name: "Kiran".into(), teams: vec![] },
    ];
    db_select_5, rest "rest/select/embedded-double-fk", [] => [
        Message { content: "👋".into(), from: name("Michael"), to: name("Jane") },
        Message { content: "hello, world".into(), from: name("Jane"), to: name("Michael") },
        Message { content: "re: (no subject)".into(), from: name("Jane"), to: name("Kiran") },
    ];
    db_select_6, rest "rest/filters/filter-raw-foreign",
        ["instruments!inner(name)" -> "instruments(*)", "flute" -> "guqin"]
        => [section("woodwinds", ["flute"])];
    db_select_7, rest "rest/select/embedded-count", [] => [
        CountedSection { id: 1, name: "strings".into(), instruments: vec![Total { count: 2 }] },
        CountedSection { id: 2, name: "woodwinds".into(), instruments: vec![Total { count: 1 }] },
        CountedSection { id: 3, name: "percussion".into(), instruments: vec![Total { count: 0 }] },
    ];
    db_select_9, rest "rest/select/json-arrow", [] => [
        UserCity { id: 1, name: "Michael".into(), city: Some("Toronto".into()) },
        UserCity { id: 2, name: "Jane".into(), city: Some("Paris".into()) },
        UserCity { id: 3, name: "Kiran".into(), city: None },
    ];
    db_select_10, rest "rest/select/embedded-filter-inner", [] => [
        OrchestralInstrument { name: "flute".into(), orchestral_sections: name("woodwinds") },
    ];
    db_select_11, rest "rest/select/schema-switch", [] => [MyRow { id: 1, data: "only in myschema".into() }];

    db_insert_1, rest "rest/insert/one", ["\"id\":4" -> "\"id\":9", "Venus" -> "Pluto"]
        => planets([(4, "Venus")]);
    db_insert_2, rest "rest/insert/bulk", ["\"id\":101" -> "\"id\":1", "\"id\":102" -> "\"id\":2"] => [
        Character { id: 101, name: "Frodo".into() },
        Character { id: 102, name: "Sam".into() },
    ];

    db_update_1, rest "rest/update/eq", [] => [instrument(1, "piano", Some(1))];
    db_update_2, rest "rest/update/json", [] => [User {
        id: 1,
        name: Some("Michael".into()),
        address: Some(address(Some("Melrose Place"), Some(90210), None)),
        handle: "saoirse".into(),
        display_name: Some("New".into()),
    }];

    db_upsert_1, rest "rest/upsert/one", [] => [instrument(1, "piano", Some(1))];
    db_upsert_2, rest "rest/upsert/bulk", ["harp" -> "piano", "\"id\":51" -> "\"id\":2", "oboe" -> "guitar"]
        => [instrument(1, "harp", Some(1)), instrument(51, "oboe", None)];
    // What PostgREST itself was recorded with ended in a conflict.
    db_upsert_3, embedded "upsert-on-conflict", ["@saoirse" -> "saoirse"] => [User {
        id: 42,
        name: None,
        address: None,
        handle: "@saoirse".into(),
        display_name: Some("Saoirse".into()),
    }];

    db_delete_1, rest "rest/delete/eq", ["/instruments" -> "/countries", "eq.54" -> "eq.1"]
        => [Country { id: 54, name: "lim".into() }];
    db_delete_2, rest "rest/delete/in", ["/instruments" -> "/countries", "(50,51,52)" -> "(1,2,3)"] => [
        Country { id: 50, name: "lim".into() },
        Country { id: 51, name: "lim".into() },
        Country { id: 52, name: "lim".into() },
    ];

    db_rpc_1, rest "rest/rpc/no-args", [] => "Hello world";
    db_rpc_2, rest "rest/rpc/emoji", [] => "👋";
    db_rpc_3, rest "rest/rpc/array", [] => [2, 3, 4];
    db_rpc_4, rest "rest/rpc/setof-filter-single", [] => mercury();
    db_rpc_5, rest "rest/rpc/get", [] => "Hello world";

    db_using_filters_1, rest "rest/modifiers/maybe-single-1",
        ["id" -> "name", "eq.1" -> "eq.flute", "*" -> "name,section_id"]
        => [place("harp", Some(1))];
    db_using_filters_2, rest "rest/filters/repeat-column-and",
        [
            "/planets" -> "/instruments", "id" -> "octave_range", "gt.1" -> "gte.3", "lt.3" -> "lt.7",
            "*" -> "name,section_id"
        ]
        => [place("Earth", None)];
    db_using_filters_3, rest "rest/filters/repeat-column-and",
        [
            "/planets" -> "/instruments", "id" -> "octave_range", "gt.1" -> "gte.3", "lt.3" -> "lt.7",
            "*" -> "name,section_id"
        ]
        => [place("Earth", None)];
    db_using_filters_4, rest "rest/filters/contains-jsonb",
        ["cs.{\"postcode\":90210}" -> "eq.90210", "address" -> "address->postcode"]
        => [michael_of_toronto()];
    db_using_filters_5, rest "rest/filters/filter-raw-foreign", [] => [section("woodwinds", ["flute"])];

    db_eq_1, rest "rest/filters/eq", [] => [earth()];
    db_neq_1, rest "rest/filters/neq", [] => [mercury(), mars()];
    db_gt_1, rest "rest/filters/gt", [] => [mars()];
    db_gte_1, rest "rest/filters/gte", [] => [earth(), mars()];
    db_lt_1, rest "rest/filters/lt", [] => [mercury()];
    db_lte_1, rest "rest/filters/lte", [] => [mercury(), earth()];
    db_like_1, rest "rest/filters/like", [] => [earth()];
    db_ilike_1, rest "rest/filters/ilike", [] => [earth()];
    db_is_1, rest "rest/filters/is-null", [] => [];
    db_in_1, rest "rest/filters/in", ["(Mars,Earth)" -> "(Earth,Mars)"] => [earth(), mars()];
    db_contains_1, rest "rest/filters/contains-array", [] => [Issue {
        id: 1,
        title: "Cache invalidation is not working".into(),
        tags: vec!["is:open".into(), "severity:high".into(), "priority:low".into()],
    }];
    db_contains_2, rest "rest/filters/contains-range", [] => [emerald()];
    db_contains_3, rest "rest/filters/contains-jsonb", [] => [michael_of_toronto()];
    db_contained_by_1, rest "rest/filters/contained-by-array", ["*" -> "name"] => names(["Chemistry"]);
    db_contained_by_2, rest "rest/filters/contained-by-range", [] => [emerald()];
    db_contained_by_3, rest "rest/filters/contained-by-jsonb", ["*" -> "name"] => names(["Kiran"]);
    db_range_gt_1, rest "rest/filters/range-gt", [] => [topaz(), ruby()];
    db_range_gte_1, rest "rest/filters/range-gte", [] => [topaz(), ruby()];
    db_range_lt_1, rest "rest/filters/range-lt", [] => [emerald()];
    db_range_lte_1, rest "rest/filters/range-lte", [] => [emerald()];
    db_range_adjacent_1, rest "rest/filters/range-adjacent", [] => [emerald()];
    db_overlaps_1, rest "rest/filters/overlaps-array", ["*" -> "title"] => [
        IssueTitle { title: "Cache invalidation is not working".into() },
        IssueTitle { title: "Add missing postgrest filters".into() },
    ];
    db_overlaps_2, rest "rest/filters/overlaps-range", [] => [emerald()];
    db_text_search_1, rest "rest/filters/text_search-fts-config", ["id,content" -> "content"] => [
        Text { content: "Green eggs and some ham".into() },
        Text { content: "Cats, eggs & \"ham\"".into() },
    ];
    // PostgREST itself was recorded searching `texts`, whose rows have no `catchphrase`.
    db_text_search_2, embedded "filter-text_search-web",
        ["wfts" -> "plfts", "'fat or eggs'" -> "'fat' & 'cat'"]
        => quotes(["The cat is fat", "The eggs are green"]);
    db_text_search_3, embedded "filter-text_search-web",
        ["wfts" -> "phfts", "'fat or eggs'" -> "'fat' & 'cat'"]
        => quotes(["The cat is fat", "The eggs are green"]);
    db_text_search_4, embedded "filter-text_search-web", ["'fat or eggs'" -> "'fat or cat'"]
        => quotes(["The cat is fat", "The eggs are green"]);

    db_match_1, rest "rest/filters/match", [] => [earth()];
    db_not_1, rest "rest/filters/not-is", ["/characters" -> "/planets"] => planets([
        (1, "Luke"), (2, "Leia"), (3, "Han"), (4, "Chewbacca"), (5, "R2-D2"),
    ]);
    db_or_1, rest "rest/filters/or", ["*" -> "name"] => names(["Earth", "Mars"]);
    db_or_2, rest "rest/filters/or-and", ["*" -> "name", "id.gt.2" -> "id.gt.3"]
        => names(["Mercury", "Mars"]);
    db_or_3, rest "rest/filters/or-on-referenced",
        ["(name.eq.flute,section_id.eq.1)" -> "(book_id.eq.1,name.eq.guqin)"]
        => [section("strings", ["harp", "violin"]), section("woodwinds", ["flute"])];
    db_filter_1, rest "rest/filters/filter-raw-in", ["\"Earth\"" -> "\"Tatooine\""] => [earth(), mars()];
    db_filter_2, rest "rest/filters/filter-raw-foreign", [] => [section("woodwinds", ["flute"])];

    db_order_1, rest "rest/modifiers/order-desc",
        ["/instruments" -> "/planets", "id,name" -> "*", "id.desc" -> "name.desc"]
        => planets([(4, "theremin"), (3, "flute"), (2, "violin"), (1, "harp")]);
    db_order_2, rest "rest/modifiers/order-foreign-table", [] => [
        section("strings", ["violin", "harp"]),
        section("woodwinds", ["flute"]),
        section("percussion", []),
    ];
    db_order_3, rest "rest/modifiers/order-by-referenced-column", [] => [
        InstrumentWithSection { name: "harp".into(), section: Some(name("strings")) },
        InstrumentWithSection { name: "violin".into(), section: Some(name("strings")) },
        InstrumentWithSection { name: "flute".into(), section: Some(name("woodwinds")) },
        InstrumentWithSection { name: "theremin".into(), section: None },
    ];
    db_limit_1, rest "rest/modifiers/limit", ["/instruments" -> "/planets"] => names(["harp"]);
    db_limit_2, rest "rest/modifiers/limit-foreign", [] => [
        section("strings", ["harp"]),
        section("woodwinds", ["flute"]),
        section("percussion", []),
    ];
    db_range_1, rest "rest/modifiers/range", ["/instruments" -> "/planets"] => names(["harp", "violin"]);
    db_range_2, rest "rest/modifiers/range-foreign", ["1" -> "2"] => [
        section("strings", ["harp"]),
        section("woodwinds", ["flute"]),
        section("percussion", []),
    ];
    db_single_1, rest "rest/modifiers/single-1", ["/instruments" -> "/planets"] => name("harp");
    db_maybe_single_1, rest "rest/filters/eq", [] => Some(earth());
    db_csv_1, rest "rest/modifiers/csv", [] => "id,name\n1,Mercury\n2,Earth\n3,Mars";

    db_using_explain_1, rest "rest/modifiers/explain-text", [] => concat!(
        "Aggregate  (cost=1.05..1.07 rows=1 width=144)\n",
        "  ->  Seq Scan on planets  (cost=0.00..1.03 rows=3 width=10)\n",
    );
}

#[tokio::test]
async fn db_select_8() {
    let exchange = case(recordings::rest(), "rest/select/count-exact");
    let replay = Replay::start(exchange).await;

    let given = reference_examples::db_select_8(&client(&replay.url())).await;

    assert_eq!(replay.only(), Sent::recorded(&exchange.request, &[]));
    let response = given.unwrap();
    assert_eq!(response.data, [mercury(), earth(), mars()]);
    assert_eq!((response.count, response.range, response.status), (Some(3), Some(0..=2), 200));
}

#[tokio::test]
async fn db_using_explain_2() {
    let exchange = case(recordings::rest(), "rest/modifiers/explain-text-analyze-verbose");
    let replay = Replay::start(exchange).await;

    let given = reference_examples::db_using_explain_2(&client(&replay.url())).await;

    assert_eq!(replay.only(), Sent::recorded(&exchange.request, &[]));
    let plan = given.unwrap();
    let first = "Aggregate  (cost=1.05..1.07 rows=1 width=144) (actual time=0.035..0.036 rows=1 loops=1)\n";
    assert!(plan.starts_with(first), "{plan}");
    assert!(plan.contains("  ->  Seq Scan on public.planets  (cost=0.00..1.03 rows=3 width=1"), "{plan}");
}

#[test]
fn every_example_of_the_database_is_replayed() {
    let replayed = REPLAYED.iter().copied().chain(["db_select_8", "db_using_explain_2"]);
    assert_eq!(replayed.map(str::to_owned).collect::<BTreeSet<_>>(), listed("db."));
}

#[tokio::test]
async fn init_create_client_1() {
    let exchange = case(recordings::rest(), "rest/select/star");
    let replay = Replay::start(exchange).await;

    let supabase = reference_examples::init_create_client_1(&replay.url(), KEY).unwrap();

    assert_eq!(supabase.url(), replay.url());
    assert_eq!(replay.sent(), [], "to build a client sends nothing");
    assert_eq!(reference_examples::db_select_1(&supabase).await.unwrap(), [mercury(), earth(), mars()]);
    assert_eq!(replay.only(), Sent::recorded(&exchange.request, &[]));
}

#[tokio::test]
async fn init_create_client_2() {
    let exchange = case(recordings::rest(), "rest/select/star");
    let replay = Replay::start(exchange).await;
    let supabase = reference_examples::init_create_client_2(&replay.url(), KEY).unwrap();
    assert_eq!(supabase.url(), replay.url());
    assert_eq!(replay.sent(), [], "to build a client sends nothing");
    assert_eq!(reference_examples::db_select_1(&supabase).await.unwrap(), [mercury(), earth(), mars()]);
    assert_eq!(replay.only(), Sent::recorded(&exchange.request, &[]));

    let silent = Raw::start([Answer::Silence(Duration::from_secs(60))]);
    let supabase = reference_examples::init_create_client_2(&silent.url(), KEY).unwrap();
    // From here on the clock jumps to the next timer whenever all wait: the limit is seen, and not waited for.
    tokio::time::pause();
    let begin = tokio::time::Instant::now();
    let error = reference_examples::db_select_1(&supabase).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(begin.elapsed().as_secs(), 10);
}
