//! What is packed builds, as it will from the registry.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use crate::Outcome;
use crate::check::PUBLISHED;
use crate::run::{cargo, root, step};

/// Below the folder of the workspace: what is packed, and what is built of it.
const TARGET: &str = "target/packages";

/// Packs each published crate, and builds it from its package and those of the crates that it stands on.
///
/// Cargo serves these from a registry of its own for the time of the command. A crate of a registry never changes, so
/// cargo uses again what it built or unpacked of the same version earlier, whatever is in the package now. Both are
/// removed before.
pub(crate) async fn run() -> Outcome {
    let target = root().join(TARGET);
    if target.exists() {
        fs::remove_dir_all(&target).map_err(|error| format!("{}: {error}", target.display()))?;
    }
    let names: Vec<_> = PUBLISHED.iter().map(|published| published.package()).collect::<Result<_, _>>()?;
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let home = home.ok_or("the folder of cargo cannot be found: CARGO_HOME is not set")?;
    let sources = home.join("registry").join("src");
    forget(&sources, &names).map_err(|error| format!("{}: {error}", sources.display()))?;
    let mut arguments = vec!["package", "--allow-dirty", "--quiet", "--target-dir", TARGET];
    arguments.extend(names.iter().flat_map(|name| ["--package", name.as_str()]));
    step("Packages that build from what is packed", cargo(&arguments)).await
}

/// Removes what was unpacked of these packages from registries that are folders: cargo names what it unpacks by the
/// registry's host and a checksum, and a folder has no host.
fn forget(sources: &Path, names: &[String]) -> io::Result<()> {
    for registry in entries(sources)? {
        if !registry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('-')) {
            continue;
        }
        for package in entries(&registry)? {
            let name =
                package.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let version =
                |packed: &String| name.strip_prefix(packed.as_str())?.strip_prefix('-')?.chars().next();
            if names.iter().filter_map(version).any(|first| first.is_ascii_digit()) {
                fs::remove_dir_all(&package)?;
            }
        }
    }
    Ok(())
}

/// What lies in a folder; nothing, if there is none.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_unpacked_of_a_packed_crate_is_forgotten_and_nothing_else() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let ours = ["-a0731157ddc74a87/supabase-core-0.1.0", "-8ac68e14da93f193/supabase-core-0.2.0-rc.1"];
        let others =
            ["-a0731157ddc74a87/somebody-1.2.3", "registry.example-1949cf8c6b5b557f/supabase-core-0.1.0"];
        for path in others.into_iter().chain(ours) {
            fs::create_dir_all(folder.path().join(path).join("src"))?;
        }

        forget(folder.path(), &["supabase-core".to_owned()])?;

        assert!(!ours.iter().any(|path| folder.path().join(path).exists()));
        assert!(others.iter().all(|path| folder.path().join(path).exists()));
        forget(&folder.path().join("no such folder"), &["supabase-core".to_owned()])
    }
}
