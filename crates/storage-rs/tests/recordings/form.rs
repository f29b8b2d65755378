//! Forms, as the service reads them.

/// What the service takes out of a form.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Form {
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) file: Option<File>,
}

/// The first part with a file name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct File {
    pub(crate) content_type: Option<String>,
    /// `None` if the recording does not hold all of it.
    pub(crate) content: Option<Vec<u8>>,
}

/// Reads a form. Fields behind the file count for nothing.
pub(crate) fn read(content_type: &str, body: &[u8], is_whole: bool) -> Form {
    let boundary = content_type.split("boundary=").nth(1).unwrap().trim_matches('"');
    let delimiter = format!("--{boundary}").into_bytes();
    let mut form = Form::default();
    let mut parts = split(body, &delimiter).into_iter().skip(1).peekable();
    while let Some(part) = parts.next() {
        let Some(at) = find(part, b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&part[..at]).into_owned();
        let content = &part[at + 4..];
        let name = quoted(&head, "; name=").unwrap_or_default();
        if quoted(&head, "filename=").is_none() {
            let value =
                String::from_utf8_lossy(content.strip_suffix(b"\r\n").unwrap_or(content)).into_owned();
            form.fields.push((name, value));
            continue;
        }
        let content_type = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-type:").map(|t| t.trim().to_owned()));
        let ended = is_whole || parts.peek().is_some();
        let content = ended.then(|| content.strip_suffix(b"\r\n").unwrap_or(content).to_vec());
        form.file = Some(File { content_type, content });
        break;
    }
    form
}

fn quoted(head: &str, key: &str) -> Option<String> {
    let rest = head.split_once(key)?.1.strip_prefix('"')?;
    Some(rest.split('"').next()?.to_owned())
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn split<'a>(mut text: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    while let Some(at) = find(text, delimiter) {
        pieces.push(&text[..at]);
        text = &text[at + delimiter.len()..];
    }
    pieces.push(text);
    pieces
}
