//! Reading the address of a service or a project, with errors that say what to write instead.

use url::Url;

use crate::failure::Failure;

/// Reads the address of one service, for example `https://abc.supabase.co/rest/v1`.
///
/// A trailing slash is dropped.
///
/// # Errors
/// The text is not an `http` or `https` URL, or carries a query, a fragment or credentials.
pub fn parse_endpoint(text: &str) -> Result<Url, Failure> {
    if text.is_empty() {
        return Err(Failure::invalid("the URL is empty"));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Failure::invalid("the URL contains white space or a line break"));
    }
    let has_scheme = text.contains("://");
    let mut url = Url::parse(text).map_err(|error| {
        if has_scheme {
            Failure::invalid(format!("the URL cannot be read: {error}"))
        } else {
            missing_scheme(text)
        }
    })?;
    if !has_scheme {
        // `localhost:54321` parses, with `localhost` as its scheme.
        return Err(missing_scheme(text));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Failure::invalid(format!(
            "the URL has the scheme `{}`: write http or https",
            url.scheme()
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::invalid("the URL contains a user name or password: remove it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Failure::invalid("the URL has a query or a fragment: remove it"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Reads the address of a project, for example `https://abc.supabase.co`.
///
/// # Errors
/// As [`parse_endpoint`], and when the URL has a path: the services' own paths are added to it.
pub fn parse_project(text: &str) -> Result<Url, Failure> {
    let url = parse_endpoint(text)?;
    if url.path() == "/" {
        return Ok(url);
    }
    let root = url.origin().ascii_serialization();
    Err(Failure::invalid(format!(
        "the project URL has the path `{}`: write `{root}`, the path of each service is added to it",
        url.path()
    )))
}

fn missing_scheme(text: &str) -> Failure {
    // What stands before an `@` may be a password.
    let host = text.rsplit('@').next().unwrap_or_default();
    let host = host.split(['?', '#']).next().unwrap_or_default();
    Failure::invalid(format!("the URL has no scheme: write `https://{host}`, or `http://` for a local one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_address_loses_its_trailing_slash() {
        assert_eq!(
            parse_endpoint("https://a.supabase.co/rest/v1/").unwrap().as_str(),
            "https://a.supabase.co/rest/v1"
        );
        assert_eq!(parse_project("http://127.0.0.1:54321/").unwrap().as_str(), "http://127.0.0.1:54321/");
        assert_eq!(parse_project("http://[::1]:54321").unwrap().as_str(), "http://[::1]:54321/");
    }

    #[test]
    fn a_bad_address_says_what_to_write() {
        for (text, says) in [
            ("", "empty"),
            ("abc.supabase.co", "write `https://abc.supabase.co`"),
            ("localhost:54321", "write `https://localhost:54321`"),
            ("https://a b.co", "white space"),
            ("https://a.co\n", "line break"),
            ("ftp://a.co", "scheme `ftp`"),
            ("https://", "cannot be read"),
            ("https://me:pw@a.co", "user name or password"),
            ("https://a.co?apikey=x", "query"),
            ("https://a.co#x", "fragment"),
            ("https://a.co/rest/v1", "write `https://a.co`"),
        ] {
            let message = parse_project(text).unwrap_err().message().to_owned();
            assert!(message.contains(says), "{text}: {message}");
            assert!(!message.contains("pw") && !message.contains("apikey=x"), "{message}");
        }
    }
}
