//! The address of a function: its name, and what may follow.

use supabase_core::Url;

/// Adds `name`, such as `hello-world` or `orders/42?full=true`, to the address of all functions.
///
/// Each segment is encoded once, what is encoded already stays as it is, and the query is kept.
///
/// # Errors
/// The name is empty, is an address of its own, or leads elsewhere: which, in words.
pub(crate) fn of(base: &Url, name: &str) -> Result<Url, String> {
    let name = name.strip_prefix('/').unwrap_or(name);
    if let Some(c) = name.chars().find(|c| c.is_control()) {
        return Err(format!(
            "the name of the function contains the control character {}",
            c.escape_unicode()
        ));
    }
    if name.contains('#') {
        return Err("the name of the function contains `#`: a fragment is never sent".to_owned());
    }
    let (path, query) = match name.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (name, None),
    };
    // A query may well hold an address.
    if path.contains("://") || path.starts_with('/') {
        return Err("write the name of the function, not its URL".to_owned());
    }
    if path.split('/').next().is_none_or(str::is_empty) {
        return Err("the name of the function is empty".to_owned());
    }
    if path.split('/').any(is_dots) {
        return Err("the path of the function contains `.` or `..`: it would lead elsewhere".to_owned());
    }
    let mut url = base.clone();
    // `set_path` encodes what no path may hold, and leaves `%41` alone.
    url.set_path(&format!("{}/{}", base.path().trim_end_matches('/'), path.replace('\\', "%5C")));
    url.set_query(query.filter(|query| !query.is_empty()));
    Ok(url)
}

/// Whether a segment is `.` or `..`, also in the spellings that servers and URL parsers take for these.
fn is_dots(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of_text(name: &str) -> Result<String, String> {
        let base = Url::parse("http://a/functions/v1").unwrap();
        of(&base, name).map(|url| url.as_str().to_owned())
    }

    #[test]
    fn a_path_and_a_query_may_follow_the_name() {
        for (name, path) in [
            ("hello-world", "hello-world"),
            ("/hello-world", "hello-world"),
            ("orders/42?full=true&x=1", "orders/42?full=true&x=1"),
            ("files/a b/ü", "files/a%20b/%C3%BC"),
            ("files/a%2Fb", "files/a%2Fb"),
            ("files/a\\b", "files/a%5Cb"),
            ("orders/", "orders/"),
            ("orders?", "orders"),
            ("orders?a=b?c", "orders?a=b?c"),
            ("preview?url=https://example.com/a", "preview?url=https://example.com/a"),
        ] {
            assert_eq!(of_text(name).unwrap(), format!("http://a/functions/v1/{path}"));
        }
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for (name, says) in [
            ("", "empty"),
            ("/", "empty"),
            ("?a=b", "empty"),
            ("//evil.example/x", "not its URL"),
            ("https://evil.example/x", "not its URL"),
            ("../auth/v1/user", "lead elsewhere"),
            ("a/../../auth/v1", "lead elsewhere"),
            ("a/%2E%2e/b", "lead elsewhere"),
            ("a\nb", "\\u{a}"),
            ("a#b", "fragment"),
        ] {
            let error = of_text(name).unwrap_err();
            assert!(error.contains(says), "{name}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_name_leaves_the_functions(name in ".{0,40}") {
            if let Ok(url) = of_text(&name) {
                prop_assert!(url.starts_with("http://a/functions/v1/"), "{}", url);
            }
        }
    }
}
