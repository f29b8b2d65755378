//! Live queries, and what realtime hears of who is signed in: against a realtime server in memory, and a database that is
//! a list.

#[path = "../../realtime-rs/tests/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Memory, token_of};
use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use serde::Deserialize;
use serde_json::{Value, json};
use supabase::live::{Live, LiveChange, LiveQuery};
use supabase::{Client, Error, ErrorKind};
use supabase_mock::realtime::{Change, Server, Table};

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Todo {
    id: i64,
    task: String,
}

/// A row that takes a minute to be read on its own.
const SLOW: i64 = 77;

/// A project with a table `todos`, of which each query sees the rows whose task is not hidden.
struct Project {
    server: Server,
    rest: MockServer,
    rows: Arc<Mutex<BTreeMap<i64, String>>>,
    asked: Arc<Mutex<Vec<String>>>,
    fail: Arc<Mutex<bool>>,
    /// How many rows an answer has at the most.
    max_rows: Arc<Mutex<usize>>,
    /// A row that is removed as soon as rows were read.
    leaves: Arc<Mutex<Option<i64>>>,
}

fn todo(id: i64, task: &str) -> Value {
    json!({ "id": id, "task": task, "list": "farm" })
}

impl Project {
    async fn start() -> Self {
        let todos = |schema: &str| {
            Table::new(schema, "todos").key("id", "int8").column("task", "text").column("list", "text")
        };
        let tables = ["public", "app", "own"].map(todos);
        let server =
            tables.into_iter().fold(Server::builder(), |builder, table| builder.table(table)).build();
        let rest = MockServer::start_async().await;
        let rows = Arc::new(Mutex::new(BTreeMap::from([(1, "sow".to_owned()), (2, "hidden".to_owned())])));
        let (asked, fail) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(false)));
        let max_rows = Arc::new(Mutex::new(usize::MAX));
        let leaves = Arc::new(Mutex::new(None));
        let (most, leaver) = (Arc::clone(&max_rows), Arc::clone(&leaves));
        rest.mock_async(|when, then| {
            when.query_param("id", format!("in.({SLOW})"));
            then.status(504).delay(Duration::from_secs(60));
        })
        .await;
        let (table, log, fails, tokens) =
            (Arc::clone(&rows), Arc::clone(&asked), Arc::clone(&fail), server.clone());
        rest.mock_async(move |when, then| {
            when.any_request();
            then.respond_with(move |request: &HttpMockRequest| {
                let uri = request.uri();
                if uri.path().starts_with("/auth/") {
                    return answer(200, &session(&tokens));
                }
                let of_schema = request.headers_vec().iter().find(|(name, _)| name == "accept-profile");
                let schema = of_schema.map(|(_, schema)| schema.as_str()).unwrap_or_default();
                log.lock().unwrap().push(format!("{} of {schema}", uri.query().unwrap_or_default()));
                if *fails.lock().unwrap() {
                    return answer(500, &json!({ "message": "no" }));
                }
                let mut table = table.lock().unwrap();
                let rows = read(&table, &request.query_params(), *most.lock().unwrap());
                if let Some(id) = leaver.lock().unwrap().take() {
                    table.remove(&id);
                    tokens.push_change(&Change::delete("public", "todos", json!({ "id": id })));
                }
                answer(200, &rows)
            });
        })
        .await;
        Self { server, rest, rows, asked, fail, max_rows, leaves }
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    fn builder(&self) -> supabase::ClientBuilder {
        let server = self.server.clone();
        Client::builder(self.rest.base_url(), self.server.anon_key())
            .http_client(supabase_testing::http::client())
            .max_retries(0)
            .configure_realtime(move |realtime| {
                realtime
                    .transport(Memory(server))
                    .reconnect(supabase::realtime::Backoff::custom(|_| Some(Duration::from_millis(1))))
            })
    }

    fn todos(&self) -> LiveQuery<Todo> {
        self.client().live("todos", ["id"])
    }

    fn set(&self, id: i64, task: &str) {
        let old = self.rows.lock().unwrap().insert(id, task.to_owned());
        self.server.push_change(&match old {
            Some(old) => Change::update("public", "todos", todo(id, task), todo(id, &old)),
            None => Change::insert("public", "todos", todo(id, task)),
        });
    }

    fn delete(&self, id: i64) {
        if self.rows.lock().unwrap().remove(&id).is_some() {
            self.server.push_change(&Change::delete("public", "todos", json!({ "id": id })));
        }
    }
}

