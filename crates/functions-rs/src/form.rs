//! Form data.

use std::fmt;

use supabase_core::{Bytes, Content, Part};

/// Fields and files that are sent together, as `multipart/form-data`.
///
/// Names are written as browsers write them. Deno, which runs the functions, misreads some of these, wherever they come from:
/// those with `=` or `;`, a quotation mark, a line end, and none at all.
///
/// ```no_run
/// # async fn run(functions: functions_rs::Client, picture: Vec<u8>) -> functions_rs::Result<()> {
/// use functions_rs::Form;
/// let form = Form::new().text("title", "Ada").file("picture", "ada.png", "image/png", picture);
/// functions.invoke("upload").form(form).await?;
/// # Ok(()) }
/// ```
#[doc(alias = "FormData")]
#[derive(Clone, Default)]
#[must_use]
pub struct Form {
    parts: Vec<Part>,
}

impl Form {
    /// A form without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field that holds a text. Fields are sent in the order in which they are added.
    ///
    /// In a page, the platform writes each line end as a carriage return and a line feed.
    pub fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.part(name.into(), None, None, value.into().into())
    }

    /// Adds a file: the name of its field, the file's own name, its media type, and what it holds.
    ///
    /// A media type that is none is told when the form is sent.
    pub fn file(
        self,
        name: impl Into<String>,
        file_name: impl Into<String>,
        content_type: impl Into<String>,
        bytes: impl Into<Bytes>,
    ) -> Self {
        self.part(name.into(), Some(file_name.into()), Some(content_type.into()), bytes.into())
    }

    fn part(
        mut self,
        name: String,
        file_name: Option<String>,
        content_type: Option<String>,
        bytes: Bytes,
    ) -> Self {
        self.parts.push(Part { name, file_name, content_type, content: Content::bytes(bytes) });
        self
    }

    pub(crate) fn into_parts(self) -> Vec<Part> {
        self.parts
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The names of the fields, and not what they hold.
        f.debug_list().entries(self.parts.iter().map(|part| &part.name)).finish()
    }
}
