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
        let most = Arc::clone(&max_rows);
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
                answer(200, &read(&table.lock().unwrap(), &request.query_params(), *most.lock().unwrap()))
            });
        })
        .await;
        Self { server, rest, rows, asked, fail, max_rows }
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

/// What a database would answer that knows `id=in.(…)` and an offset.
fn read(rows: &BTreeMap<i64, String>, query: &[(String, String)], most: usize) -> Value {
    let ids: Option<Vec<i64>> = query.iter().find(|(name, _)| name == "id").map(|(_, list)| {
        list.trim_start_matches("in.(")
            .trim_end_matches(')')
            .split(',')
            .map(|id| id.parse().unwrap())
            .collect()
    });
    let offset = query.iter().find(|(name, _)| name == "offset").and_then(|(_, rows)| rows.parse().ok());
    rows.iter()
        .filter(|(id, task)| *task != "hidden" && ids.as_ref().is_none_or(|ids| ids.contains(id)))
        .skip(offset.unwrap_or(0))
        .take(most)
        .map(|(id, task)| todo(*id, task))
        .collect()
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
