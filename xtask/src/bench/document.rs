//! `docs/benchmarks.md`: the figures, and how to have them again.

use std::fmt::Write as _;
use std::fs;

use tokio::process::Command;

use super::peers::{Comparison, titles};
use super::programs::printed;
use super::report::{Row, figure, markdown};
use crate::Outcome;
use crate::run::root;

/// What stands before the figures, and holds on every machine.
const HEAD: &str = "\
# Benchmarks

This file is written by `cargo xtask bench`. To have its figures on your machine:

```sh
cargo xtask bench                    # our crates beside reqwest, tungstenite and serde_json by hand: a few minutes
cargo xtask bench --peers --large    # also the published clients, and 5 GiB each way: all that stands here
```

It needs [valgrind](https://valgrind.org) for instructions and heap calls, and nothing else: the server is one of this
project's own (`crates/bench`), answers with what was made beforehand, and stands on loopback. `--peers` builds
`crates/bench/peers`, a workspace of its own with a lock file of its own: about eight minutes on two cores the first time, as
one of these clients has more than two hundred crates below it. A part that is not measured stays as it was.

How the figures are taken:

- *Ours* is the facade, or the service alone where the facade adds nothing, with all that it has by default: repetition, mapped
  errors, spans, a time limit, and a closure that gives the token. *By hand* is a careful program without our crates, of the
  same features of the same reqwest, that checks the status and decodes the same types.
- *Instructions* and *heap calls* (`malloc` and its kin) are counted by callgrind for one operation, as the difference of a
  short and a long run. They are the same from run to run, within a few in a thousand, whatever else the machine does.
- *Rates* are medians of four hundred pairs of blocks, ours and by hand in turn, a hundred in each of four processes (45 of large
  bodies and 40 of events, in five), and the ratio is the median of the pairs' ratios. Rates depend on the machine and its other
  work, and a process is faster or slower for as long as it lives: one alone differs from the next by 0.01 for small requests,
  and by 0.1 for large bodies.
- *Memory* is the most that a whole process had at once, as Linux tells it, the median of processes of their own.
- A *goal* that is missed says NO, and lets the command fail.
";

const SERVICES: &str = "Our crates";
const LARGE: &str = "5 GiB";
const PEERS: &str = "The other clients";

/// Writes the file. What was not measured is taken from the one that is there.
///
/// # Errors
/// It cannot be written.
pub(super) async fn write(rows: &[Row], large: &[Row], comparison: Option<&Comparison>) -> Outcome {
    let path = root().join("docs").join("benchmarks.md");
    let before = fs::read_to_string(&path).unwrap_or_default();
    let stamp = stamp().await?;
    let services = Some(format!("{stamp}\n\n{}", markdown(rows)));
    let large = (!large.is_empty())
        .then(|| format!("{stamp}\n\nAbove what a process takes that moves nothing.\n\n{}", markdown(large)));
    let peers = comparison.map(|comparison| format!("{stamp}\n\n{}", self::peers(comparison)));
    fs::write(&path, together(&before, [(SERVICES, services), (LARGE, large), (PEERS, peers)]))?;
    eprintln!("docs/benchmarks.md is written.");
    Ok(())
}

/// The head, and each section as it is now or was before.
fn together(before: &str, sections: [(&str, Option<String>); 3]) -> String {
    let mut text = HEAD.to_owned();
    for (title, now) in sections {
        let was = || {
            before.split("\n## ").skip(1).find_map(|section| section.strip_prefix(&format!("{title}\n\n")))
        };
        if let Some(section) = now.as_deref().or_else(was) {
            // Writing into a String cannot fail.
            let _ = write!(text, "\n## {title}\n\n{}\n", section.trim_end());
        }
    }
    text
}

/// When and where this was measured.
async fn stamp() -> Result<String, String> {
    let version = |program: &str| {
        let mut command = Command::new(program);
        command.arg("--version");
        command
    };
    let (rustc, valgrind) = (printed(version("rustc")).await?, printed(version("valgrind")).await?);
    let rustc = rustc.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let valgrind = valgrind.trim().replacen('-', " ", 1);
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d");
    let (os, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(format!("Measured on {date} by {rustc} and {valgrind}, on {os} on {architecture} with {cores} cores."))
}

/// The tables of the comparison.
pub(super) fn peers(comparison: &Comparison) -> String {
    let mut text = String::from(
        "All do the same on the same server, each as its documentation says: a select of 10 rows and one of 1,000 into the same\n\
         types, with a filter, an order and a limit, as a user; a request of twelve filters that is built and not sent; broadcasts\n\
         of version 1.0.0 of the protocol, which is the only one that others have. A dash stands where a client cannot do it.\n\n",
    );
    let by_hand = comparison.calls.first();
    for (what, of) in [
        ("Instructions", (|cost| cost.instructions) as fn(&super::peers::Cost) -> Option<f64>),
        ("Heap calls", |cost| cost.heap_calls),
    ] {
        let titles: Vec<_> = titles().collect();
        let _ = write!(
            text,
            "| {what} of one | {} |\n|---|{}\n",
            titles.join(" | "),
            "--:|".repeat(titles.len())
        );
        for calls in &comparison.calls {
            let _ = write!(text, "| {} |", calls.name);
            for (at, cost) in calls.costs.iter().enumerate() {
                let (one, raw) = (of(cost), by_hand.and_then(|calls| of(calls.costs.get(at)?)));
                let ratio = one.zip(raw).filter(|(_, raw)| *raw >= 1.0).map(|(one, raw)| one / raw);
                let ratio = ratio.map(|ratio| format!(" ({ratio:.2} ×)")).unwrap_or_default();
                let _ = write!(text, " {}{ratio} |", figure(one));
            }
            text.push('\n');
        }
        text.push('\n');
    }
    text.push_str("| Peak memory, MiB | 100,000 rows |\n|---|--:|\n");
    for calls in &comparison.calls {
        let _ = writeln!(text, "| {} | {} |", calls.name, figure(calls.peak));
    }
    text.push_str(
        "\nThe smallest program that selects with each, with TLS by rustls and no more features than that takes, built for release\n\
         without link-time optimization, stripped:\n\n\
         | | versions | crates in its tree | crates that a clean build compiles | size, MB |\n|---|---|--:|--:|--:|\n",
    );
    for smallest in &comparison.smallest {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.2} |",
            smallest.name, smallest.versions, smallest.crates, smallest.compiled, smallest.megabytes
        );
    }
    text.push_str(
        "\nWhat else is to be known of them:\n\n\
         - `postgrest` hands back the response of reqwest 0.11, whose status and rows the program reads; nothing is repeated, and no\n  \
           error is mapped. That is why it takes fewer instructions than the newer reqwest by hand.\n\
         - `supabase_rs` and `supabase-lib-rs` have one key for both headers, so that they send the token twice and no key.\n\
         - `supabase_rs` gives `Value`s, which the program decodes once more. It has eight of the twelve filters, and the others\n  \
           are written as parameters; of a request it shows the query, and `rust_supabase_sdk` the path and the query, where the\n  \
           others build the whole request with its headers, and ours the query that it is sent with.\n\
         - `supabase-lib-rs` shows no request, and its Realtime gives no content of broadcasts.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_again_stays() {
        let some = |text: &str| Some(text.to_owned());
        let first = together("", [(SERVICES, some("a\n")), (LARGE, some("b\n\n| c |")), (PEERS, None)]);
        assert!(
            first.starts_with(HEAD) && first.ends_with("\n\n## Our crates\n\na\n\n## 5 GiB\n\nb\n\n| c |\n")
        );
        let second = together(&first, [(SERVICES, some("new")), (LARGE, None), (PEERS, some("p"))]);
        assert!(
            second.ends_with(
                "\n\n## Our crates\n\nnew\n\n## 5 GiB\n\nb\n\n| c |\n\n## The other clients\n\np\n"
            )
        );
        assert_eq!(together(&second, [(SERVICES, some("new")), (LARGE, None), (PEERS, None)]), second);
    }
}
