//! `cargo xtask docs`: writes `docs/reference.md` from the functions of `examples/reference`.
//!
//! So the text that is shown is the text that is compiled, replayed and run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use crate::Outcome;
use crate::run::{files, root};

/// A function of the reference examples.
struct Example {
    /// What it shows, from its doc comment.
    says: String,
    /// Its source.
    source: String,
}

/// Writes the file, or, with `check`, fails if it is not current.
pub(crate) fn run(check: bool) -> Outcome {
    let folder = root().join("examples").join("reference");
    let ids = fs::read_to_string(folder.join("ids.txt"))?;
    let ids: Vec<&str> = ids.lines().collect();
    let mut examples = BTreeMap::new();
    for path in files(&folder.join("src"), ".rs")? {
        read(&fs::read_to_string(&path)?, &mut examples);
    }
    let known: Vec<String> = ids.iter().map(|id| id.replace('.', "_")).collect();
    if let Some(stranger) = examples.keys().find(|name| !known.contains(name)) {
        return Err(format!("`{stranger}` is the name of no example of the reference").into());
    }

    let text = render(&ids, &examples);
    let path = root().join("docs").join("reference.md");
    let current = fs::read_to_string(&path).unwrap_or_default() == text;
    let shown = format!("docs/reference.md shows {} of {} examples", examples.len(), ids.len());
    match (current, check) {
        (true, _) => eprintln!("{shown}, and is current."),
        (false, false) => {
            fs::write(&path, text)?;
            eprintln!("{shown}.");
        }
        (false, true) => return Err("docs/reference.md is stale: run `cargo xtask docs`".into()),
    }
    Ok(())
}

/// Collects the functions of a source file: each begins with its doc comment and ends with a brace at the margin.
fn read(source: &str, examples: &mut BTreeMap<String, Example>) {
    let mut says = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if let Some(doc) = line.strip_prefix("///") {
            says.push(doc.trim());
        } else if let Some(rest) = line.strip_prefix("pub async fn ").or_else(|| line.strip_prefix("pub fn "))
        {
            let name = rest.split(['(', '<']).next().unwrap_or_default().to_owned();
            let mut body = vec![line];
            body.extend(lines.by_ref().take_while(|line| *line != "}"));
            body.push("}");
            examples.insert(name, Example { says: says.join(" "), source: body.join("\n") });
            says.clear();
        } else if !line.starts_with("#[") {
            says.clear();
        }
    }
}

fn render(ids: &[&str], examples: &BTreeMap<String, Example>) -> String {
    let mut text = String::from(
        "# The Supabase reference, in Rust\n\n\
         Every example of the Supabase reference as a Rust function, under the reference's id. This file is written by\n\
         `cargo xtask docs` from `examples/reference`, whose functions are compiled, replayed against recordings of real\n\
         servers, and run on a real stack.\n",
    );
    let mut section = "";
    let mut missing: BTreeMap<&str, usize> = BTreeMap::new();
    for id in ids {
        let Some(example) = examples.get(&id.replace('.', "_")) else {
            *missing.entry(id.split('.').next().unwrap_or_default()).or_default() += 1;
            continue;
        };
        let of = id.rsplit_once('.').map_or(*id, |(section, _)| section);
        if of != section {
            section = of;
            // Writing into a String cannot fail.
            let _ = write!(text, "\n## {section}\n");
        }
        let _ = write!(text, "\n### {id}\n\n{}\n\n```rust\n{}\n```\n", example.says, example.source);
    }
    if !missing.is_empty() {
        text.push_str("\n## Not here yet\n\n");
        for (service, count) in missing {
            let _ = writeln!(text, "- `{service}`: {count} examples come with the crate of that service.");
        }
    }
    text
}
