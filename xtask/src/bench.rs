//! `cargo xtask bench`: what our crates cost beyond `reqwest` and `serde_json` by hand.
//!
//! Both sides are built with the same features, do the same work in the same run and against the same server. Only
//! ratios mean something: absolute times depend on the machine, and on what else it does.

mod bodies;
mod broadcasts;
mod callgrind;
mod document;
mod peers;
mod programs;
mod report;

use std::path::PathBuf;
use std::time::Instant;

use tokio::process::Command;

use crate::Outcome;
use callgrind::Counts;
use programs::{Programs, Server};
use report::{Goal, Row};

/// How often the peak of memory is taken, each time in a process of its own.
const MEMORY_ROUNDS: usize = 5;

/// Pairs of blocks for a rate, in each of its processes.
const RATE_PAIRS: usize = 100;

/// In how many processes a rate is taken: where a process lies in memory, and how large its connections' buffers became, stays
/// as it is for as long as it lives.
const RATE_PROCESSES: usize = 4;

/// A workload whose instructions and heap calls are counted.
struct Counted {
    workload: &'static str,
    title: &'static str,
    /// Operations of a short and a long run. The difference is free of what starting costs.
    operations: (u32, u32),
    /// The goals: ratios, but for [`TOKEN`].
    instructions: f64,
    heap_calls: f64,
}

/// The look-up of a token: what a request pays for a session that follows its user. It is counted beside a copy of a token
/// that is at hand, which no look-up can do without.
const TOKEN: Counted = Counted {
    workload: "token",
    title: "token of a session",
    operations: (1_000, 11_000),
    instructions: 1_000.0,
    heap_calls: 1.0,
};

const COUNTED: [Counted; 7] = [
    Counted {
        workload: "select-10",
        title: "10 rows",
        operations: (200, 1_200),
        instructions: 0.98,
        heap_calls: 1.0,
    },
    Counted {
        workload: "select-1000",
        title: "1,000 rows",
        operations: (5, 35),
        instructions: 1.01,
        heap_calls: 1.01,
    },
    Counted {
        workload: "build-12",
        title: "12 filters, not sent",
        operations: (200, 2_200),
        instructions: 0.9,
        heap_calls: 0.7,
    },
    Counted {
        workload: "claims-es256",
        title: "claims of an ES256 token",
        operations: (20, 120),
        instructions: 1.0,
        heap_calls: 1.0,
    },
    Counted {
        workload: "claims-hs256",
        title: "claims of an HS256 token",
        operations: (50, 350),
        instructions: 0.8,
        heap_calls: 1.0,
    },
    Counted {
        workload: "functions-hello",
        title: "call of a function",
        operations: (200, 1_200),
        instructions: 1.05,
        heap_calls: 1.05,
    },
    Counted {
        workload: "functions-events",
        title: "10,000 events",
        operations: (1, 6),
        // Nine tenths of the rate of a reader of lines.
        instructions: 1.11,
        heap_calls: 1.01,
    },
];

/// What is measured, and where it is written.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Writes the figures of our crates to this file, too, as JSON: a list of rows.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Moves 5 GiB both ways, too.
    #[arg(long)]
    large: bool,
    /// Builds the published clients and measures them, too. The first build takes a quarter of an hour.
    #[arg(long)]
    peers: bool,
}

