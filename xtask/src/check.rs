//! `cargo xtask check`: what the crates promise beyond their tests.

use std::collections::BTreeSet;
use std::fs;
use std::time::Instant;

use crate::Outcome;
use crate::run::{cargo, files, output, root, step};

/// A crate that is published.
struct Published {
    name: &'static str,
    /// How many crates its tree may have with default features, itself included.
    limit: usize,
    /// Its features, each of which must build alone.
    features: &'static [&'static str],
}

/// The features that every crate has which sends requests.
const CLIENT: &[&str] = &["rustls", "http2", "gzip", "blocking"];

/// All of them, in the order in which they depend on each other.
const PUBLISHED: [Published; 8] = [
    Published { name: "supabase-core", limit: 115, features: CLIENT },
    Published { name: "postgrest-rs", limit: 115, features: CLIENT },
    Published { name: "gotrue-rs", limit: 124, features: CLIENT },
    Published { name: "storage-rs", limit: 120, features: CLIENT },
    Published { name: "functions-rs", limit: 120, features: CLIENT },
    Published { name: "realtime-rs", limit: 130, features: CLIENT },
    Published { name: "supabase-mock", limit: 80, features: &["realtime", "storage"] },
    Published {
        name: "supabase",
        limit: 150,
        features: &[
            "auth",
            "database",
            "storage",
            "functions",
            "realtime",
            "rustls",
            "http2",
            "gzip",
            "blocking",
        ],
    },
];

/// The longest source file, tests aside. One that is longer holds more than one idea.
const MAX_LINES: usize = 500;

/// Runs all checks.
pub(crate) async fn run() -> Outcome {
    let begun = Instant::now();
    trees().await?;
    private_core().await?;
    features().await?;
    long_files()?;
    links()?;
    let mut docs = cargo(&["doc", "--workspace", "--no-deps", "--all-features", "--exclude", "xtask"]);
    docs.env("RUSTDOCFLAGS", "--deny warnings");
    step("Documentation without warnings", docs).await?;
    // A packed crate counts as one from a registry, which never changes: what was built of an earlier one would serve
    // for this one.
    let folder = root().join("target").join("packages");
    let _ = fs::remove_dir_all(&folder);
    let mut package = vec!["package", "--allow-dirty", "--quiet", "--target-dir", "target/packages"];
    package.extend(PUBLISHED.iter().flat_map(|published| ["--package", published.name]));
    step("Packages that build from what is packed", cargo(&package)).await?;
    eprintln!("\nAll checks passed after {:.0} s.", begun.elapsed().as_secs_f32());
    Ok(())
}

/// Small trees, no OpenSSL, and no service that knows another one.
async fn trees() -> Outcome {
    eprintln!("\n── Dependency trees");
    let services: Vec<_> =
        PUBLISHED.iter().map(|published| published.name).filter(|name| name.ends_with("-rs")).collect();
    for Published { name, limit, .. } in PUBLISHED {
        let (ok, text) =
            output(cargo(&["tree", "--package", name, "--edges", "normal", "--prefix", "none"])).await?;
        if !ok {
            return Err(format!("the tree of {name} cannot be read:\n{text}").into());
        }
        let tree: BTreeSet<_> = text
            .lines()
            .filter(|line| line.contains(" v"))
            .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
            .collect();
        eprintln!("{name}: {} crates, {limit} at the most", tree.len());
        if tree.len() > limit {
            return Err(format!("the tree of {name} has {} crates, and may have {limit}", tree.len()).into());
        }
        let has = |other: &str| tree.iter().any(|line| line.split(' ').next() == Some(other));
        if has("openssl-sys") || has("native-tls") {
            return Err(format!("OpenSSL is in the tree of {name}").into());
        }
        let neighbour = services.iter().find(|other| **other != name && name != "supabase" && has(other));
        if let Some(neighbour) = neighbour {
            return Err(format!("{name} knows {neighbour}").into());
        }
    }
    Ok(())
}

/// No type of the machinery stands in the public API of a crate that uses it.
async fn private_core() -> Outcome {
    eprintln!("\n── A private core");
    let users = |published: &&Published| !matches!(published.name, "supabase-core" | "supabase-mock");
    for Published { name, .. } in PUBLISHED.iter().filter(users) {
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
    for Published { name, features, .. } in PUBLISHED {
        step(
            &format!("{name} without features"),
            cargo(&["check", "--quiet", "--package", name, "--no-default-features"]),
        )
        .await?;
        for feature in features {
            let arguments =
                ["check", "--quiet", "--package", name, "--no-default-features", "--features", feature];
            step(&format!("{name} with `{feature}`"), cargo(&arguments)).await?;
        }
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

/// The relative links of all Markdown files lead to something.
fn links() -> Outcome {
    eprintln!("\n── Links");
    let (mut seen, mut broken) = (0, Vec::new());
    for path in files(&root(), ".md")? {
        let text = fs::read_to_string(&path)?;
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            // What rustdoc resolves is no path, and it checks those itself.
            let is_path = target.ends_with(".md")
                || target.ends_with(".rs")
                || target.ends_with('/')
                || target.contains("LICENSE");
            if target.is_empty() || target.contains("://") || !is_path {
                continue;
            }
            seen += 1;
            if !path.parent().is_some_and(|folder| folder.join(target).exists()) {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    eprintln!("{seen} relative links");
    if broken.is_empty() { Ok(()) } else { Err(format!("broken links:\n{}", broken.join("\n")).into()) }
}
