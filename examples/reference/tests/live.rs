//! Each example on a live stack: what it gives follows from the rows that the stack begins with.

#[path = "common/auth.rs"]
mod auth;
mod common;
#[path = "common/storage.rs"]
mod storage;

use std::collections::BTreeSet;

use common::{
    address, earth, emerald, instrument, listed, mars, mercury, name, names, place, planets, quotes, section,
    topaz,
};
use reference_examples::{
    Character, CountedSection, Country, InstrumentWithSection, Issue, IssueTitle, Message, MyRow,
    NamelessPlanet, OrchestralInstrument, Section, Text, Total, User, UserCity, UserTeams,
};
use serde::Serialize;
use serde_json::{Value, json};
use supabase::Client;
use supabase_testing::live::{Need, stack};

/// Rows come in any order unless the query says one: sorted, they can be compared.
fn in_any_order(rows: &impl Serialize) -> Value {
    fn sort(value: &mut Value) {
        match value {
            Value::Array(elements) => {
                elements.iter_mut().for_each(sort);
                elements.sort_by_cached_key(Value::to_string);
            }
            Value::Object(fields) => fields.values_mut().for_each(sort),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(rows).unwrap();
    sort(&mut value);
    value
}

/// Puts the stack's rows back: examples write.
async fn reset(service: &Client) {
    service.rpc::<()>("reset_reference_data", &()).await.unwrap();
}

fn michael() -> User {
    User {
        id: 1,
        name: Some("Michael".into()),
        address: Some(address(Some("Fifth Avenue"), Some(90210), Some("New York"))),
        handle: "michael".into(),
        display_name: Some("Michael S".into()),
    }
}

fn country(id: i64, name: &str) -> Country {
    Country { id, name: name.into() }
}

#[tokio::test]
async fn reference_examples_give_the_rows_of_the_seed() {
    let Some(stack) = stack("reference_examples_give_the_rows_of_the_seed", &[]) else { return };
    let http = supabase_testing::http::client();
    let supabase = Client::builder(&stack.url, stack.anon_key).http_client(http.clone()).build().unwrap();
    let service = Client::builder(&stack.url, stack.service_role_key).http_client(http).build().unwrap();
    let mut ran = BTreeSet::new();

    /// Runs one example, and says what it gave.
    macro_rules! run {
        ($id:ident) => {{
            let id = stringify!($id);
            let given = reference_examples::$id(&supabase).await;
            let given = given.unwrap_or_else(|error| panic!("{id} failed: {error}"));
            println!("{id}: {given:?}");
            ran.insert(id.to_owned());
            given
        }};
    }
    /// An example gives this value, or these rows in this order.
    macro_rules! gives {
        ($id:ident, $expected:expr) => {
            reset(&service).await;
            assert_eq!(run!($id), $expected, "{}", stringify!($id));
        };
    }
    /// An example gives these rows, in any order.
    macro_rules! gives_rows {
        ($id:ident, $expected:expr) => {
            reset(&service).await;
            assert_eq!(in_any_order(&run!($id)), in_any_order(&$expected), "{}", stringify!($id));
        };
    }

    gives_rows!(db_select_1, [mercury(), earth(), mars()]);
    gives_rows!(db_select_2, names(["Mercury", "Earth", "Mars"]));
    let all_sections = [
        section("strings", ["violin", "viola", "guqin", "harp"]),
        section("woodwinds", ["flute"]),
        section("percussion", []),
    ];
    gives_rows!(db_select_3, all_sections);
    gives_rows!(
        db_select_4,
        [
            UserTeams { name: "Michael".into(), teams: names(["Green", "Blue"]) },
            UserTeams { name: "Jane".into(), teams: names(["Blue"]) },
            UserTeams { name: "Saoirse".into(), teams: vec![] },
        ]
    );
    gives_rows!(
        db_select_5,
        [
            Message { content: "Hello".into(), from: name("Michael"), to: name("Jane") },
            Message { content: "Hello back".into(), from: name("Jane"), to: name("Michael") },
        ]
    );
    gives_rows!(
        db_select_6,
        [section("strings", ["guqin"]), section("woodwinds", []), section("percussion", [])]
    );
    gives_rows!(
        db_select_7,
        [
            CountedSection { id: 1, name: "strings".into(), instruments: vec![Total { count: 4 }] },
            CountedSection { id: 2, name: "woodwinds".into(), instruments: vec![Total { count: 1 }] },
            CountedSection { id: 3, name: "percussion".into(), instruments: vec![Total { count: 0 }] },
        ]
    );

    reset(&service).await;
    let response = run!(db_select_8);
    assert_eq!(in_any_order(&response.data), in_any_order(&[mercury(), earth(), mars()]));
    assert_eq!(response.count, Some(3));

    gives_rows!(
        db_select_9,
        [
            UserCity { id: 1, name: "Michael".into(), city: Some("New York".into()) },
            UserCity { id: 2, name: "Jane".into(), city: Some("London".into()) },
            UserCity { id: 3, name: "Saoirse".into(), city: None },
        ]
    );
    gives!(
        db_select_10,
        [OrchestralInstrument { name: "flute".into(), orchestral_sections: name("woodwinds") }]
    );
    gives_rows!(
        db_select_11,
        [MyRow { id: 1, data: "first row".into() }, MyRow { id: 2, data: "second row".into() }]
    );

    gives!(db_insert_1, planets([(9, "Pluto")]));
    gives_rows!(
        db_insert_2,
        [Character { id: 1, name: "Frodo".into() }, Character { id: 2, name: "Sam".into() }]
    );

    gives!(db_update_1, [instrument(1, "piano", Some(1))]);
    let moved = User { address: Some(address(Some("Melrose Place"), Some(90210), None)), ..michael() };
    gives!(db_update_2, [moved]);

    gives!(db_upsert_1, [instrument(1, "piano", Some(1))]);
    gives_rows!(db_upsert_2, [instrument(1, "piano", Some(1)), instrument(2, "guitar", Some(1))]);
    gives!(
        db_upsert_3,
        [User {
            id: 42,
            name: Some("Saoirse".into()),
            address: Some(address(None, None, None)),
            handle: "saoirse".into(),
            display_name: Some("Saoirse".into()),
        }]
    );

    gives!(db_delete_1, [country(1, "Albania")]);
    gives_rows!(db_delete_2, [country(1, "Albania"), country(2, "Algeria"), country(3, "Argentina")]);
    let kept: Vec<Country> = supabase.from("countries").select("*").order("id").await.unwrap();
    assert_eq!(kept, [country(4, "Austria"), country(5, "Brazil")]);

    gives!(db_rpc_1, "Hello world");
    gives!(db_rpc_2, "👋");
    gives!(db_rpc_3, [2, 3, 4]);
    gives!(db_rpc_4, mercury());
    gives!(db_rpc_5, "Hello world");

    gives!(db_using_filters_1, [place("flute", Some(2))]);
    let middle = [place("violin", Some(1)), place("viola", Some(1)), place("flute", Some(2))];
    gives_rows!(db_using_filters_2, middle);
    gives_rows!(db_using_filters_3, middle);
    gives!(db_using_filters_4, [michael()]);
    gives!(db_using_filters_5, [section("woodwinds", ["flute"])]);

    gives!(db_eq_1, [earth()]);
    gives_rows!(db_neq_1, [mercury(), mars()]);
    gives!(db_gt_1, [mars()]);
    gives_rows!(db_gte_1, [earth(), mars()]);
    gives!(db_lt_1, [mercury()]);
    gives_rows!(db_lte_1, [mercury(), earth()]);
    gives!(db_like_1, [earth()]);
    gives!(db_ilike_1, [earth()]);

    gives!(db_is_1, []);
    supabase.from("planets").insert(json!({ "id": 4 })).await.unwrap();
    assert_eq!(run!(db_is_1), [NamelessPlanet { id: 4 }]);
    // Without the reset, as only here there is a row for the filter to leave out.
    assert_eq!(in_any_order(&run!(db_not_1)), in_any_order(&[mercury(), earth(), mars()]));

    gives_rows!(db_in_1, [earth(), mars()]);
    gives_rows!(
        db_contains_1,
        [Issue {
            id: 1,
            title: "Cache invalidation is not working".into(),
            tags: vec!["is:open".into(), "severity:high".into(), "priority:low".into()],
        }]
    );
    gives!(db_contains_2, [emerald()]);
    gives!(db_contains_3, [michael()]);
    gives!(db_contained_by_1, names(["Chemistry"]));
    gives!(db_contained_by_2, [emerald()]);
    gives!(db_contained_by_3, names(["Saoirse"]));
    gives!(db_range_gt_1, [topaz()]);
    gives!(db_range_gte_1, [topaz()]);
    gives!(db_range_lt_1, [emerald()]);
    gives!(db_range_lte_1, [emerald()]);
    gives!(db_range_adjacent_1, [emerald()]);
    gives_rows!(
        db_overlaps_1,
        [
            IssueTitle { title: "Cache invalidation is not working".into() },
            IssueTitle { title: "Off by one".into() },
        ]
    );
    gives!(db_overlaps_2, [emerald()]);
    gives!(db_text_search_1, [Text { content: "Green eggs and ham".into() }]);
    let fat_cats = quotes(["The fat cat sat on the mat", "The cat is fat"]);
    gives_rows!(db_text_search_2, fat_cats);
    gives!(db_text_search_3, quotes(["The fat cat sat on the mat"]));
    gives_rows!(db_text_search_4, fat_cats);

    gives!(db_match_1, [earth()]);
    gives_rows!(db_or_1, names(["Earth", "Mars"]));
    gives!(db_or_2, names(["Mercury"]));
    gives_rows!(db_or_3, [section("strings", ["violin", "guqin"])]);
    gives!(db_filter_1, [mars()]);
    gives!(db_filter_2, [section("woodwinds", ["flute"])]);

    gives!(db_order_1, [mercury(), mars(), earth()]);
    reset(&service).await;
    let mut sections = run!(db_order_2);
    sections.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(
        sections,
        [
            section("percussion", []),
            section("strings", ["violin", "viola", "harp", "guqin"]),
            section("woodwinds", ["flute"]),
        ]
    );
    reset(&service).await;
    let mut instruments = run!(db_order_3);
    // What is in one section comes in any order.
    if let Some(strings) = instruments.get_mut(..4) {
        strings.sort_by(|a, b| a.name.cmp(&b.name));
    }
    let within = |instrument: &str, section: &str| InstrumentWithSection {
        name: instrument.into(),
        section: Some(name(section)),
    };
    assert_eq!(
        instruments,
        [
            within("guqin", "strings"),
            within("harp", "strings"),
            within("viola", "strings"),
            within("violin", "strings"),
            within("flute", "woodwinds"),
        ]
    );

    // Without an order, which rows come first is up to the database.
    reset(&service).await;
    let planets = run!(db_limit_1);
    assert!(matches!(planets.as_slice(), [planet] if ["Mercury", "Earth", "Mars"].contains(&&*planet.name)));
    reset(&service).await;
    let planets = run!(db_range_1);
    assert_eq!(planets.len(), 2);
    assert_ne!(planets[0], planets[1]);
    assert!(planets.iter().all(|planet| ["Mercury", "Earth", "Mars"].contains(&&*planet.name)));
    reset(&service).await;
    let planet = run!(db_single_1);
    assert!(["Mercury", "Earth", "Mars"].contains(&&*planet.name));
    let assert_cut = |sections: Vec<Section>, at_most: usize| {
        assert_eq!(sections.len(), all_sections.len());
        for section in &sections {
            let all = all_sections.iter().find(|all| all.name == section.name).unwrap();
            assert_eq!(section.instruments.len(), all.instruments.len().min(at_most), "{section:?}");
            assert!(section.instruments.iter().all(|some| all.instruments.contains(some)), "{section:?}");
        }
    };
    reset(&service).await;
    assert_cut(run!(db_limit_2), 1);
    reset(&service).await;
    assert_cut(run!(db_range_2), 2);

    gives!(db_maybe_single_1, Some(earth()));
    reset(&service).await;
    let csv = run!(db_csv_1);
    let mut lines: Vec<_> = csv.lines().collect();
    lines[1..].sort_unstable();
    assert_eq!(lines, ["id,name", "1,Mercury", "2,Earth", "3,Mars"]);

    // Whoever comes next finds the rows as they were.
    reset(&service).await;
    ran.extend(listed("db.using_explain"));
    assert_eq!(ran, listed("db."));
}

#[tokio::test]
async fn reference_examples_explain_a_query() {
    let Some(stack) = stack("reference_examples_explain_a_query", &[Need::Explain]) else { return };
    let http = supabase_testing::http::client();
    let supabase = Client::builder(&stack.url, stack.anon_key).http_client(http).build().unwrap();

    let plan = reference_examples::db_using_explain_1(&supabase).await.unwrap();
    println!("db_using_explain_1: {plan}");
    assert!(plan.contains("Seq Scan on planets") && !plan.contains("actual"), "{plan}");

    let plan = reference_examples::db_using_explain_2(&supabase).await.unwrap();
    println!("db_using_explain_2: {plan}");
    assert!(plan.contains("Seq Scan on public.planets") && plan.contains("Output:"), "{plan}");
    assert!(plan.contains("actual time="), "{plan}");
}

#[tokio::test]
async fn reference_examples_of_storage_do_what_they_say() {
    let Some(stack) = stack("reference_examples_of_storage_do_what_they_say", &[]) else { return };
    let client = |key: &str| {
        Client::builder(&stack.url, key).http_client(supabase_testing::http::client()).build().unwrap()
    };
    storage::every_example(&client(&stack.service_role_key), &client(&stack.anon_key)).await;
}

#[tokio::test]
async fn reference_examples_of_auth_do_what_they_say() {
    let name = "reference_examples_of_auth_do_what_they_say";
    let Some(stack) = stack(name, &[Need::Mail, Need::OAuthProvider]) else { return };
    auth::every_example(&stack).await;
}
