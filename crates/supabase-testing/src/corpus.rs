//! The corpora of the fuzz targets in `fuzz/`, replayed by usual tests.

use std::fs;
use std::path::Path;

/// Gives every file of a target's corpus to what is fuzzed.
///
/// # Panics
/// If there is none, or if what is fuzzed panics.
pub fn replay(target: &str, mut fuzzed: impl FnMut(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    assert!(!files.is_empty(), "the corpus of {target} is empty");
    files.sort();
    for file in files {
        fuzzed(&fs::read(&file).expect("the file can be read"));
    }
}

/// The corpus `error_bodies`: the first two bytes of a file are the status, and the rest is the body.
///
/// # Panics
/// As [`replay`].
pub fn error_bodies(mut fuzzed: impl FnMut(u16, &[u8])) {
    replay("error_bodies", |bytes| {
        if let [high, low, body @ ..] = bytes {
            fuzzed(u16::from_be_bytes([*high, *low]), body);
        }
    });
}
