//! Every program of this package on a live stack, to its end: what a person would type is typed, and what they would read is
//! read.

use std::env;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use supabase_testing::live::{Need, stack};
use supabase_testing::{http, sent};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// How long a program may take to say the next thing.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn the_quickstart_shows_each_service() {
    let name = "the_quickstart_shows_each_service";
    let Some(_) = stack(name, &[Need::ExampleFunctions, Need::Realtime]) else { return };
    let said = run("quickstart").await;
    for expected in
        ["An error says what to do", "Ben does not see hers", "Hello, storage!", "The table tells"]
    {
        assert!(said.contains(expected), "{expected:?} is missing in: {said}");
    }
}

#[tokio::test]
async fn todo_lists_are_kept_apart() {
    let Some(_) = stack("todo_lists_are_kept_apart", &[]) else { return };
    let said = run("todo_list").await;
    assert!(said.contains("Ben finishes hers: false"), "{said}");
    assert!(said.contains("(42501)"), "{said}");
    let lists =
        "Ada's list:\n  [x] Write the first program\n  [ ] Find the first bug\nBen's list:\n  [ ] Build";
    assert!(said.contains(lists), "{said}");
    assert!(said.contains("hers has 2 todos"), "{said}");
}

#[tokio::test]
async fn a_code_from_a_mail_signs_in() {
    let Some(stack) = stack("a_code_from_a_mail_signs_in", &[Need::Mail]) else { return };
    let address = format!("otp-{}@example.com", unique());
    let mut program = Program::start("otp_sign_in", &[&address]);
    program.says("Type it").await;
    let code = sent::code(&sent::mail(&stack, &address).await);
    // As a person who mistypes it.
    let wrong = if code == "000000" { "000001" } else { "000000" };
    program.types(wrong).await;
    program.says("Once more").await;
    program.types(&code).await;
    program.says(&format!("Signed in as {address}")).await;
    program.ends().await;
}

#[tokio::test]
async fn a_browser_signs_a_command_line_in() {
    let Some(_) = stack("a_browser_signs_a_command_line_in", &[Need::OAuthProvider]) else { return };
    let mut program = Program::start("oauth_login", &[]);
    let address = program.says("http").await;
    // As a browser, but for the last step, whose page is read.
    let back = sent::follow_until(&address, |url| url.path().starts_with("/callback/")).await;
    let page = http::client().get(&back).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("You can close this window"), "{page}");
    program.says("Signed in as octo").await;
    program.ends().await;
}

#[tokio::test]
async fn two_people_chat() {
    let Some(_) = stack("two_people_chat", &[Need::Realtime]) else { return };
    let room = format!("room-{}", unique());
    let mut ada = Program::start("chat_room", &["ada", &room]);
    ada.says("You are in").await;
    let mut ben = Program::start("chat_room", &["ben", &room]);
    ben.says("You are in").await;
    ada.types("Is anybody here?").await;
    ben.says("ada: Is anybody here?").await;
    ben.types("I am").await;
    ada.says("ben: I am").await;
    // An empty line ends it, and so does the end of what is typed.
    ada.types("").await;
    ada.ends().await;
    ben.ends().await;
}

#[tokio::test]
async fn visitors_come_and_go() {
    let Some(_) = stack("visitors_come_and_go", &[Need::Realtime]) else { return };
    let (ada, ben) = (format!("ada-{}", unique()), format!("ben-{}", unique()));
    let mut first = Program::start("who_is_here", &[&ada]);
    first.says(&format!("+ {ada}")).await;
    let mut second = Program::start("who_is_here", &[&ben]);
    first.says(&format!("+ {ben}")).await;
    second.says("2 here").await;
    second.types("").await;
    second.ends().await;
    first.says(&format!("- {ben}")).await;
    first.ends().await;
}

#[tokio::test]
async fn a_table_tells_what_changes() {
    let Some(_) = stack("a_table_tells_what_changes", &[Need::Realtime]) else { return };
    let country = format!("Atlantis {}", unique());
    let mut changing = Program::start("live_table", &[]);
    let mut watching = Program::start("live_table", &[]);
    for program in [&mut changing, &mut watching] {
        program.says("Type the name").await;
        program.says("changes:").await;
    }
    changing.types(&country).await;
    changing.says(&country).await;
    watching.says(&country).await;
    changing.types(&country).await;
    watching.says("1 changes:").await;
    changing.ends().await;
    assert!(!watching.ends().await.contains(&country));
}

