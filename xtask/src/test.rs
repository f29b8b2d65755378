//! `cargo xtask test`: everything that must hold before a change lands.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::time::Instant;

use crate::run::{cargo, root, step};
use crate::stack::{self, DataDir, Driver, Full, Options, PortChoice, Runtime};
use crate::{Chosen, Kind, Outcome, docs};

/// Format, lints, all tests that need no stack, then the live tests.
///
/// The live tests get a stack of their own; or, if `SUPABASE_URL` and the keys are set, the stack that these name.
pub(crate) async fn run(kind: Kind) -> Outcome {
    let begun = Instant::now();
    if kind.is_said() && env::var_os("SUPABASE_URL").is_some() {
        return Err("`--profile`, `--driver` and `--runtime` say which stack is started for the live tests, and SUPABASE_URL \
                    names one that runs already: leave out the one, or `unset SUPABASE_URL`"
            .into());
    }
    let chosen = kind.chosen()?;
    step("Format", cargo(&["fmt", "--all", "--check"])).await?;
    let lints = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "--deny", "warnings"];
    step("Lints", cargo(&lints)).await?;
    step("Tests without a stack", cargo(&["test", "--workspace", "--all-features", "--quiet"])).await?;
    eprintln!("\n── docs/reference.md");
    docs::run(true)?;
    live(chosen).await?;
    eprintln!("\nAll tests passed after {:.0} s.", begun.elapsed().as_secs_f32());
    Ok(())
}

async fn live(chosen: Chosen) -> Outcome {
    if env::var_os("SUPABASE_URL").is_some() {
        let named: Vec<_> = env::vars().filter(|(name, _)| name.starts_with("SUPABASE_")).collect();
        return on_stack("the stack that SUPABASE_URL names", &named).await;
    }

    match chosen {
        Chosen::Embedded(driver) => on_embedded(driver).await,
        Chosen::Full(runtime) => on_full(runtime).await,
    }
}

/// On Supabase's own stack, by its command line. One on which a test fails is left running, to be looked at.
async fn on_full(runtime: Runtime) -> Outcome {
    eprintln!("\n── Supabase's own stack for the live tests");
    let full = Full::start(&root(), runtime, true).await?;
    let variables: Vec<_> =
        full.env().iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    if let Err(error) = on_stack("Supabase's own stack", &variables).await {
        eprintln!("The stack keeps running. To stop it: {}", full.how_to_stop());
        return Err(error);
    }
    Ok(full.stop().await?)
}

async fn on_embedded(driver: Driver) -> Outcome {
    eprintln!("\n── A stack for the live tests");
    let mut stack =
        stack::start(Options { reset: true, data: DataDir::Test, port: PortChoice::Free, driver }).await?;
    let skipped = root().join(".stack").join("skipped.txt");
    let _ = fs::remove_file(&skipped);
    let mut variables: Vec<_> =
        stack.env().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    variables.push(("SUPABASE_SKIPPED".to_owned(), skipped.display().to_string()));
    let outcome = tokio::select! {
        outcome = on_stack("the embedded stack", &variables) => outcome,
        failure = stack.exited() => Err(failure.into()),
    };
    stack.stop().await;
    outcome?;
    compare_skips(&fs::read_to_string(&skipped).unwrap_or_default())
}

/// Runs the live tests, those of the examples among them, on the stack that these variables name.
async fn on_stack(stack: &str, variables: &[(String, String)]) -> Outcome {
    let arguments =
        ["test", "--workspace", "--all-features", "--test", "live", "--", "--nocapture", "--test-threads=4"];
    let mut tests = cargo(&arguments);
    tests.envs(variables.iter().cloned());
    step(&format!("Live tests on {stack}"), tests).await
}

/// A test that is skipped and not listed fails; so does one that is listed and not skipped.
fn compare_skips(skipped: &str) -> Outcome {
    let path = root().join("xtask").join("stack").join("skips.txt");
    let listed = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = |text: &str| -> BTreeSet<String> {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect()
    };
    let (skipped, listed) = (lines(skipped), lines(&listed));
    eprintln!("\n{} live tests were skipped on the embedded stack:", skipped.len());
    for line in &skipped {
        eprintln!("  {line}");
    }
    let wrong: Vec<_> = skipped.symmetric_difference(&listed).cloned().collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!(
        "these are skipped and not listed in {}, or listed and not skipped: {}",
        path.display(),
        wrong.join("; ")
    )
    .into())
}
