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
/// As [`replay`], or if white space around JSON changes what is read of it.
pub fn error_bodies(fuzzed: impl Fn(u16, &[u8]) -> Option<String>) {
    replay("error_bodies", |bytes| error_body(bytes, &fuzzed));
}

/// One file of it.
///
/// # Panics
/// If what is fuzzed panics, or if white space around JSON changes what is read of it.
pub fn error_body(bytes: &[u8], fuzzed: impl Fn(u16, &[u8]) -> Option<String>) {
    let [high, low, body @ ..] = bytes else { return };
    let status = match u16::from_be_bytes([*high, *low]) {
        status @ 100..1000 => status,
        // What is no status of HTTP becomes one, as there would be nothing to read of it.
        number => 100 + number % 900,
    };
    let read = fuzzed(status, body);
    if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
        assert_eq!(fuzzed(status, &[b" \n", body, b"\t"].concat()), read);
    }
}
