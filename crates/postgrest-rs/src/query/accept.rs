//! The `Accept` header: which shape the answer has.
//!
//! Source: <https://docs.postgrest.org/en/stable/references/api/media_type_handlers.html>

use supabase_core::header::HeaderValue;

use super::explain::Explain;

/// What most queries ask for: said once for all of them, so that none has to.
pub(crate) const ROWS: &str = "application/json";

/// The shape that is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accept {
    pub(crate) shape: Shape,
    pub(crate) strip_nulls: bool,
    pub(crate) plan: Option<(Explain, Format)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shape {
    #[default]
    Rows,
    One,
    /// One row or none. A reader counts the rows itself, as the server would log none as an error; only the server can undo
    /// a write.
    MaybeOne,
    Csv,
    GeoJson,
}

/// How a plan is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    Text,
    Json,
}

impl Accept {
    /// The header, unless it is that of most queries.
    pub(crate) fn header(&self, is_write: bool) -> Option<HeaderValue> {
        let shape = match self.shape {
            Shape::MaybeOne if is_write => Shape::One,
            Shape::MaybeOne => Shape::Rows,
            shape => shape,
        };
        // Checked when this is compiled, and not for each request.
        let of = match (shape, self.strip_nulls) {
            (Shape::Rows, false) if self.plan.is_none() => return None,
            (Shape::Rows, false) => const { HeaderValue::from_static(ROWS) },
            (Shape::Rows, true) => {
                const { HeaderValue::from_static("application/vnd.pgrst.array+json;nulls=stripped") }
            }
            (Shape::One | Shape::MaybeOne, false) => {
                const { HeaderValue::from_static("application/vnd.pgrst.object+json") }
            }
            (Shape::One | Shape::MaybeOne, true) => {
                const { HeaderValue::from_static("application/vnd.pgrst.object+json;nulls=stripped") }
            }
            (Shape::Csv, _) => const { HeaderValue::from_static("text/csv") },
            (Shape::GeoJson, _) => const { HeaderValue::from_static("application/geo+json") },
        };
        let Some((options, format)) = self.plan else { return Some(of) };
        let format = match format {
            Format::Text => "text",
            Format::Json => "json",
        };
        let text = format!(
            "application/vnd.pgrst.plan+{format}; for=\"{}\"; options={};",
            of.to_str().unwrap_or_default(),
            options.text()
        );
        // Nothing in it is the caller's, so it is a header.
        Some(HeaderValue::try_from(text).unwrap_or(of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_names_shape_and_nulls() {
        for (shape, plain, stripped) in [
            (Shape::Rows, None, "application/vnd.pgrst.array+json;nulls=stripped"),
            (
                Shape::One,
                Some("application/vnd.pgrst.object+json"),
                "application/vnd.pgrst.object+json;nulls=stripped",
            ),
            (Shape::Csv, Some("text/csv"), "text/csv"),
            (Shape::GeoJson, Some("application/geo+json"), "application/geo+json"),
        ] {
            let accept = |strip_nulls| Accept { shape, strip_nulls, plan: None }.header(false);
            assert_eq!(
                (accept(false), accept(true)),
                (plain.map(HeaderValue::from_static), Some(HeaderValue::from_static(stripped)))
            );
        }
    }

    #[test]
    fn one_row_or_none_is_counted_by_whoever_reads_and_by_the_server_where_it_must_undo() {
        let accept = Accept { shape: Shape::MaybeOne, strip_nulls: false, plan: None };
        assert_eq!(accept.header(false), None);
        assert_eq!(accept.header(true).unwrap(), "application/vnd.pgrst.object+json");
    }

    #[test]
    fn a_plan_names_format_subject_and_options() {
        let plan = |shape, options, format| {
            Accept { shape, strip_nulls: false, plan: Some((options, format)) }.header(false).unwrap()
        };
        assert_eq!(
            plan(Shape::Rows, Explain::new(), Format::Text),
            "application/vnd.pgrst.plan+text; for=\"application/json\"; options=;"
        );
        assert_eq!(
            plan(Shape::One, Explain::new().analyze().verbose().settings().buffers().wal(), Format::Json),
            "application/vnd.pgrst.plan+json; for=\"application/vnd.pgrst.object+json\"; \
             options=analyze|verbose|settings|buffers|wal;"
        );
    }
}