fn answer(status: u16, body: &Value) -> HttpMockResponse {
    HttpMockResponse::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body.to_string())
        .build()
}

fn session(server: &Server) -> Value {
    json!({
        "access_token": server.token("authenticated", "ada", Duration::from_secs(3_600)),
        "token_type": "bearer", "expires_in": 3600, "refresh_token": "refresh",
        "user": {
            "id": "ada", "aud": "authenticated", "role": "authenticated", "email": "ada@example.com", "phone": "",
            "app_metadata": {}, "user_metadata": {}, "identities": [], "is_anonymous": false,
            "created_at": "2026-11-25T08:00:00Z", "updated_at": "2026-11-25T08:00:00Z",
        },
    })
}

/// What a database would answer that knows `id=in.(…)`, `id=gt.…`, and an offset.
fn read(rows: &BTreeMap<i64, String>, query: &[(String, String)], most: usize) -> Value {
    let of =
        |column: &'static str| query.iter().filter(move |(name, _)| name == column).map(|(_, text)| text);
    let fits = |id: i64| {
        of("id").all(|condition| match condition.split_once('.') {
            Some(("in", list)) => list.trim_matches(['(', ')']).split(',').any(|one| one.parse() == Ok(id)),
            Some(("gt", last)) => id > last.parse().unwrap(),
            _ => panic!("{condition}"),
        })
    };
    let offset = of("offset").next().and_then(|rows| rows.parse().ok());
    rows.iter()
        .filter(|(id, task)| *task != "hidden" && fits(**id))
        .skip(offset.unwrap_or(0))
        .take(most)
        .map(|(id, task)| todo(*id, task))
        .collect()
}

/// A client of one table, whose database answers each question by this function.
async fn scripted(
    table: Table,
    reply: impl Fn(&[(String, String)]) -> String + Send + Sync + 'static,
) -> (Server, MockServer, Client) {
    let server = Server::builder().table(table).build();
    let rest = MockServer::start_async().await;
    rest.mock_async(move |when, then| {
        when.any_request();
        then.respond_with(move |request: &HttpMockRequest| {
            let rows = reply(&request.query_params());
            HttpMockResponse::builder()
                .status(200)
                .header("content-type", "application/json")
                .body(rows)
                .build()
        });
    })
    .await;
    let memory = server.clone();
    let client = Client::builder(rest.base_url(), server.anon_key())
        .http_client(supabase_testing::http::client())
        .max_retries(0)
        .configure_realtime(move |realtime| realtime.transport(Memory(memory)))
        .build()
        .unwrap();
    (server, rest, client)
}

fn row(id: i64, task: &str) -> Arc<Todo> {
    Arc::new(Todo { id, task: task.to_owned() })
}

async fn next(live: &mut Live<Todo>) -> Vec<LiveChange<Todo>> {
    soon(live).await.unwrap()
}

async fn soon(live: &mut Live<Todo>) -> Result<Vec<LiveChange<Todo>>, Error> {
    tokio::time::timeout(Duration::from_secs(20), live.next()).await.expect("in time").expect("it goes on")
}

#[tokio::test]
async fn rows_come_change_and_leave_as_the_database_says() {
    let project = Project::start().await;
    let mut live = project.todos().eq("list", "farm").subscribe().await.unwrap();
    assert_eq!(next(&mut live).await, [LiveChange::Added(row(1, "sow"))]);
    project.set(3, "reap");
    assert_eq!(next(&mut live).await, [LiveChange::Added(row(3, "reap"))]);
    project.set(3, "reap all");
    assert_eq!(next(&mut live).await, [LiveChange::Changed { old: row(3, "reap"), new: row(3, "reap all") }]);
    // The filter of the query lets it through no more: nothing tells of that but the change itself.
    project.set(1, "hidden");
    assert_eq!(next(&mut live).await, [LiveChange::Removed(row(1, "sow"))]);
    project.delete(3);
    assert_eq!(next(&mut live).await, [LiveChange::Removed(row(3, "reap all"))]);
    project.set(2, "shown");
    assert_eq!(next(&mut live).await, [LiveChange::Added(row(2, "shown"))]);
    assert_eq!(live.rows().cloned().collect::<Vec<_>>(), [row(2, "shown")]);

    // New rows are told of by the filter, all other changes whatever it says.
    let joins = project.server.joins(live.channel().name());
    let bindings = &joins[0].payload()["config"]["postgres_changes"];
    assert_eq!(bindings[0]["filter"], "list=eq.farm");
    assert!(bindings[1].get("filter").is_none() && bindings[2].get("filter").is_none(), "{bindings}");
    let asked = project.asked.lock().unwrap().clone();
    assert!(asked.iter().all(|query| query.contains("list=eq.farm")), "{asked:?}");
}

