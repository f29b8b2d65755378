//! `sdk-compliance.yaml` against Supabase's SDK capability matrix: every capability is there, every symbol that it names
//! is public, and every one is named by a test.
//!
//! The file has the matrix's own format, with one key more: `tests`, each `path/to/file.rs::function`. The function is
//! one that cargo runs as a test, and the symbols of the row stand in that file, or in the modules that it declares.
//! Which symbols are public is read from `docs/api`, which `cargo xtask api` keeps current.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::api;
use crate::run::root;

mod file;
mod tests;

use file::Feature;

/// How many capabilities version 1.2.0 of the matrix has.
const COUNT: usize = 235;

/// Checks the file.
pub(crate) fn run() -> Outcome {
    eprintln!("\n── Capabilities");
    let path = root().join("sdk-compliance.yaml");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let features = file::parse(&text)?;
    let known = known()?;
    let public = public()?;
    let mut faults = Vec::new();
    for id in &known {
        if !features.contains_key(id) {
            faults.push(format!("{id}: is missing"));
        }
    }
    let (mut symbols, mut tests) = (BTreeSet::new(), BTreeSet::new());
    let mut seen = tests::Sources::default();
    for (id, feature) in &features {
        if !known.contains(id) {
            faults.push(format!("{id}: the matrix has no such capability"));
        }
        faults.extend(check(feature, &public, &mut seen)?.into_iter().map(|fault| format!("{id}: {fault}")));
        symbols.extend(&feature.symbols);
        tests.extend(&feature.tests);
    }
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    for feature in features.values() {
        *statuses.entry(&feature.status).or_default() += 1;
    }
    for (status, count) in &statuses {
        eprintln!("{count} of {COUNT} {status}");
    }
    for (id, feature) in features.iter().filter(|(_, feature)| feature.status != "implemented") {
        eprintln!("  {id}: {}", feature.note);
    }
    eprintln!("{} public symbols, {} tests", symbols.len(), tests.len());
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("sdk-compliance.yaml has {} faults:\n{}", faults.len(), faults.join("\n")).into())
}

/// What is wrong with one row.
fn check(
    feature: &Feature,
    public: &BTreeSet<String>,
    seen: &mut tests::Sources,
) -> Result<Vec<String>, String> {
    let mut faults = Vec::new();
    match feature.status.as_str() {
        "implemented" => {
            if feature.symbols.is_empty() {
                faults.push("is implemented by no symbol".to_owned());
            }
            if feature.tests.is_empty() {
                faults.push("is implemented, and no test shows it".to_owned());
            }
        }
        "not_applicable" | "partially_implemented" | "not_implemented" => {
            if feature.note.is_empty() {
                faults.push(format!("{} needs a note that says why", feature.status));
            }
        }
        other => faults.push(format!("`{other}` is no status")),
    }
    let mut named = BTreeSet::new();
    for test in &feature.tests {
        match seen.words(test)? {
            Ok(words) => named.extend(words.iter().cloned()),
            Err(fault) => faults.push(fault),
        }
    }
    for symbol in &feature.symbols {
        let name = symbol.rsplit("::").next().unwrap_or(symbol);
        if !public.contains(symbol) {
            faults.push(format!("`{symbol}` is not public, says docs/api"));
        } else if !feature.tests.is_empty() && !named.contains(name) {
            faults.push(format!("none of its tests names `{name}`"));
        }
    }
    Ok(faults)
}

/// The ids of the matrix.
fn known() -> Result<BTreeSet<String>, String> {
    let path = root().join("xtask").join("capabilities.json");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let json: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let ids: BTreeSet<String> = json["capabilities"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|capability| capability["id"].as_str())
        .map(str::to_owned)
        .collect();
    if ids.len() == COUNT {
        Ok(ids)
    } else {
        Err(format!("{} has {} ids, and the matrix {COUNT}", path.display(), ids.len()))
    }
}

/// The paths of all public items.
fn public() -> Result<BTreeSet<String>, String> {
    let mut public = BTreeSet::new();
    for published in api::listed() {
        let path = api::listing(published);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        public.extend(
            text.lines()
                .filter(|line| !line.starts_with('#'))
                .filter_map(|line| line.split(' ').next())
                .map(str::to_owned),
        );
    }
    Ok(public)
}

/// Where `folder/a.rs` declares `mod b;`, relative to its folder.
fn module(of: &Path, name: &str, named: Option<&str>) -> Option<PathBuf> {
    let folder = of.parent()?;
    if let Some(named) = named {
        return Some(folder.join(named));
    }
    let stem = of.file_stem()?.to_str()?;
    // A test is the root of a crate, so that its modules stand beside it.
    let is_root = matches!(stem, "mod" | "lib" | "main") || folder.ends_with("tests");
    let inside = if is_root { folder.to_owned() } else { folder.join(stem) };
    [inside.join(format!("{name}.rs")), inside.join(name).join("mod.rs")]
        .into_iter()
        .find(|path| path.exists())
}
