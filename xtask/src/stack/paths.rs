//! Where the parts of a stack are.

use std::env;
use std::fs;
use std::path::PathBuf;

use super::{DataDir, Driver, Failure};

/// The folders and files of one stack.
#[derive(Debug)]
pub(super) struct Paths {
    /// The Deno program, its migrations and its npm lock; part of the repository.
    pub(super) program: PathBuf,
    /// The examples' Edge Functions; part of the repository.
    pub(super) functions: PathBuf,
    /// Everything that is made here, `.stack`; not part of the repository.
    pub(super) home: PathBuf,
    /// The database.
    pub(super) data: PathBuf,
    /// The objects of its storage.
    pub(super) storage: PathBuf,
    /// Where a stack that serves says so.
    pub(super) state: PathBuf,
    /// What the child prints.
    pub(super) log: PathBuf,
    /// Locked while a stack starts or runs.
    pub(super) lock: PathBuf,
}

impl Paths {
    /// The paths of the stack with this database.
    pub(super) fn new(data: DataDir, driver: Driver) -> Self {
        // Cargo says where the package is now; what it was when compiled serves a binary started directly.
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = package.parent().unwrap_or(&package);
        let home = root.join(".stack");
        let suffix = match (data, driver) {
            (DataDir::Development, Driver::Pglite) => "",
            (DataDir::Test, Driver::Pglite) => "-test",
            (DataDir::Wasm, Driver::Pglite) => "-wasm",
            (DataDir::Development, Driver::Postgres) => "-postgres",
            (DataDir::Test, Driver::Postgres) => "-postgres-test",
            (DataDir::Wasm, Driver::Postgres) => "-postgres-wasm",
        };
        Self {
            program: package.join("stack"),
            functions: root.join("examples").join("functions"),
            data: home.join(format!("data{suffix}")),
            storage: home.join(format!("storage{suffix}")),
            state: home.join(format!("stack{suffix}.json")),
            log: home.join(format!("stack{suffix}.log")),
            lock: home.join(format!("stack{suffix}.lock")),
            home,
        }
    }

    /// Makes the folders that are not part of the repository.
    pub(super) fn create(&self) -> Result<(), Failure> {
        fs::create_dir_all(&self.data).map_err(|error| Failure::file("create", &self.data, error))
    }

    /// The npm lock of the repository: what has to be installed.
    pub(super) fn package_lock(&self) -> PathBuf {
        self.program.join("package-lock.json")
    }
}