#[tokio::test]
async fn after_a_gap_everything_is_read_again() {
    let project = Project::start().await;
    let mut live = project.todos().subscribe().await.unwrap();
    assert_eq!(next(&mut live).await, [LiveChange::Added(row(1, "sow"))]);
    project.server.drop_all();
    // Nobody is told of this.
    project.rows.lock().unwrap().insert(9, "rest".to_owned());
    project.rows.lock().unwrap().remove(&1);
    assert_eq!(
        next(&mut live).await,
        [LiveChange::Removed(row(1, "sow")), LiveChange::Added(row(9, "rest"))]
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_read_again() {
    let project = Project::start().await;
    let mut live = project.todos().subscribe().await.unwrap();
    next(&mut live).await;
    *project.fail.lock().unwrap() = true;
    project.set(3, "reap");
    let error = soon(&mut live).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Rejected, Some(500)));
    *project.fail.lock().unwrap() = false;
    assert_eq!(next(&mut live).await, [LiveChange::Added(row(3, "reap"))]);

    *project.fail.lock().unwrap() = true;
    let error = project.todos().subscribe().await.unwrap_err();
    assert_eq!(error.status(), Some(500), "the first reading fails the call");
}

#[tokio::test]
async fn a_row_without_the_key_or_of_another_type_is_an_error_that_says_so() {
    let project = Project::start().await;
    let error = project.client().live::<Todo>("todos", ["uid"]).subscribe().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && error.message().contains("`uid`"), "{error}");
    let error = project.client().live::<Todo>("todos", [""; 0]).subscribe().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let error = project.client().live::<Vec<u8>>("todos", ["id"]).subscribe().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(!error.to_string().contains("sow"), "{error}");
}

#[tokio::test]
async fn snapshots_hold_all_rows_each_time() {
    use futures_util::StreamExt;
    let project = Project::start().await;
    let mut snapshots = Box::pin(project.todos().subscribe().await.unwrap().snapshots());
    assert_eq!(snapshots.next().await.unwrap().unwrap(), [row(1, "sow")]);
    project.set(0, "plan");
    assert_eq!(snapshots.next().await.unwrap().unwrap(), [row(0, "plan"), row(1, "sow")]);
}

#[tokio::test]
async fn channels_hear_of_sign_in_refresh_and_sign_out_at_once() {
    use supabase::auth::{Password, SignOutScope};
    let project = Project::start().await;
    let supabase = project.client();
    let room = supabase.channel("room").subscribe().await.unwrap();
    let anonymous = token_of(&project.server.joins("room")[0]);
    assert_eq!(anonymous, None);

    let session = supabase.auth().sign_in(Password::email("ada@example.com", "secret")).await.unwrap();
    let pushed = project.server.wait_for(|frame| frame.event() == "access_token").await;
    let token = |session: &supabase::auth::Session| {
        use supabase::secrecy::ExposeSecret;
        Some(session.access_token.expose_secret().to_owned())
    };
    assert_eq!(token_of(&pushed), token(&session));
    supabase.auth().sign_out(SignOutScope::Local).await.unwrap();
    let rejoined = |server: &Server| server.joins("room").len() == 2;
    tokio::time::timeout(Duration::from_secs(20), project.server.until(rejoined)).await.unwrap();
    assert_eq!(
        token_of(&project.server.joins("room")[1]),
        None,
        "never again with the token of who has left"
    );
    drop(room);
}

