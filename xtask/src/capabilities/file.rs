//! The few forms of YAML in which `sdk-compliance.yaml` is written, so that it can be read without a library.

use std::collections::BTreeMap;

/// One row.
#[derive(Default)]
pub(super) struct Feature {
    pub(super) status: String,
    pub(super) note: String,
    pub(super) symbols: Vec<String>,
    pub(super) tests: Vec<String>,
}

/// The rows of the file, by their ids. Whatever is written in another form is an error.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, Feature>, String> {
    let mut features = BTreeMap::<String, Feature>::new();
    let (mut sdk, mut begun) = (false, false);
    // The row that is read, and the list in it.
    let mut current = String::new();
    let mut in_tests = None;
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: &str| format!("sdk-compliance.yaml:{}: {what}: {line}", number + 1);
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let content = line.trim_start();
        match (line.len() - content.len(), content) {
            (0, "sdk: rust") => sdk = true,
            (0, "features:") => begun = true,
            (2, content) if begun => {
                let id = content.strip_suffix(':').ok_or_else(|| wrong("an id and a colon are expected"))?;
                if features.insert(id.to_owned(), Feature::default()).is_some() {
                    return Err(wrong("stands there twice"));
                }
                (current, in_tests) = (id.to_owned(), None);
            }
            (4, "symbols:") => in_tests = Some(false),
            (4, "tests:") => in_tests = Some(true),
            (indent, content) => {
                let feature = features.get_mut(&current).ok_or_else(|| wrong("belongs to no id"))?;
                if let (4, Some(status)) = (indent, content.strip_prefix("status: ")) {
                    feature.status = status.to_owned();
                } else if let (4, Some(note)) = (indent, content.strip_prefix("note: ")) {
                    feature.note = note.trim_matches('"').to_owned();
                } else if let (6, Some(item), Some(in_tests)) = (indent, content.strip_prefix("- "), in_tests)
                {
                    let list = if in_tests { &mut feature.tests } else { &mut feature.symbols };
                    list.push(item.to_owned());
                } else {
                    return Err(wrong("is not read"));
                }
            }
        }
    }
    if sdk && begun {
        Ok(features)
    } else {
        Err("sdk-compliance.yaml says neither sdk nor features".to_owned())
    }
}
