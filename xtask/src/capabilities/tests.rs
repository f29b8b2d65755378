//! Whether a function is a test, and what its file and the modules of that file name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::module;
use crate::run::root;

/// What was read of the files of tests, each once.
#[derive(Default)]
pub(super) struct Sources {
    words: BTreeMap<PathBuf, BTreeSet<String>>,
}

impl Sources {
    /// What the file of this test names; or, if there is no such test, what is wrong.
    pub(super) fn words(&mut self, test: &str) -> Result<Result<&BTreeSet<String>, String>, String> {
        let Some((file, function)) = test.split_once("::") else {
            return Ok(Err(format!("`{test}` is not of the form file::function")));
        };
        let path = root().join(file);
        let Ok(text) = fs::read_to_string(&path) else {
            return Ok(Err(format!("there is no file `{file}`")));
        };
        if !is_test(&text, function) {
            return Ok(Err(format!("`{test}` is no test")));
        }
        if !self.words.contains_key(&path) {
            let mut words = BTreeSet::new();
            collect(&path, &text, &mut words)?;
            self.words.insert(path.clone(), words);
        }
        Ok(self.words.get(&path).ok_or_else(|| format!("`{file}` was not read")))
    }
}

/// Whether the function has an attribute that makes a test of it, or stands in a table of tests: `name => …`.
fn is_test(text: &str, function: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    lines.iter().enumerate().any(|(number, line)| {
        if let Some(rest) = line.strip_prefix(function) {
            return rest.starts_with(" => ") && text.contains("async fn $test()");
        }
        let declared = line.trim_start_matches("pub ").trim_start_matches("async ").strip_prefix("fn ");
        let is_declared = declared
            .and_then(|rest| rest.strip_prefix(function))
            .is_some_and(|rest| rest.starts_with(['(', '<']));
        is_declared
            && lines
                .iter()
                .take(number)
                .rev()
                .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
                .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    })
}

/// What a file's code names, and that of the modules that it declares.
fn collect(path: &Path, text: &str, words: &mut BTreeSet<String>) -> Result<(), String> {
    let mut place = None;
    for line in text.lines() {
        let line = line.trim_start();
        if line.starts_with("//") {
            continue;
        }
        if let Some(at) = line.strip_prefix("#[path = \"") {
            place = at.split('"').next();
        } else if let Some(name) = line
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub ")
            .strip_prefix("mod ")
            .and_then(|rest| rest.strip_suffix(';'))
            && let Some(inner) = module(path, name, place.take())
        {
            let text = fs::read_to_string(&inner).map_err(|error| format!("{}: {error}", inner.display()))?;
            collect(&inner, &text, words)?;
        }
        words.extend(named(line));
    }
    Ok(())
}

/// The types that a line names, and what it calls.
fn named(line: &str) -> impl Iterator<Item = String> {
    let is_word = |of: char| of.is_alphanumeric() || of == '_';
    line.match_indices(is_word).filter_map(move |(at, first)| {
        let (before, rest) = line.split_at(at);
        let word = rest.split(|of| !is_word(of)).next()?;
        let after = rest.strip_prefix(word)?;
        let is_whole = !before.ends_with(is_word);
        let is_used =
            first.starts_with(char::is_uppercase) || after.starts_with('(') || after.starts_with("::<");
        (is_whole && is_used).then(|| word.to_owned())
    })
}
