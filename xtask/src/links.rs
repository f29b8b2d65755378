//! What the Markdown files name is there: links, the headings they point at, paths, commands.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::CommandFactory as _;

use crate::run::{files, root};
use crate::{Arguments, Outcome};

/// The folders whose paths are looked up where they stand as code.
const FOLDERS: [&str; 6] = ["crates/", "docs/", "examples/", "fuzz/", "xtask/", ".github/"];

/// Reads every Markdown file of the repository.
pub(crate) fn run() -> Outcome {
    eprintln!("\n── Links, paths and commands in documents");
    let root = root();
    let commands: BTreeSet<_> =
        Arguments::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let (mut seen, mut wrong) = (0, Vec::new());
    for path in files(&root, ".md")? {
        let text = fs::read_to_string(&path)?;
        let prose = prose(&text);
        let mut report = |what: &str, fault: Option<&str>| {
            seen += 1;
            wrong.extend(fault.map(|fault| format!("{}: {what}: {fault}", path.display())));
        };
        for target in between(&prose, "](", ')').filter(|target| is_path(target)) {
            report(target, link_fault(&path, target));
        }
        for code in
            between(&prose, "`", '`').filter(|code| FOLDERS.iter().any(|folder| code.starts_with(folder)))
        {
            // A pattern stands for several, and an ellipsis for anything.
            let there = code.contains([' ', '*', '…', '{', '<']) || root.join(code).exists();
            report(code, (!there).then_some("there is no such path"));
        }
        for (command, argument) in xtask_commands(&text) {
            report(command, (!commands.contains(command)).then_some("no command of `cargo xtask`"));
            if command == "demo" && !argument.is_empty() {
                report(argument, (!is_example(&root, argument)).then_some("no example"));
            }
        }
        for rest in text.split("--example ").skip(1) {
            let name = rest.split_whitespace().next().unwrap_or_default().trim_end_matches('`');
            report(name, (!is_example(&root, name)).then_some("no example"));
        }
    }
    eprintln!("{seen} of them");
    if wrong.is_empty() { Ok(()) } else { Err(format!("not there:\n{}", wrong.join("\n")).into()) }
}

/// A text without its blocks of code.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// What stands between two marks, within a line.
fn between<'a>(text: &'a str, open: &'static str, close: char) -> impl Iterator<Item = &'a str> {
    text.lines().flat_map(move |line| {
        let mut rest = line;
        std::iter::from_fn(move || {
            let (_, after) = rest.split_once(open)?;
            let (inner, after) = after.split_once(close)?;
            rest = after;
            Some(inner)
        })
    })
}

/// Whether a link leads to a file or a heading. What rustdoc resolves is no path, and it checks those itself.
fn is_path(target: &str) -> bool {
    let file = target.split('#').next().unwrap_or_default();
    !target.contains("://")
        && !target.contains("::")
        && (file.is_empty() || file.contains(['/', '.']) || file.starts_with("LICENSE"))
}

fn link_fault(document: &Path, target: &str) -> Option<&'static str> {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let mut path = document.to_owned();
    if !file.is_empty() {
        path = document.parent()?.join(file);
    }
    if !path.exists() {
        return Some("there is no such file");
    }
    if heading.is_empty() {
        return None;
    }
    if path.is_dir() {
        path = path.join("README.md");
    }
    let text = fs::read_to_string(path).unwrap_or_default();
    let found = prose(&text).lines().any(|line| line.starts_with('#') && anchor(line) == heading);
    (!found).then_some("there is no such heading")
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The calls of `cargo xtask`: the command, and the word after it if that can be a name.
fn xtask_commands(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split("cargo xtask ").skip(1).map(move |rest| {
        let command = rest.split(|c: char| !is_word(c)).next().unwrap_or_default();
        let after = rest.get(command.len()..).unwrap_or_default();
        let argument = after.strip_prefix(' ').unwrap_or_default();
        (command, argument.split(|c: char| !is_word(c)).next().unwrap_or_default())
    })
}

fn is_example(root: &Path, name: &str) -> bool {
    let examples = root.join("examples");
    examples.join(format!("{name}.rs")).exists() || examples.join(name).join("src/main.rs").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_as_github_reads_them() {
        assert_eq!(anchor("## What you can rely on: `all`"), "what-you-can-rely-on-all");
        let text = "a [b](c.md#d) and [`e`](f::g)\n```sh\n[x](y.md)\n```\n[h](https://i.j)";
        let targets: Vec<_> =
            between(&prose(text), "](", ')').filter(|target| is_path(target)).map(str::to_owned).collect();
        assert_eq!(targets, ["c.md#d"]);
        let commands: Vec<_> =
            xtask_commands("`cargo xtask demo todo_list`, cargo xtask stack > a; `cargo xtask no`").collect();
        assert_eq!(commands, [("demo", "todo_list"), ("stack", ""), ("no", "")]);
    }

    #[test]
    fn what_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let document = folder.path().join("a.md");
        fs::write(&document, "# One heading\n").unwrap();
        assert_eq!(link_fault(&document, "a.md#one-heading"), None);
        assert_eq!(link_fault(&document, "#one-heading"), None);
        assert_eq!(link_fault(&document, "#another"), Some("there is no such heading"));
        assert_eq!(link_fault(&document, "b.md"), Some("there is no such file"));
    }
}
