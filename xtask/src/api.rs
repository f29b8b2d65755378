//! `cargo xtask api`: writes the public API of each crate into `docs/api`, so that a change of it is seen in review.
//!
//! It is read from rustdoc's JSON. The compiler gives that on stable behind its switch for unstable options, and its
//! format follows the toolchain, which `rust-toolchain.toml` pins.

use std::fs;
use std::path::PathBuf;

use crate::Outcome;
use crate::check::{PUBLISHED, Published};
use crate::run::{cargo, output, root};

mod items;
mod types;

/// The format that [`items`] and [`types`] read: that of the pinned toolchain.
const FORMAT: u64 = 57;

/// Where the listing of a crate stands.
pub(crate) fn listing(published: &Published) -> PathBuf {
    root().join("docs").join("api").join(format!("{}.txt", published.folder))
}

/// The crates with a listing: all that are published but the machinery, which promises nothing.
pub(crate) fn listed() -> impl Iterator<Item = &'static Published> {
    PUBLISHED.iter().filter(|published| published.folder != "supabase-core")
}

/// Writes the listings of these crates, or of all if none is named; with `check`, fails if one is not current.
pub(crate) async fn run(check: bool, only: &[String]) -> Outcome {
    eprintln!("\n── The public API of each crate");
    if let Some(unknown) =
        only.iter().find(|name| !listed().any(|published| published.folder == name.as_str()))
    {
        return Err(format!("`{unknown}` is no crate with a listing of its API").into());
    }
    let mut stale = Vec::new();
    let is_asked =
        |published: &&Published| only.is_empty() || only.iter().any(|name| name == published.folder);
    for published in listed().filter(is_asked) {
        let folder = published.folder;
        let text = read(published).await?;
        let path = listing(published);
        if fs::read_to_string(&path).unwrap_or_default() == text {
            eprintln!("{folder}: {} lines, current", text.lines().count());
        } else if check {
            stale.push(folder);
        } else {
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(&path, &text)?;
            eprintln!("{folder}: {} lines, written", text.lines().count());
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the public API differs from its listing, for {}: if that is meant, run `cargo xtask api` and commit docs/api",
        stale.join(", ")
    )
    .into())
}

async fn read(published: &Published) -> Result<String, String> {
    let package = &published.package()?;
    // A folder of its own: what the check for a private core has built there knows dependencies that are private, and what
    // rustdoc builds on that leaves their traits out.
    let mut command = cargo(&[
        "rustdoc",
        "--quiet",
        "--package",
        package,
        "--lib",
        "--all-features",
        "--target-dir",
        "target/listing",
        "--",
        "-Zunstable-options",
        "--output-format",
        "json",
    ]);
    command.env("RUSTC_BOOTSTRAP", "1");
    let (ok, text) = output(command).await?;
    if !ok {
        return Err(format!("the API of {package} cannot be read:\n{text}"));
    }
    let path = root()
        .join("target")
        .join("listing")
        .join("doc")
        .join(format!("{}.json", published.folder.replace('-', "_")));
    let json = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let json: serde_json::Value =
        serde_json::from_slice(&json).map_err(|error| format!("{}: {error}", path.display()))?;
    if json["format_version"] != FORMAT {
        return Err(format!(
            "rustdoc writes format {}, and xtask reads {FORMAT}: see what changed, then change xtask/src/api",
            json["format_version"]
        ));
    }
    items::listing(&json)
}
