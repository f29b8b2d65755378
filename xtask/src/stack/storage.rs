//! The stack's storage: our own server, as the one of the database's makers answers many calls otherwise than Supabase.

use std::fs;
use std::io;

use supabase_mock::storage::{Access, Action, Server, Service};

use super::{ANON_KEY, Failure, JWT_SECRET, Paths, SERVICE_ROLE_KEY};

/// The largest object. Benchmarks move 5 GiB.
const FILE_SIZE_LIMIT: u64 = 10 * 1024 * 1024 * 1024;

/// Opens the storage of a stack, on request with nothing in it.
pub(super) fn open(paths: &Paths, reset: bool) -> Result<Service, Failure> {
    if reset {
        match fs::remove_dir_all(&paths.storage) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Failure::file("remove", &paths.storage, error));
            }
            _ => {}
        }
    }
    Server::builder()
        .folder(&paths.storage)
        .jwt_secret(JWT_SECRET)
        .keys(ANON_KEY, SERVICE_ROLE_KEY)
        .file_size_limit(FILE_SIZE_LIMIT)
        .allow(policies)
        .service()
        .map_err(|error| Failure::file("open", &paths.storage, error))
}

/// What `migrations/*_storage_policies.sql` says to a real project: signed-in users see buckets, and do as they like with
/// objects in a folder that is named as they are.
fn policies(access: &Access<'_>) -> bool {
    match access.object {
        None => access.role == "authenticated" && access.action == Action::Select,
        Some(_) => access.user.is_some() && access.folder() == access.user,
    }
}
