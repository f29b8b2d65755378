//! A browser of Chromium's family, and what drives it.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;

use super::debian::{self, Debian};
use super::{home, on_path};
use crate::Outcome;
use crate::run::output;

/// What the browser may be called.
const NAMES: [&str; 4] = ["google-chrome-stable", "google-chrome", "chromium", "chromium-browser"];

/// How long all tests may take in the browser, in seconds.
const PATIENCE: &str = "300";

/// A browser that can be driven.
pub(super) struct Browser {
    name: String,
    program: PathBuf,
    driver: PathBuf,
    /// What it keeps while it runs.
    profile: PathBuf,
    settings: PathBuf,
}

impl Browser {
    /// Finds one: by `CHROME` and `CHROMEDRIVER`, on the path, or in Debian's packages.
    ///
    /// # Errors
    /// There is none to be had.
    pub(super) async fn find() -> Result<Self, String> {
        let program = given("CHROME")?.or_else(|| NAMES.into_iter().find_map(on_path));
        let driver = given("CHROMEDRIVER")?.or_else(|| on_path("chromedriver"));
        let (program, driver) = match (program, driver) {
            (Some(program), Some(driver)) => (program, driver),
            (program, driver) => Self::debian().await.map_err(|error| {
                let missing = match (program, driver) {
                    (Some(_), _) => "chromedriver",
                    (None, Some(_)) => "Chrome or Chromium",
                    (None, None) => "Chrome or Chromium, and chromedriver",
                };
                format!(
                    "No browser for the tests: {missing} must be on the path, or named by CHROME and CHROMEDRIVER; and {error}. `--node-only` does without."
                )
            })?,
        };
        let mut version = Command::new(&program);
        version.arg("--version").stdin(Stdio::null());
        let name = match output(version).await? {
            (true, said) => said.lines().next().unwrap_or_default().trim().to_owned(),
            (false, said) => return Err(format!("{} does not run: {}", program.display(), said.trim())),
        };
        let home = home()?;
        Ok(Self {
            name,
            program,
            driver,
            profile: home.join("profile"),
            settings: home.join("webdriver.json"),
        })
    }

    async fn debian() -> Result<(PathBuf, PathBuf), String> {
        let unpacked = Debian::new()?.unpacked("chromium", &["chromium", "chromium-driver"]).await?;
        let program = debian::script(&unpacked, "usr/lib/chromium/chromium")?;
        Ok((program, debian::script(&unpacked, "usr/bin/chromedriver")?))
    }

    /// What it says that it is.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Has the tests run in it.
    ///
    /// # Errors
    /// Its settings cannot be written.
    pub(super) fn set(&self, command: &mut Command) -> Outcome {
        self.forget();
        let arguments = [
            "--headless",
            "--disable-gpu",
            // The only page is that of the tests; without a display server and as root, there would be no browser.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            // It asks for nothing that the tests do not.
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ];
        let profile = format!("--user-data-dir={}", self.profile.display());
        let arguments: Vec<_> = arguments.into_iter().chain([profile.as_str()]).collect();
        let settings = json!({ "goog:chromeOptions": { "binary": self.program, "args": arguments } });
        fs::write(&self.settings, settings.to_string())?;
        command
            .env("WASM_BINDGEN_USE_BROWSER", "1")
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &self.settings)
            .env("WASM_BINDGEN_TEST_TIMEOUT", PATIENCE)
            .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
            .env("CHROMEDRIVER", &self.driver);
        Ok(())
    }

    /// Removes what it kept.
    pub(super) fn forget(&self) {
        let _ = fs::remove_dir_all(&self.profile);
    }
}

/// The program that a variable of the environment names.
///
/// # Errors
/// It names none: another one in its place would not be what was asked for.
fn given(name: &str) -> Result<Option<PathBuf>, String> {
    match env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from) {
        Some(path) if !path.is_file() => {
            Err(format!("{name} is {}, and there is no such file", path.display()))
        }
        path => Ok(path),
    }
}
