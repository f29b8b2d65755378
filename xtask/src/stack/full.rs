//! Supabase's own stack, which its command line starts: in Docker, or in its native runtime, which needs none.
//!
//! The project is made anew of this repository's migrations and functions by each start, in `.stack/full`.

use std::env::{
    self,
    consts::{ARCH, OS},
};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::install::{self, NPM_REMEDY};
use super::{Failure, StopSignals};

/// The version that this is written for: flags and the names of what `status` tells are its own.
const VERSION: &str = "3.1.0";

/// What the stack has not: `/__mail` and `/__sms`, which catch what auth sends, a provider that signs anybody in, and what
/// the command line's version of the services leaves out.
const LACKS: &str = "mail,phones,mail-links,oauth-provider,oauth-server,sso-providers,passkeys,web3,signing-keys,vectors,\
                     analytics-buckets,catalog";

/// Whom the native runtime has PostgreSQL run as, where we are root. All else that begins with `SUPABASE_` is hidden from the
/// command line, as it would override the project's settings.
const NATIVE_USER: &str = "SUPABASE_NATIVE_POSTGRES_USER";

/// What the services run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Runtime {
    /// Docker if it answers, otherwise the native runtime where there is one.
    Auto,
    /// Containers.
    Docker,
    /// Programs of this machine, without containers: Linux, and macOS on Apple silicon.
    Native,
}

/// A stack that serves, until `stop`.
#[derive(Debug)]
pub(crate) struct Full {
    cli: Cli,
    /// What programs and tests are told of it.
    variables: Vec<(&'static str, String)>,
}

/// The command line, on one project, with one runtime.
#[derive(Debug)]
struct Cli {
    program: Vec<String>,
    project: PathBuf,
    native: bool,
}

impl Full {
    /// Starts the stack, on request with nothing in its database but the migrations' rows.
    pub(crate) async fn start(root: &Path, runtime: Runtime, reset: bool) -> Result<Self, Failure> {
        let project = root.join(".stack").join("full");
        let native = is_native(runtime, docker_answers().await)?;
        let cli = Cli { program: program().await?, project, native };
        write_project(root, &cli.project)?;
        if reset {
            let forget: &[&str] =
                if native { &["stack", "destroy", "--yes"] } else { &["stop", "--no-backup", "--yes"] };
            // There may be none yet, and what is wrong otherwise the start will say.
            let _ = cli.output(forget).await?;
        }
        eprintln!(
            "Starting Supabase {} by its command line {VERSION}; the first start downloads the services …",
            if native { "natively" } else { "in Docker" }
        );
        cli.run(&start_arguments(native)).await?;
        match cli.prepare(root).await {
            Ok(variables) => Ok(Self { variables, cli }),
            Err(failure) => {
                eprintln!("The stack keeps running. To stop it: {}", cli.how_to_stop());
                Err(failure)
            }
        }
    }

    /// The stack's settings as environment variables.
    pub(crate) fn env(&self) -> &[(&'static str, String)] {
        &self.variables
    }

    /// Stops the stack; its data is kept.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        self.cli.run(&["stop"]).await
    }

