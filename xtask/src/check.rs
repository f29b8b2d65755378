//! `cargo xtask check`: what the crates promise beyond their tests.

use std::fs;
use std::time::Instant;

use crate::run::{cargo, files, output, root, step, tree};
use crate::{Outcome, api, capabilities, links, packages};

/// A crate that is published.
pub(crate) struct Published {
    /// Its folder below `crates`. Its package has the same name, unless that is taken on the registry.
    pub(crate) folder: &'static str,
    /// How many crates its tree may have with default features, itself included.
    limit: usize,
}

/// All of them, in the order in which they depend on each other.
pub(crate) const PUBLISHED: [Published; 8] = [
    Published { folder: "supabase-core", limit: 115 },
    Published { folder: "postgrest-rs", limit: 115 },
    Published { folder: "gotrue-rs", limit: 124 },
    Published { folder: "storage-rs", limit: 120 },
    Published { folder: "functions-rs", limit: 120 },
    Published { folder: "realtime-rs", limit: 130 },
    Published { folder: "supabase-mock", limit: 80 },
    Published { folder: "supabase", limit: 150 },
];

impl Published {
    /// The name under which cargo knows it.
    pub(crate) fn package(&self) -> Result<String, String> {
        let manifest = self.manifest()?;
        let name = manifest.lines().find_map(|line| line.strip_prefix("name = \""));
        let name = name.and_then(|rest| rest.strip_suffix('"'));
        name.map(str::to_owned).ok_or_else(|| format!("crates/{}/Cargo.toml has no name", self.folder))
    }

    /// Its features, each of which must build alone.
    fn features(&self) -> Result<Vec<String>, String> {
        let manifest = self.manifest()?;
        let features = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
        let features = features.take_while(|line| !line.starts_with('['));
        let names = features.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.to_owned());
        Ok(names.filter(|name| !name.starts_with('#') && name != "default").collect())
    }

    fn manifest(&self) -> Result<String, String> {
        let path = root().join("crates").join(self.folder).join("Cargo.toml");
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// The longest source file, tests aside. One that is longer holds more than one idea.
const MAX_LINES: usize = 500;

/// The workspaces beside this one: no command that builds this one keeps their lock files current.
const BESIDE: [&str; 3] = ["crates/bench/peers", "examples/iceberg", "examples/opentelemetry"];

/// Runs all checks.
pub(crate) async fn run() -> Outcome {
    let begun = Instant::now();
    trees().await?;
    private_core().await?;
    api::run(true, &[]).await?;
    capabilities::run()?;
    features().await?;
    let alone = ["test", "--quiet", "--package", "realtime-rs", "--test", "wss"];
    step("A websocket over TLS with one crypto provider; `cargo xtask test` has two", cargo(&alone)).await?;
    long_files()?;
    locks().await?;
    links::run()?;
    let mut docs = cargo(&["doc", "--workspace", "--no-deps", "--all-features", "--exclude", "xtask"]);
    docs.env("RUSTDOCFLAGS", "--deny warnings");
    step("Documentation without warnings", docs).await?;
    packages::run().await?;
    eprintln!("\nAll checks passed after {:.0} s.", begun.elapsed().as_secs_f32());
    Ok(())
}

/// Small trees, no OpenSSL, and no service that knows another one.
async fn trees() -> Outcome {
    eprintln!("\n── Dependency trees");
    let services = PUBLISHED.iter().filter(|published| published.folder.ends_with("-rs"));
    let services: Vec<_> = services.map(Published::package).collect::<Result<_, _>>()?;
    for published in &PUBLISHED {
        let (name, limit) = (&published.package()?, published.limit);
        let tree = tree(cargo(&[]), name).await?;
        eprintln!("{name}: {} crates, {limit} at the most", tree.len());
        if tree.len() > limit {
            return Err(format!("the tree of {name} has {} crates, and may have {limit}", tree.len()).into());
        }
        let has = |other: &str| tree.iter().any(|line| line.split(' ').next() == Some(other));
        if has("openssl-sys") || has("native-tls") {
            return Err(format!("OpenSSL is in the tree of {name}").into());
        }
        let neighbour =
            services.iter().find(|other| *other != name && published.folder != "supabase" && has(other));
        if let Some(neighbour) = neighbour {
            return Err(format!("{name} knows {neighbour}").into());
        }
    }
    Ok(())
}

/// No type of the machinery stands in the public API of a crate that uses it.
async fn private_core() -> Outcome {
    eprintln!("\n── A private core");
    let users = |published: &&Published| !matches!(published.folder, "supabase-core" | "supabase-mock");
    for published in PUBLISHED.iter().filter(users) {
        let name = &published.package()?;
        // The lint exists on the stable compiler, behind its switch for unstable options. A folder of its own keeps
        // the flags from rebuilding everything else.
        let mut command = cargo(&[
            "-Zpublic-dependency",
            "check",
            "--package",
            name,
            "--all-features",
            "--target-dir",
            "target/api",
        ]);
        command.env("RUSTC_BOOTSTRAP", "1");
        let (ok, text) = output(command).await?;
        if !ok {
            return Err(format!("{name} cannot be checked:\n{text}").into());
        }
        if !text.contains("from private dependency") {
            return Err(format!("the lint said nothing about {name}, so nothing is proven").into());
        }
        let leaks: Vec<_> =
            text.lines().filter(|line| line.contains("private dependency 'supabase_core'")).collect();
        if !leaks.is_empty() {
            return Err(format!("the core shows in the public API of {name}:\n{}", leaks.join("\n")).into());
        }
        eprintln!("{name}: no type of supabase-core in its public API");
    }
    Ok(())
}

/// Each crate builds alone with no feature, with each, and with all.
async fn features() -> Outcome {
    for published in &PUBLISHED {
        let name = &published.package()?;
        step(
            &format!("{name} without features"),
            cargo(&["check", "--quiet", "--package", name, "--no-default-features"]),
        )
        .await?;
        for feature in published.features()? {
            let arguments =
                ["check", "--quiet", "--package", name, "--no-default-features", "--features", &feature];
            step(&format!("{name} with `{feature}`"), cargo(&arguments)).await?;
        }
    }
    Ok(())
}

/// The lock file of each workspace beside this one is what its manifest and ours ask for.
async fn locks() -> Outcome {
    eprintln!("\n── Lock files of the workspaces beside this one");
    for folder in BESIDE {
        let mend = format!("cargo metadata --format-version 1 --manifest-path {folder}/Cargo.toml");
        let mut command = cargo(&mend.split(' ').skip(1).collect::<Vec<_>>());
        command.arg("--locked");
        let (ok, text) = output(command).await?;
        if !ok {
            return Err(format!(
                "{text}{folder}/Cargo.lock is not current. Mend it with `{mend} > /dev/null`, and commit it."
            )
            .into());
        }
        eprintln!("{folder}: current");
    }
    Ok(())
}

fn long_files() -> Outcome {
    let mut long = Vec::new();
    for folder in ["crates", "xtask/src", "examples"] {
        for path in files(&root().join(folder), ".rs")? {
            let lines = fs::read_to_string(&path)?.lines().count();
            let is_test = path.components().any(|part| part.as_os_str() == "tests");
            if lines > MAX_LINES && !is_test {
                long.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    if long.is_empty() {
        Ok(())
    } else {
        Err(format!("longer than {MAX_LINES} lines:\n{}", long.join("\n")).into())
    }
}
