//! What a call may leave behind, and what it may not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::call::{Call, DOWNLOADED, UPLOADED};

/// How long what ends in the background may take to end.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// Waits until the runtime has no task any more; answers with how many are left.
pub(crate) async fn tasks_left() -> usize {
    let metrics = tokio::runtime::Handle::current().metrics();
    let begun = Instant::now();
    while metrics.num_alive_tasks() > 0 && begun.elapsed() < GRACE {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    metrics.num_alive_tasks()
}

/// The files in the folder of a cell that must not be there.
pub(crate) fn files_left(folder: &Path, call: Call, answered: bool) -> Vec<String> {
    let allowed = |name: &str| match name {
        UPLOADED | "session.json" | "session.lock" => true,
        DOWNLOADED => call == Call::Download && answered,
        _ => false,
    };
    let mut left = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else if !allowed(&name) {
                left.push(name);
            }
        }
    }
    left
}

/// The files and sockets that this process has open, where the system tells.
pub(crate) fn open_files() -> BTreeSet<String> {
    let entries = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let targets = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
    let own_folder = format!("/proc/{}/fd", std::process::id());
    targets
        .map(|target| target.to_string_lossy().into_owned())
        .filter(|target| *target != own_folder)
        .collect()
}

/// Waits, for as long as `grace`, until nothing is open that was not open before; answers with what is.
pub(crate) fn still_open(before: &BTreeSet<String>, grace: Duration) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let left: Vec<_> = open_files().difference(before).cloned().collect();
        if left.is_empty() || begun.elapsed() >= grace {
            return left;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_ends_is_waited_for() {
        tokio::spawn(tokio::time::sleep(Duration::from_millis(50)));
        assert_eq!(tasks_left().await, 0);
    }

    #[test]
    fn a_file_that_must_not_be_there_is_found() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sessions")).unwrap();
        for name in [UPLOADED, DOWNLOADED, "sessions/session.json", "sessions/session.new"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(files_left(folder.path(), Call::Download, true), ["session.new"]);
        let mut left = files_left(folder.path(), Call::Download, false);
        left.sort();
        assert_eq!(left, [DOWNLOADED, "session.new"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_that_stays_open_is_found() {
        use std::os::fd::AsRawFd;

        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let link = fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap();
        let name = link.to_string_lossy().into_owned();
        // Other tests of this process open what they like meanwhile: only this socket is asked about.
        let before = BTreeSet::new();
        assert!(still_open(&before, Duration::ZERO).contains(&name), "{name}");
        drop(socket);
        assert!(!still_open(&before, Duration::ZERO).contains(&name), "{name}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_was_open_before_is_no_leak() {
        let before = open_files();
        assert!(!before.is_empty());
        assert!(still_open(&before, Duration::ZERO).iter().all(|target| !before.contains(target)));
    }
}