    /// How one who leaves it running stops it.
    pub(crate) fn how_to_stop(&self) -> String {
        self.cli.how_to_stop()
    }
}

/// The whole of `cargo xtask stack --profile full`: prints the settings and serves until Ctrl-C.
pub(crate) async fn run_foreground(root: &Path, runtime: Runtime, reset: bool) -> Result<(), Failure> {
    let mut signals = StopSignals::new()?;
    let full = tokio::select! {
        started = Full::start(root, runtime, reset) => started?,
        () = signals.received() => return Ok(()),
    };
    super::print_env(full.env());
    eprintln!("The stack is ready. Press Ctrl-C to stop it.");
    signals.received().await;
    eprintln!("Stopping the stack …");
    full.stop().await
}

/// What `start` is told: without what no test asks. The two runtimes have names of their own for the services.
fn start_arguments(native: bool) -> [&'static str; 5] {
    if native {
        ["start", "--runtime", "native", "--exclude", "studio,analytics,pooler"]
    } else {
        ["start", "--exclude", "studio,logflare,vector,supavisor", "--yes", "--agent=no"]
    }
}

/// Whether the native runtime is taken; an error where what was asked for cannot be had.
fn is_native(runtime: Runtime, docker: Result<(), String>) -> Result<bool, Failure> {
    let has_native = matches!((OS, ARCH), ("linux", "x86_64" | "aarch64") | ("macos", "aarch64"));
    match (runtime, docker) {
        (Runtime::Auto | Runtime::Docker, Ok(())) => Ok(false),
        (Runtime::Auto | Runtime::Native, _) if has_native => Ok(true),
        (Runtime::Native, _) => Err(Failure::new(format!(
            "Supabase's native runtime does not exist for {OS} on {ARCH}; use `--runtime docker`."
        ))),
        (_, Err(reason)) => Err(Failure::new(format!(
            "Docker does not answer: {reason}. Install or start it{}.",
            if has_native { ", or use `--runtime native`, which needs none" } else { "" }
        ))),
    }
}

/// Whether there is a Docker that answers, or why not.
async fn docker_answers() -> Result<(), String> {
    let asked = Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .stdin(Stdio::null())
        .output()
        .await;
    match asked {
        Ok(answer) if answer.status.success() => Ok(()),
        Ok(answer) => {
            Err(String::from_utf8_lossy(&answer.stderr).trim().trim_end_matches(['.', '?']).to_owned())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err("`docker` was not found".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// The command line of the version: the one that is installed, or npm's.
async fn program() -> Result<Vec<String>, Failure> {
    if install::version("supabase").await.is_ok_and(|version| version == VERSION) {
        return Ok(vec!["supabase".to_owned()]);
    }
    let npx = if cfg!(windows) { "npx.cmd" } else { "npx" };
    if install::version(npx).await.is_err() {
        return Err(Failure::new(format!(
            "Supabase's command line {VERSION} is not installed, and there is no `npx` to fetch it. {NPM_REMEDY}"
        )));
    }
    Ok([npx, "--yes", &format!("supabase@{VERSION}")].map(str::to_owned).into())
}

/// Makes the project anew: settings, migrations, functions. What the command line keeps beside them stays.
fn write_project(root: &Path, project: &Path) -> Result<(), Failure> {
    let supabase = project.join("supabase");
    for (from, to) in [
        (root.join("xtask/stack/supabase/migrations"), supabase.join("migrations")),
        (root.join("examples/functions"), supabase.join("functions")),
    ] {
        match fs::remove_dir_all(&to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Failure::file("remove", &to, error));
            }
            _ => copy_folder(&from, &to)?,
        }
    }
    copy_file(&root.join(".github/supabase.toml"), &supabase.join("config.toml"))
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(|error| Failure::file("create", to, error))?;
    let entries = fs::read_dir(from).map_err(|error| Failure::file("read", from, error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Failure::file("read", from, error))?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() { copy_folder(&from, &to)? } else { copy_file(&from, &to)? }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map(drop).map_err(|error| Failure::file("copy", from, error))
}

/// Our names for what `status` tells, as lines of `NAME="value"`.
fn variables(told: &str) -> Result<Vec<(&'static str, String)>, Failure> {
    let find = |wanted: &str| {
        told.lines().find_map(|line| {
            let (name, value) = line.trim().split_once('=')?;
            (name == wanted).then(|| value.trim_matches('"').to_owned())
        })
    };
    let mut variables = Vec::new();
    for (ours, theirs) in [
        ("SUPABASE_URL", "API_URL"),
        ("SUPABASE_ANON_KEY", "ANON_KEY"),
        ("SUPABASE_SERVICE_ROLE_KEY", "SERVICE_ROLE_KEY"),
    ] {
        let value = find(theirs).ok_or_else(|| {
            let names: Vec<_> = told.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
            Failure::new(format!("`supabase status` tells no {theirs}, but: {}.", names.join(", ")))
        })?;
        variables.push((ours, value));
    }
    // The native runtime signs by keys, and has none.
    variables.extend(find("JWT_SECRET").map(|secret| ("SUPABASE_JWT_SECRET", secret)));
    variables.push(("SUPABASE_LACKS", LACKS.to_owned()));
    Ok(variables)
}

impl Cli {
    /// What is left to do once the stack runs: switches on what the suite needs, and asks for the settings.
    async fn prepare(&self, root: &Path) -> Result<Vec<(&'static str, String)>, Failure> {
        self.run(&["db", "query", "--file", &root.join(".github").join("supabase.sql").to_string_lossy()])
            .await?;
        let status: &[&str] = if self.native { &["status", "--env"] } else { &["status", "--output", "env"] };
        variables(&self.output(status).await?)
    }

    fn how_to_stop(&self) -> String {
        let switch = if self.native { "SUPABASE_EXPERIMENTAL_STACK=1 " } else { "" };
        format!("(cd {} && {switch}{} stop)", self.project.display(), self.program.join(" "))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut words = self.program.iter();
        let mut command = Command::new(words.next().map_or("supabase", String::as_str));
        command
            .args(words)
            .args(arguments)
            .current_dir(&self.project)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("SUPABASE_") && name != NATIVE_USER {
                command.env_remove(name);
            }
        }
        command.env("DO_NOT_TRACK", "1").env("SUPABASE_TELEMETRY_DISABLED", "1");
        if self.native {
            command.env("SUPABASE_EXPERIMENTAL_STACK", "1");
        }
        command
    }

    /// Runs to the end, and shows what is said; our own output is for the settings alone.
    async fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        let status = self.command(arguments).stdout(io::stderr()).status().await;
        let status = status.map_err(|error| self.does_not_run(&error))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "`supabase {}` fails ({status}); what it said stands above.",
            arguments.join(" ")
        )))
    }

    /// Runs to the end, and answers with what is said.
    async fn output(&self, arguments: &[&str]) -> Result<String, Failure> {
        let output = self.command(arguments).stderr(Stdio::inherit()).output().await;
        let output = output.map_err(|error| self.does_not_run(&error))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn does_not_run(&self, error: &io::Error) -> Failure {
        Failure::new(format!("`{}` does not run: {error}.", self.program.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::run;

    #[test]
    fn the_project_has_all_migrations_and_functions_and_their_settings() {
        let folder = tempfile::tempdir().unwrap();
        let (root, supabase) = (run::root(), folder.path().join("supabase"));
        // What an earlier start left, and is no longer there.
        fs::create_dir_all(supabase.join("migrations")).unwrap();
        fs::write(supabase.join("migrations/0_old.sql"), "").unwrap();
        write_project(&root, folder.path()).unwrap();

        let names = |folder: &Path| {
            let mut names: Vec<_> =
                fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let migrations = names(&root.join("xtask/stack/supabase/migrations"));
        assert!(migrations.len() > 5);
        assert_eq!(names(&supabase.join("migrations")), migrations);
        let settings = fs::read_to_string(supabase.join("config.toml")).unwrap();
        let functions = names(&supabase.join("functions"));
        assert!(functions.len() > 5);
        // What begins with an underscore is shared by functions, and none itself.
        let is_function = |name: &&OsString| !name.to_string_lossy().starts_with('_');
        for function in functions.iter().filter(is_function) {
            assert!(supabase.join("functions").join(function).join("index.ts").is_file(), "{function:?}");
            // Without a line, a function wants a token.
            let section = format!("[functions.{}]\nverify_jwt = ", function.to_str().unwrap());
            assert!(settings.contains(&section), "{section}");
        }
    }

    #[test]
    fn what_status_tells_gets_our_names() {
        let told = "Stopped services: [studio]\nAPI_URL=\"http://127.0.0.1:54321\"\nANON_KEY=\"anon\"\nJWT_SECRET=\"s=1\"\n\
                    SERVICE_ROLE_KEY=service\n";
        let variables = variables(told).unwrap();
        let of =
            |name: &str| variables.iter().find(|(ours, _)| *ours == name).map(|(_, value)| value.as_str());
        assert_eq!(of("SUPABASE_URL"), Some("http://127.0.0.1:54321"));
        assert_eq!(of("SUPABASE_ANON_KEY"), Some("anon"));
        assert_eq!(of("SUPABASE_SERVICE_ROLE_KEY"), Some("service"));
        assert_eq!(of("SUPABASE_JWT_SECRET"), Some("s=1"));
        assert!(of("SUPABASE_LACKS").is_some_and(|lacks| lacks.contains("mail-links")));
    }

    #[test]
    fn a_stack_that_tells_no_key_is_an_error_that_names_what_came() {
        let error = variables("API_URL=\"http://127.0.0.1:54321\"\nKEY=\"k\"").unwrap_err().to_string();
        assert!(error.contains("no ANON_KEY") && error.contains("API_URL, KEY"), "{error}");
        assert!(!error.contains("54321"));
    }

    #[test]
    fn a_missing_docker_is_told() {
        assert!(!is_native(Runtime::Auto, Ok(())).unwrap());
        assert!(!is_native(Runtime::Docker, Ok(())).unwrap());
        let error = is_native(Runtime::Docker, Err("nobody is there".to_owned())).unwrap_err().to_string();
        assert!(error.contains("Docker does not answer: nobody is there."), "{error}");
        assert_eq!(
            is_native(Runtime::Native, Ok(())).is_ok(),
            is_native(Runtime::Auto, Err(String::new())).is_ok()
        );
    }
}