/// Measures everything, prints a table, and writes `docs/benchmarks.md`.
///
/// # Errors
/// A program cannot be built or fails, or a goal is not met.
pub(crate) async fn run(options: Options) -> Outcome {
    let begun = Instant::now();
    let programs = Programs::build().await?;
    let server = Server::start(&programs.server).await?;
    let can_count = callgrind::is_there().await;

    let mut rows = Vec::new();
    counts(&programs, &server, can_count, &mut rows).await?;
    broadcasts::measure(&programs, &server, can_count, &mut rows).await?;
    rates(&programs, &server, &mut rows).await?;
    bodies::rates(&programs, &server, &mut rows).await?;
    memory(&programs, &server, &mut rows).await?;
    bodies::memory(&programs, &server, &mut rows).await?;
    size(&programs, &mut rows)?;
    let mut large = Vec::new();
    if options.large {
        bodies::large(&programs, &server, &mut large).await?;
    }
    let mut comparison = None;
    if options.peers {
        comparison = Some(peers::measure(&programs, &server, &rows, can_count).await?);
    }
    drop(server);

    println!("\n{}", report::table(rows.iter().chain(&large)));
    if let Some(comparison) = &comparison {
        println!("{}", document::peers(comparison));
    }
    if can_count {
        document::write(&rows, &large, comparison.as_ref()).await?;
    } else {
        eprintln!("docs/benchmarks.md stays as it is: without valgrind, most of it was not measured.");
    }
    rows.append(&mut large);
    if let Some(path) = options.json {
        std::fs::write(&path, report::json(&rows)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        eprintln!("Written to {}.", path.display());
    }
    eprintln!("Measured in {:.0} s.", begun.elapsed().as_secs_f32());
    let missed: Vec<_> = rows.iter().filter(|row| row.met() == Some(false)).map(Row::name).collect();
    if missed.is_empty() { Ok(()) } else { Err(format!("goals not met: {}", missed.join("; ")).into()) }
}

/// Instructions and heap calls of one operation, where valgrind can count them.
async fn counts(programs: &Programs, server: &Server, can_count: bool, rows: &mut Vec<Row>) -> Outcome {
    if can_count {
        eprintln!("\n── Instructions and heap calls");
    } else {
        eprintln!("\nvalgrind is not installed, so instructions and heap calls are not measured.");
    }
    let ratios = COUNTED.iter().map(|counted| (counted, Goal::RatioAtMost as fn(f64) -> Goal));
    for (counted, goal_of) in ratios.chain([(&TOKEN, Goal::MoreByAtMost as fn(f64) -> Goal)]) {
        let (mut ours, mut raw) = (None, None);
        if can_count {
            ours = Some(per_operation(programs, server, counted, "ours").await?);
            raw = Some(per_operation(programs, server, counted, "raw").await?);
        }
        let row = |what: &str, of: fn(&Counts) -> f64, goal| {
            let name = format!("{}: {what}", counted.title);
            Row::new(name, ours.as_ref().map(of), raw.as_ref().map(of), goal_of(goal))
        };
        rows.push(row("instructions", |counts| counts.instructions, counted.instructions));
        rows.push(row("heap calls", |counts| counts.heap_calls, counted.heap_calls));
    }
    Ok(())
}

async fn per_operation(
    programs: &Programs,
    server: &Server,
    counted: &Counted,
    who: &str,
) -> Result<Counts, String> {
    let program = |operations: u32| programs.client(counted.workload, who, operations as usize, server);
    let file = programs.folder.join(format!("callgrind.{}.{who}", counted.workload));
    callgrind::per_operation(program, counted.operations, &file).await
}

/// Small selects a second: one after the other, and by many tasks.
async fn rates(programs: &Programs, server: &Server, rows: &mut Vec<Row>) -> Outcome {
    for (workload, title, goal) in [
        ("rates", "10 rows: rate", Goal::RatioAtLeast(0.97)),
        ("rates-64", "10 rows: rate of 64 tasks", Goal::RatioAtLeast(0.97)),
        // Every call of ours has a time limit, and by hand none does unless somebody thinks of it.
        ("rates-64-limited", "10 rows: rate of 64 tasks, both with a time limit", Goal::Shown),
        // Here the other side is one task of ours: many may take 1.2 times as long.
        ("token-64", "token of a request: rate of 64 tasks, beside one", Goal::RatioAtLeast(1.0 / 1.2)),
    ] {
        eprintln!("── {title}");
        let pairs = pairs(|| programs.client(workload, "both", RATE_PAIRS, server), RATE_PROCESSES).await?;
        rows.push(rate(title, &pairs, goal));
    }
    Ok(())
}

/// Two blocks of so many operations, one after the other.
struct Pair {
    operations: f64,
    ours: Took,
    raw: Took,
}

/// How many nanoseconds a block took, and how many of the processor.
struct Took {
    wall: f64,
    processor: f64,
}

/// Runs a program that alternates between both sides, so many times.
async fn pairs(
    program: impl Fn() -> Command,
    processes: usize,
) -> Result<Vec<Pair>, Box<dyn std::error::Error>> {
    let mut pairs = Vec::new();
    for _ in 0..processes {
        for line in programs::printed(program()).await?.lines() {
            let numbers: Vec<f64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
            let [operations, ours, raw, processor_ours, processor_raw] = *numbers.as_slice() else {
                return Err(format!("not a pair of times: `{line}`").into());
            };
            let took = |wall, processor| Took { wall, processor };
            pairs.push(Pair { operations, ours: took(ours, processor_ours), raw: took(raw, processor_raw) });
        }
    }
    Ok(pairs)
}

/// Operations a second.
fn rate(title: &str, pairs: &[Pair], goal: Goal) -> Row {
    let per_second = |pair: &Pair, took: fn(&Pair) -> &Took| pair.operations * 1e9 / took(pair).wall;
    let ours = median(pairs.iter().map(|pair| per_second(pair, |pair| &pair.ours)));
    let raw = median(pairs.iter().map(|pair| per_second(pair, |pair| &pair.raw)));
    // Of each pair by itself: both halves of a pair met the same weather.
    let ratio = median(pairs.iter().map(|pair| pair.raw.wall / pair.ours.wall));
    Row::new(title, ours, raw, goal).with_ratio(ratio)
}

/// The most memory that a process has at once which reads very many rows.
async fn memory(programs: &Programs, server: &Server, rows: &mut Vec<Row>) -> Outcome {
    eprintln!("── Peak memory");
    let (ours, raw) = ("ours", "raw");
    let [whole, by_hand] = peaks(programs, server, [("select-100000", ours), ("select-100000", raw)]).await?;
    rows.push(Row::new("100,000 rows: peak memory, MiB", whole, by_hand, Goal::RatioAtMost(1.02)));
    // Here the ratio is that of many rows to few, both ours: it does not grow with them.
    let [many, few] = peaks(programs, server, [("stream-100000", ours), ("stream-10000", ours)]).await?;
    rows.push(Row::new("100,000 rows by stream, beside 10,000: MiB", many, few, Goal::RatioAtMost(1.10)));
    Ok(())
}

/// The medians of the peaks of two programs, in MiB; `None` where the system does not tell.
async fn peaks(
    programs: &Programs,
    server: &Server,
    sides: [(&str, &str); 2],
) -> Result<[Option<f64>; 2], Box<dyn std::error::Error>> {
    let mut peaks = [Vec::new(), Vec::new()];
    for _ in 0..MEMORY_ROUNDS {
        for ((workload, who), peaks) in sides.iter().zip(&mut peaks) {
            let printed = programs::printed(programs.client(workload, who, 1, server)).await?;
            // The system tells kilobytes, or nothing at all where it is not Linux.
            let kilobytes: f64 = printed.trim().parse()?;
            peaks.extend((kilobytes > 0.0).then_some(kilobytes / 1024.0));
        }
    }
    Ok(peaks.map(|peaks| median(peaks.into_iter())))
}

/// How large the smallest program is that selects.
fn size(programs: &Programs, rows: &mut Vec<Row>) -> Outcome {
    let megabytes = |path: &PathBuf| -> Result<f64, String> {
        let file = path.metadata().map_err(|error| format!("{}: {error}", path.display()))?;
        #[allow(clippy::cast_precision_loss, reason = "no program has that many bytes")]
        let bytes = file.len() as f64;
        Ok(bytes / 1e6)
    };
    rows.push(Row::new(
        "stripped program, MB",
        Some(megabytes(&programs.select_ours)?),
        Some(megabytes(&programs.select_raw)?),
        Goal::MoreByAtMost(0.3),
    ));
    Ok(())
}

/// The middle one, if there is any.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
