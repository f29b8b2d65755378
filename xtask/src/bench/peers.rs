//! The published clients beside ours, on the same canned server: `crates/bench/peers`, a workspace of its own.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

use super::callgrind::{self, Counts};
use super::median;
use super::programs::{self, Programs, Server};
use super::report::Row;
use crate::run::{cargo, root, tree};

/// How often the peak of memory is taken, each time in a process of its own.
const ROUNDS: usize = 3;

/// A client of others.
struct Peer {
    /// Its package in the workspace, without `peer-`: the name under which it is published.
    name: &'static str,
    /// Whether it shows a request before it is sent, or the larger part of it.
    builds: bool,
    /// Whether it hands out what a broadcast says.
    broadcasts: bool,
}

const PEERS: [Peer; 5] = [
    Peer { name: "postgrest", builds: true, broadcasts: false },
    Peer { name: "supabase_rs", builds: true, broadcasts: false },
    Peer { name: "rust_supabase_sdk", builds: true, broadcasts: true },
    Peer { name: "supabase-rp", builds: true, broadcasts: true },
    Peer { name: "supabase-lib-rs", builds: false, broadcasts: false },
];

/// The smallest programs, beside those of the peers: what is shown, and the package.
const SMALLEST: [(&str, &str); 3] = [
    ("by hand", "by-hand"),
    ("`postgrest-rs`", "with-postgrest-rs"),
    ("`supabase`, `database`", "with-supabase"),
];

/// What all do: how often in a short and in a long run, and which rows of the other table have the same of ours.
const WORKLOADS: [(&str, (u32, u32), &str); 4] = [
    ("select-10", (200, 1_200), "10 rows"),
    ("select-1000", (5, 35), "1,000 rows"),
    ("build-12", (200, 2_200), "12 filters, not sent"),
    ("broadcasts", (1_000, 21_000), "broadcast, 1.0.0"),
];

/// What one operation takes; `None` where a client cannot do it, or nothing can count.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub(super) instructions: Option<f64>,
    pub(super) heap_calls: Option<f64>,
}

/// A client, and what its calls take.
pub(super) struct Calls {
    pub(super) name: String,
    /// In the order of [`titles`].
    pub(super) costs: Vec<Cost>,
    /// For 100,000 rows, in MiB.
    pub(super) peak: Option<f64>,
}

/// A smallest program that selects.
pub(super) struct Smallest {
    pub(super) name: String,
    /// The client and the HTTP client below it, with their versions.
    pub(super) versions: String,
    /// Crates in its tree, the program aside.
    pub(super) crates: usize,
    /// Crates that a clean build compiles, with what builds and macros need.
    pub(super) compiled: usize,
    pub(super) megabytes: f64,
}

/// All figures of the comparison.
pub(super) struct Comparison {
    pub(super) calls: Vec<Calls>,
    pub(super) smallest: Vec<Smallest>,
}

/// The titles of the workloads.
pub(super) fn titles() -> impl Iterator<Item = &'static str> {
    WORKLOADS.iter().map(|(.., title)| *title)
}

/// Builds and measures all of them. What ours and the raw way take stands in `rows`.
pub(super) async fn measure(
    programs: &Programs,
    server: &Server,
    rows: &[Row],
    can_count: bool,
) -> Result<Comparison, Box<dyn std::error::Error>> {
    let mut calls = vec![known("by hand", rows, Row::raw), known("`supabase`", rows, Row::ours)];
    for peer in &PEERS {
        eprintln!("── {}", peer.name);
        let package = format!("peer-{}", peer.name);
        let client =
            build(&package, &format!("client-{package}"), &["--features", "client"], &[]).await?.program;
        let command = |workload: &str, operations: u32| {
            programs::command(&client, &[workload, &operations.to_string()], server)
        };
        let mut costs = Vec::new();
        for (workload, operations, _) in WORKLOADS {
            let has_it = match workload {
                "build-12" => peer.builds,
                "broadcasts" => peer.broadcasts,
                _ => true,
            };
            let mut cost = Cost { instructions: None, heap_calls: None };
            if has_it && can_count {
                let file = programs.folder.join(format!("callgrind.{workload}.{package}"));
                let program = |operations| command(workload, operations);
                let Counts { instructions, heap_calls } =
                    callgrind::per_operation(program, operations, &file).await?;
                cost = Cost { instructions: Some(instructions), heap_calls: Some(heap_calls) };
            }
            costs.push(cost);
        }
        let mut peaks = Vec::new();
        for _ in 0..ROUNDS {
            let printed = programs::printed(command("select-100000", 1)).await?;
            let kilobytes: f64 = printed.trim().parse()?;
            peaks.extend((kilobytes > 0.0).then_some(kilobytes / 1024.0));
        }
        calls.push(Calls { name: format!("`{}`", peer.name), costs, peak: median(peaks.into_iter()) });
    }
    let mut smallest = Vec::new();
    let peers = PEERS.iter().map(|peer| (format!("`{}`", peer.name), format!("peer-{}", peer.name)));
    let ours = SMALLEST.iter().map(|(name, package)| ((*name).to_owned(), (*package).to_owned()));
    for (name, package) in ours.chain(peers) {
        eprintln!("── Smallest program: {name}");
        smallest.push(smallest_program(name, &package).await?);
    }
    Ok(Comparison { calls, smallest })
}