#[tokio::test]
async fn one_service_alone_needs_no_runtime() {
    let Some(_) = stack("one_service_alone_needs_no_runtime", &[]) else { return };
    let said = run("single_service").await;
    assert!(said.contains("quotes, as the server sends them: [{"), "{said}");
}

#[tokio::test]
async fn a_server_acts_for_many_users() {
    let Some(_) = stack("a_server_acts_for_many_users", &[]) else { return };
    let said = run("many_users").await;
    assert!(said.contains("Ben again: kept; you have 2"), "{said}");
    assert!(said.contains("refused: "), "{said}");
}

#[tokio::test]
async fn an_axum_server_acts_for_many_users() {
    let Some(_) = stack("an_axum_server_acts_for_many_users", &[]) else { return };
    let said = run("axum_users").await;
    for expected in ["201 Created", "Ada's note", "Ben's note", "401 Unauthorized"] {
        assert!(said.contains(expected), "{expected:?} is missing in: {said}");
    }
}

#[tokio::test]
async fn a_function_goes_on_telling() {
    let Some(_) = stack("a_function_goes_on_telling", &[Need::ExampleFunctions]) else { return };
    let said = run("function_events").await;
    assert!(said.contains("once more in") && said.contains("has said everything"), "{said}");
}

#[tokio::test]
async fn a_large_upload_goes_on_after_a_break() {
    let Some(_) = stack("a_large_upload_goes_on_after_a_break", &[]) else { return };
    let said = run("resumable_upload").await;
    assert!(said.contains("20971520 bytes are there"), "{said}");
}

#[tokio::test]
async fn avatars_are_shown_by_urls_that_expire() {
    let Some(_) = stack("avatars_are_shown_by_urls_that_expire", &[]) else { return };
    let said = run("avatars").await;
    assert!(said.contains("original: ") && said.contains("refused: "), "{said}");
}

#[tokio::test]
async fn a_session_lies_in_a_keyring() {
    let Some(_) = stack("a_session_lies_in_a_keyring", &[]) else { return };
    let said = run("keyring_session").await;
    // Not every machine that runs tests has a keyring; then the program says so.
    let done = said.contains("still signed in as Some") && said.contains("and out: true");
    assert!(done || said.contains("no keyring that can be used"), "{said}");
}

#[test]
fn every_program_is_run_and_listed() {
    let manifest = include_str!("../Cargo.toml").split("[[example]]").skip(1);
    let names: Vec<_> = manifest.filter_map(|part| part.split('"').nth(1)).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let started = [format!("run(\"{name}\")"), format!("start(\"{name}\"")];
        assert!(started.iter().any(|call| include_str!("live.rs").contains(call)), "{name} is not run");
        assert!(
            include_str!("../README.md").contains(&format!("]({name}.rs)")),
            "{name} is not in the README"
        );
    }
}

/// Runs a program that asks nothing, and answers with what it said.
async fn run(name: &str) -> String {
    Program::start(name, &[]).ends().await
}

/// A program under way.
struct Program {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(folder().join(name))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { name: name.to_owned(), child, stdin, lines }
    }

    /// Waits for a line with this in it.
    async fn says(&mut self, text: &str) -> String {
        let mut said = Vec::new();
        let found = timeout(PATIENCE, async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                if line.contains(text) {
                    return Some(line);
                }
                said.push(line);
            }
            None
        });
        match found.await {
            Ok(Some(line)) => line,
            _ => panic!("{} did not say {text:?}, but: {said:#?}", self.name),
        }
    }

    async fn types(&mut self, line: &str) {
        self.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// Waits for the end, with nothing more to be typed, and answers with what else was said.
    async fn ends(mut self) -> String {
        drop(self.stdin.take());
        let mut said = String::new();
        let ended = timeout(PATIENCE, async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                said.push_str(&line);
                said.push('\n');
            }
            self.child.wait().await.unwrap()
        });
        match ended.await {
            Ok(status) if status.success() => said,
            outcome => panic!("{} ended with {outcome:?}: {said}", self.name),
        }
    }
}

/// Where the programs are, once they are built: cargo does so for tests only if it is not asked for this test alone.
fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = std::process::Command::new(cargo)
            .args(["build", "--quiet", "--package", "supabase-examples", "--examples"])
            .status()
            .unwrap();
        assert!(built.success(), "the programs do not build");
        let test = env::current_exe().unwrap();
        test.ancestors().nth(2).unwrap().join("examples")
    })
}

fn unique() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()
}
