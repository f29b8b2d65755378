//! `x-robots-tag` of an upload: it is checked, as it becomes a header of every download.

use super::problem::Problem;

const SIMPLE: [&str; 8] =
    ["all", "noindex", "nofollow", "none", "nosnippet", "indexifembedded", "notranslate", "noimageindex"];

/// Checks a header's rules. Dates are taken as they are.
pub(super) fn check(value: &str) -> Result<(), Problem> {
    if value.trim().is_empty() {
        return Err(invalid("X-Robots-Tag header value must be a non-empty string"));
    }
    let mut rest = value.trim();
    while !rest.is_empty() {
        let rule = match rest.strip_prefix("unavailable_after:") {
            // A date has commas of its own; it ends where another rule begins.
            Some(date) => {
                let next = date
                    .match_indices(',')
                    .find(|(at, _)| begins_rule(date.get(at + 1..).unwrap_or_default()));
                let end = next.map_or(date.len(), |(at, _)| at);
                if date.get(..end).unwrap_or_default().trim().is_empty() {
                    return Err(invalid("X-Robots-Tag rule \"unavailable_after\" requires a value"));
                }
                rest = date.get(end + 1..).unwrap_or_default().trim();
                continue;
            }
            None => {
                let (rule, after) = rest.split_once(',').unwrap_or((rest, ""));
                rest = after.trim();
                rule.trim()
            }
        };
        check_rule(rule)?;
    }
    Ok(())
}

fn begins_rule(text: &str) -> bool {
    let text = text.trim_start();
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    let word = text.find(|letter| !is_word(letter)).map_or(text, |end| text.get(..end).unwrap_or_default());
    SIMPLE.contains(&word) || text.get(word.len()..).is_some_and(|rest| rest.starts_with(':'))
}

fn check_rule(rule: &str) -> Result<(), Problem> {
    if rule.is_empty() {
        return Err(invalid("X-Robots-Tag header contains empty rule"));
    }
    if SIMPLE.contains(&rule) {
        return Ok(());
    }
    let Some((name, value)) = rule.split_once(':') else {
        return Err(invalid(format!("Invalid X-Robots-Tag rule: \"{rule}\"")));
    };
    let (name, value) = (name.trim(), value.trim());
    let is_number = || value.parse::<i64>().is_ok_and(|number| number >= -1);
    match name {
        "max-snippet" | "max-image-preview" | "max-video-preview" if value.is_empty() => {
            Err(invalid(format!("X-Robots-Tag rule \"{name}\" requires a value")))
        }
        "max-snippet" | "max-video-preview" if !is_number() => {
            Err(invalid(format!("X-Robots-Tag \"{name}\" value must be an integer >= -1, got: \"{value}\"")))
        }
        "max-image-preview" if !["none", "standard", "large"].contains(&value) => Err(invalid(format!(
            "X-Robots-Tag \"{name}\" value must be one of: none, standard, large, got: \"{value}\""
        ))),
        "max-snippet" | "max-image-preview" | "max-video-preview" => Ok(()),
        _ if value.is_empty() => {
            Err(invalid(format!("X-Robots-Tag user agent \"{name}\" has no rules specified")))
        }
        // Rules for one robot only.
        _ => check_rule(value),
    }
}

fn invalid(message: impl Into<String>) -> Problem {
    let message = format!("Invalid X-Robots-Tag header: {}", message.into());
    Problem::new(400, "invalid_x_robots_tag", "InvalidRequest", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_may_be_and_may_not() {
        for value in [
            "none",
            "noindex, nofollow",
            "max-snippet:-1",
            "max-image-preview: large, noindex",
            "googlebot: noindex",
            "unavailable_after: Wed, 03 Dec 2025 13:09:53 GMT, noindex",
        ] {
            assert!(check(value).is_ok(), "{value}");
        }
        for value in [
            "",
            " ",
            "everything",
            "noindex,,none",
            "max-snippet:-2",
            "max-image-preview:huge",
            "bot:",
            "unavailable_after:",
        ] {
            assert!(check(value).is_err(), "{value}");
        }
    }
}