/// What was measured already.
fn known(name: &str, rows: &[Row], side: fn(&Row) -> Option<f64>) -> Calls {
    let figure = |name: String| rows.iter().find(|row| row.name() == name).and_then(side);
    let cost = |title: &str| Cost {
        instructions: figure(format!("{title}: instructions")),
        heap_calls: figure(format!("{title}: heap calls")),
    };
    let peak = figure("100,000 rows: peak memory, MiB".to_owned());
    Calls { name: name.to_owned(), costs: titles().map(cost).collect(), peak }
}

async fn smallest_program(name: String, package: &str) -> Result<Smallest, Box<dyn std::error::Error>> {
    // Stripped by the linker of this program alone, so that nothing else is built again.
    let built = build(package, &format!("select-{package}"), &[], &["-C", "strip=symbols"]).await?;
    let tree = tree(here(), package).await?;
    let version_of = |wanted: &str| {
        let versions = tree.iter().filter(|line| line.split(' ').next() == Some(wanted));
        versions.map(|line| line.replace(" v", " ")).collect::<Vec<_>>().join(", ")
    };
    let client = package.strip_prefix("peer-").map(version_of);
    let versions: Vec<_> = client.into_iter().chain([version_of("reqwest")]).collect();
    #[allow(clippy::cast_precision_loss, reason = "no program has that many bytes")]
    let megabytes = built.program.metadata()?.len() as f64 / 1e6;
    Ok(Smallest {
        name,
        versions: versions.join(", "),
        crates: tree.len() - 1,
        compiled: built.compiled - 1,
        megabytes,
    })
}

struct Built {
    program: PathBuf,
    /// The packages that were compiled for it, or had been before.
    compiled: usize,
}

/// Builds a program of the workspace, as a release is built.
async fn build(
    package: &str,
    program: &str,
    features: &[&str],
    to_rustc: &[&str],
) -> Result<Built, Box<dyn std::error::Error>> {
    let mut command = here();
    command.args(["rustc", "--locked", "--release", "--package", package, "--bin", program]);
    command.args(["--message-format", "json-render-diagnostics"]).args(features).arg("--").args(to_rustc);
    command.stdout(Stdio::piped());
    let output = command.spawn()?.wait_with_output().await?;
    if !output.status.success() {
        return Err(format!("{program} cannot be built").into());
    }
    let (mut packages, mut path) = (BTreeSet::new(), None);
    for line in String::from_utf8(output.stdout)?.lines() {
        let message: serde_json::Value = serde_json::from_str(line)?;
        let field = |name: &str| message.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        if field("reason").as_deref() == Some("compiler-artifact") {
            packages.extend(field("package_id"));
            path = field("executable").map(PathBuf::from).or(path);
        }
    }
    Ok(Built { program: path.ok_or("cargo does not say where the program is")?, compiled: packages.len() })
}

/// `cargo`, in the folder of the workspace. What it builds lies beside what ours builds.
fn here() -> Command {
    let mut command = cargo(&[]);
    command.current_dir(root().join("crates").join("bench").join("peers"));
    command.env("CARGO_TARGET_DIR", root().join("target").join("peers"));
    command
}