#[tokio::test]
async fn another_user_sees_other_rows() {
    use supabase::auth::Password;
    let project = Project::start().await;
    let supabase = project.client();
    let mut live = supabase.live::<Todo>("todos", ["id"]).subscribe().await.unwrap();
    next(&mut live).await;
    // A policy, as it were: nothing in the table tells of it.
    project.rows.lock().unwrap().insert(5, "Ada's own".to_owned());
    supabase.auth().sign_in(Password::email("ada@example.com", "secret")).await.unwrap();
    assert_eq!(next(&mut live).await, [LiveChange::Added(row(5, "Ada's own"))]);
}

/// What was asked for as one user is of no interest to the next one, and nobody waits for it.
#[tokio::test]
async fn what_is_on_its_way_for_one_user_is_not_shown_to_another() {
    use supabase::auth::Password;
    let project = Project::start().await;
    let supabase = project.client();
    let mut live = supabase.live::<Todo>("todos", ["id"]).subscribe().await.unwrap();
    next(&mut live).await;
    project.set(SLOW, "harvest");
    let asked = project.asked.lock().unwrap().len();
    // The reading begins, and is not answered.
    assert!(tokio::time::timeout(Duration::from_millis(300), live.next()).await.is_err());
    assert_eq!(project.asked.lock().unwrap().len(), asked, "the slow row is asked for");
    supabase.auth().sign_in(Password::email("ada@example.com", "secret")).await.unwrap();
    assert_eq!(next(&mut live).await, [LiveChange::Added(row(SLOW, "harvest"))]);
}

/// A server that gives few rows at once hides none.
#[tokio::test]
async fn rows_beyond_the_limit_of_the_server_are_not_lost() {
    let project = Project::start().await;
    *project.max_rows.lock().unwrap() = 3;
    let mut live = project.todos().subscribe().await.unwrap();
    next(&mut live).await;
    for id in 10..20 {
        project.set(id, "sow");
    }
    let mut added = 0;
    while added < 10 {
        let changes = next(&mut live).await;
        assert!(changes.iter().all(|change| matches!(change, LiveChange::Added(_))), "{changes:?}");
        added += changes.len();
    }
    for id in 10..20 {
        project.set(id, "reap");
    }
    let mut changed = 0;
    while changed < 10 {
        let changes = next(&mut live).await;
        assert!(changes.iter().all(|change| matches!(change, LiveChange::Changed { .. })), "{changes:?}");
        changed += changes.len();
    }
    assert_eq!(live.rows().count(), 11);
}

/// A row that is removed between two pages moves no other one over their edge.
#[tokio::test]
async fn a_row_that_leaves_between_two_pages_takes_no_other_with_it() {
    let project = Project::start().await;
    *project.max_rows.lock().unwrap() = 3;
    *project.rows.lock().unwrap() = (1..=6).map(|id| (id, "sow".to_owned())).collect();
    let mut live = project.todos().subscribe().await.unwrap();
    assert_eq!(next(&mut live).await.len(), 6);
    *project.leaves.lock().unwrap() = Some(1);
    project.server.drop_all();
    assert_eq!(next(&mut live).await, [LiveChange::Removed(row(1, "sow"))]);
    project.set(7, "reap");
    assert_eq!(next(&mut live).await, [LiveChange::Added(row(7, "reap"))]);
    assert_eq!(live.rows().map(|row| row.id).collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7]);
}

/// Each page begins behind the last key, whatever the number of its columns.
#[tokio::test]
async fn a_page_begins_behind_the_last_key() {
    let table = Table::new("public", "seats").key("row", "text").key("seat", "int4");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let (_server, _rest, client) = scripted(table, move |query| {
        let is_key = |name: &String| matches!(name.as_str(), "row" | "seat" | "or" | "order");
        let query =
            query.iter().filter(|(name, _)| is_key(name)).map(|(name, text)| format!("{name}={text}"));
        let mut log = log.lock().unwrap();
        log.push(query.collect::<Vec<_>>().join("&"));
        let page = match log.len() {
            1 => r#"[{"row":"A","seat":1},{"row":"A, B","seat":2}]"#,
            2 => r#"[{"row":"C","seat":1}]"#,
            _ => "[]",
        };
        page.to_owned()
    })
    .await;
    let mut live = client.live::<Value>("seats", ["row", "seat"]).subscribe().await.unwrap();
    assert_eq!(live.next().await.unwrap().unwrap().len(), 3);
    assert_eq!(
        *asked.lock().unwrap(),
        [
            "order=row.asc,seat.asc",
            r#"row=gte.A, B&or=(and(row.gt."A, B"),and(row.eq."A, B",seat.gt.2))&order=row.asc,seat.asc"#,
            "row=gte.C&or=(and(row.gt.C),and(row.eq.C,seat.gt.1))&order=row.asc,seat.asc",
        ]
    );
}

