//! Counting by `valgrind --tool=callgrind`: the same from run to run, whatever else the machine does.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::programs::printed;

/// What takes from the heap, or moves what was taken.
const HEAP: [&str; 6] = ["malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"];

/// What a run, or one operation of it, takes.
pub(super) struct Counts {
    pub(super) instructions: f64,
    pub(super) heap_calls: f64,
}

/// Whether valgrind is installed.
pub(super) async fn is_there() -> bool {
    let mut command = Command::new("valgrind");
    command.arg("--version").stdin(Stdio::null());
    printed(command).await.is_ok()
}

/// What one operation takes: the difference of a short and a long run, which is free of what starting costs. `file` stands
/// for the names of the profiles.
pub(super) async fn per_operation(
    program: impl Fn(u32) -> Command,
    (few, many): (u32, u32),
    file: &Path,
) -> Result<Counts, String> {
    let mut runs = Vec::new();
    for operations in [few, many] {
        runs.push(count(program(operations), &file.with_added_extension(operations.to_string())).await?);
    }
    let [few_counts, many_counts] = runs.as_slice() else { return Err("two runs were made".to_owned()) };
    let operations = f64::from(many - few);
    Ok(Counts {
        instructions: (many_counts.instructions - few_counts.instructions) / operations,
        heap_calls: (many_counts.heap_calls - few_counts.heap_calls) / operations,
    })
}

/// Runs a program to its end and counts all that it does. `file` is written anew.
async fn count(program: Command, file: &Path) -> Result<Counts, String> {
    let program = program.as_std();
    let mut command = Command::new("valgrind");
    command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", file.display()));
    command.arg(program.get_program()).args(program.get_args());
    command.stdin(Stdio::null()).kill_on_drop(true);
    printed(command).await?;
    let profile = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    read(&String::from_utf8_lossy(&profile))
        .ok_or_else(|| format!("{} is not a profile of callgrind", file.display()))
}

/// Reads a profile.
///
/// Source: <https://valgrind.org/docs/manual/cl-format.html>
fn read(profile: &str) -> Option<Counts> {
    let mut names: HashMap<&str, &str> = HashMap::new();
    let mut called = "";
    let (mut instructions, mut heap_calls) = (None, 0.0);
    for line in profile.lines() {
        let (is_callee, name) = match (line.strip_prefix("cfn="), line.strip_prefix("fn=")) {
            (Some(name), _) => (true, Some(name)),
            (_, name) => (false, name),
        };
        if let Some(name) = name {
            // `(12) malloc` the first time, and only `(12)` from then on.
            let (id, name) = name.split_once(' ').unwrap_or((name, ""));
            if !name.is_empty() {
                names.insert(id, name);
            }
            if is_callee {
                called = names.get(id).copied().unwrap_or_default();
            }
        } else if let Some(calls) = line.strip_prefix("calls=") {
            // A `'2` after a name is a deeper call of the same function.
            if HEAP.contains(&called.split('\'').next().unwrap_or_default()) {
                heap_calls += calls.split(' ').next()?.parse::<f64>().ok()?;
            }
        } else if let Some(total) = line.strip_prefix("summary: ").or_else(|| line.strip_prefix("totals: ")) {
            instructions = Some(total.split(' ').next()?.parse().ok()?);
        }
    }
    Some(Counts { instructions: instructions?, heap_calls })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_tells_instructions_and_calls_of_the_heap() {
        let profile = "version: 1\nevents: Ir\n\nfn=(1) main\n1 5\ncfn=(2) malloc\ncalls=3 0\n1 90\n\
            cfn=(3) free\ncalls=9 0\n1 9\n\nfn=(4) f\ncfn=(2)\ncalls=2 0\n1 60\ncfn=(5) realloc'2\ncalls=1 0\n1 1\n\n\
            totals: 165\n";
        let counts = read(profile).unwrap();
        assert_eq!((counts.instructions, counts.heap_calls), (165.0, 6.0));
        assert!(read("no profile").is_none());
    }
}