#[tokio::test]
async fn rows_of_one_key_are_an_error_that_says_so() {
    let table = Table::new("public", "seats").key("row", "text").key("seat", "int4");
    // Whatever it is asked, as a server that knows no pages would.
    let (_server, _rest, client) = scripted(table, |_| r#"[{"row":"A","seat":1}]"#.to_owned()).await;
    let error = client.live::<Value>("seats", ["row"]).subscribe().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && error.message().contains("`row`"), "{error}");
}

/// Numbers that a float takes for the same one are keys of several rows.
#[tokio::test]
async fn rows_with_keys_beyond_a_float_are_not_taken_for_one_another() {
    let rows = |from: &str| {
        let ids = ["0.1", "0.1000000000000000055", "12345678901234567890123", "12345678901234567890124"];
        let of = |id: &&str| from.is_empty() || from.split(['(', ',', ')']).any(|asked| asked == *id);
        let rows = ids.iter().filter(|id| of(id)).map(|id| format!("{{\"id\":{id},\"from\":\"{from}\"}}"));
        format!("[{}]", rows.collect::<Vec<_>>().join(","))
    };
    let table = Table::new("public", "tokens").key("id", "numeric");
    let (server, _rest, client) = scripted(table, move |query| {
        match query.iter().find(|(name, _)| name == "id").and_then(|(_, asked)| asked.split_once('.')) {
            None => rows(""),
            Some(("in", list)) => rows(list),
            Some(_) => "[]".to_owned(),
        }
    })
    .await;
    let mut live = client.live::<Value>("tokens", ["id"]).subscribe().await.unwrap();
    assert_eq!(live.next().await.unwrap().unwrap().len(), 4);
    let token = json!({ "id": "12345678901234567890124" });
    server.push_change(&Change::update("public", "tokens", token.clone(), token));
    let changes = live.next().await.unwrap().unwrap();
    assert!(matches!(changes.as_slice(), [LiveChange::Changed { .. }]), "{changes:?}");
    assert_eq!(live.rows().count(), 4);
}

/// What is asked for at once fits into an address, whatever the key is made of.
#[tokio::test]
async fn long_keys_are_read_in_several_requests() {
    let table = Table::new("public", "pages").key("site", "text").key("path", "text");
    let (server, _rest, client) = scripted(table, |query| {
        let asked = query.iter().find(|(name, _)| name == "or").map(|(_, asked)| asked.as_str());
        let keys =
            asked.unwrap_or_default().split("and(site.eq.").skip(1).filter(|key| !key.contains(".gt."));
        let keys = keys.filter_map(|key| key.split_once(",path.eq."));
        let rows =
            keys.map(|(site, path)| json!({ "site": site, "path": path.trim_end_matches([')', ',']) }));
        Value::from_iter(rows).to_string()
    })
    .await;
    let mut live = client.live::<Value>("pages", ["site", "path"]).subscribe().await.unwrap();
    assert_eq!(live.next().await.unwrap().unwrap(), []);
    for number in 0..90 {
        let row = json!({ "site": format!("{number:0250}x"), "path": "x".repeat(750) });
        server.push_change(&Change::insert("public", "pages", row));
    }
    while live.rows().count() < 90 {
        let changes = tokio::time::timeout(Duration::from_secs(20), live.next()).await.expect("in time");
        changes.expect("it goes on").unwrap();
    }
}

/// The database reads `*` as `%`, and Realtime does not.
#[tokio::test]
async fn both_services_read_a_pattern_alike() {
    let project = Project::start().await;
    let live = project.todos().like("task", "s*w").ilike("list", "*ARM").subscribe().await.unwrap();
    let joins = project.server.joins(live.channel().name());
    let told = &joins[0].payload()["config"]["postgres_changes"][0]["filter"];
    assert_eq!(told, "task=like.s%w,list=ilike.%ARM");
    let asked = project.asked.lock().unwrap().clone();
    assert!(asked[0].contains("task=like.s%25w&list=ilike.%25ARM"), "{asked:?}");
}

/// The server tells that it cannot follow the table for a while: once, though three streams hear of it. What is lost
/// meanwhile is read when something comes again.
#[tokio::test]
async fn what_is_lost_while_changes_are_delayed_is_read_when_they_come_again() {
    let project = Project::start().await;
    let mut live = project.todos().subscribe().await.unwrap();
    next(&mut live).await;
    for message in ["the database is away", "the database is away", "it is away still"] {
        project.server.send_system(live.channel().name(), "postgres_changes", "error", message);
    }
    for message in ["the database is away", "the database is away", "it is away still"] {
        let error = soon(&mut live).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Rejected, message));
    }
    assert!(
        tokio::time::timeout(Duration::from_millis(300), live.next()).await.is_err(),
        "each is told once"
    );
    project.rows.lock().unwrap().insert(50, "lost".to_owned());
    project.server.send_system(live.channel().name(), "postgres_changes", "ok", "Subscribed to PostgreSQL");
    project.set(51, "reap");
    let mut ids = Vec::new();
    while ids != [1, 50, 51] {
        next(&mut live).await;
        ids = live.rows().map(|row| row.id).collect();
    }
}

/// The server confirms once more what it filters by, seconds after a sign-in or an error: nobody told of what lies before.
#[tokio::test]
async fn what_the_server_confirms_once_more_is_read_once_more() {
    let project = Project::start().await;
    let mut live = project.todos().subscribe().await.unwrap();
    next(&mut live).await;
    let name = live.channel().name().to_owned();
    let system = |status: &str, message: &str| {
        project.server.send_system(&name, "postgres_changes", status, message);
    };
    project.rows.lock().unwrap().insert(50, "for Ada".to_owned());
    system("ok", "Subscribed to PostgreSQL");
    assert_eq!(next(&mut live).await, [LiveChange::Added(row(50, "for Ada"))]);
    system("error", "the database is away");
    assert_eq!(soon(&mut live).await.unwrap_err().kind(), ErrorKind::Rejected);
    project.rows.lock().unwrap().insert(51, "lost".to_owned());
    system("ok", "Subscribed to PostgreSQL");
    assert_eq!(next(&mut live).await, [LiveChange::Added(row(51, "lost"))]);
}

/// Both services look at the same table.
#[tokio::test]
async fn rows_and_changes_are_those_of_one_schema() {
    let project = Project::start().await;
    let of_client = project.builder().schema("app").build().unwrap();
    for (query, schema) in [
        (of_client.live::<Todo>("todos", ["id"]), "app"),
        (of_client.live::<Todo>("todos", ["id"]).schema("own"), "own"),
        (project.todos(), "public"),
    ] {
        project.asked.lock().unwrap().clear();
        let live = query.subscribe().await.unwrap();
        let joins = project.server.joins(live.channel().name());
        for binding in joins[0].payload()["config"]["postgres_changes"].as_array().unwrap() {
            assert_eq!(binding["schema"], schema);
        }
        let asked = project.asked.lock().unwrap().clone();
        assert!(asked.iter().all(|query| query.ends_with(&format!("of {schema}"))), "{asked:?}");
    }
}

/// A live query reads rows while it is polled, so it needs a runtime, and has one.
#[cfg(feature = "blocking")]
#[test]
fn live_queries_are_read_without_async() {
    use supabase::blocking::{Wait, WaitNext};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let project = runtime.block_on(Project::start());
    let mut live = project.todos().subscribe().wait().unwrap();
    assert_eq!(live.wait_next().unwrap().unwrap(), [LiveChange::Added(row(1, "sow"))]);
    project.set(3, "reap");
    assert_eq!(live.wait_next().unwrap().unwrap(), [LiveChange::Added(row(3, "reap"))]);
    *project.fail.lock().unwrap() = true;
    project.set(4, "rest");
    assert_eq!(live.wait_next().unwrap().unwrap_err().status(), Some(500));
    *project.fail.lock().unwrap() = false;
    // After a pause.
    assert_eq!(live.wait_next().unwrap().unwrap(), [LiveChange::Added(row(4, "rest"))]);
}
