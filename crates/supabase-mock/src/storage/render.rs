//! Images: what is asked for is checked and told, and the original is served. There is no renderer here.

use http::Response;
use serde_json::Value;

use super::body::Body;
use super::call::Call;
use super::download::{Extra, Right, find, send};
use super::problem::Problem;
use super::service::Inner;
use super::sign::grant;
use super::validate::{Fields, query};

/// No side of an image is longer.
const MAX_SIDE: u64 = 2_000;

const RESIZE: [&str; 3] = ["cover", "contain", "fill"];
const FORMAT: [&str; 3] = ["origin", "avif", "webp"];
const GRAVITY: [&str; 11] = ["no", "so", "ea", "we", "noea", "nowe", "soea", "sowe", "ce", "sm", "fp"];

/// How an image is to be transformed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Transform {
    width: Option<u64>,
    height: Option<u64>,
    resize: Option<&'static str>,
    quality: Option<u64>,
    pub(super) format: Option<&'static str>,
    gravity: Option<&'static str>,
    offset: (Option<f64>, Option<f64>),
}

impl Transform {
    pub(super) fn of(fields: Fields<'_>) -> Result<Self, Problem> {
        let quality = fields.integer("quality", 20)?;
        if quality.is_some_and(|quality| quality > 100) {
            return Err(fields.must("quality", "be <= 100"));
        }
        let number = |name: &str| match fields.value(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(number.as_f64()),
            Some(Value::String(text)) => text.parse().map(Some).map_err(|_| fields.must(name, "be number")),
            Some(_) => Err(fields.must(name, "be number")),
        };
        Ok(Self {
            height: fields.integer("height", 0)?,
            width: fields.integer("width", 0)?,
            resize: fields.word("resize", &RESIZE)?,
            quality,
            format: fields.word("format", &FORMAT)?,
            gravity: fields.word("gravity", &GRAVITY)?,
            offset: (number("x_offset")?, number("y_offset")?),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.claim().is_empty() && self.format.is_none()
    }

    /// As the token of a signed URL keeps it; what is not asked for is called by its name in JavaScript.
    pub(super) fn claim(&self) -> String {
        self.segments(|resize| format!("resize:{}", resize.unwrap_or("undefined")))
    }

    /// As the renderer is told, and the answer tells.
    fn told(&self) -> String {
        self.segments(|resize| format!("resizing_type:{}", told_resize(resize)))
    }

    fn segments(&self, resize: impl FnOnce(Option<&str>) -> String) -> String {
        let side = |side: Option<u64>| side.filter(|side| *side > 0).map(|side| side.min(MAX_SIDE));
        let (height, width) = (side(self.height), side(self.width));
        let mut segments = Vec::new();
        segments.extend(height.map(|height| format!("height:{height}")));
        segments.extend(width.map(|width| format!("width:{width}")));
        if height.is_some() || width.is_some() {
            segments.push(resize(self.resize));
        }
        segments.extend(self.quality.map(|quality| format!("quality:{quality}")));
        segments.extend(
            self.format.filter(|format| *format != "origin").map(|format| format!("format:{format}")),
        );
        segments.extend(self.gravity.map(|gravity| {
            let (x, y) = (self.offset.0.unwrap_or(0.0), self.offset.1.unwrap_or(0.0));
            // Where the interesting part is looked for, offsets mean nothing.
            if gravity == "sm" { "gravity:sm".to_owned() } else { format!("gravity:{gravity}:{x}:{y}") }
        }));
        segments.join(",")
    }
}

fn told_resize(resize: Option<&str>) -> &'static str {
    match resize {
        Some("contain") => "fit",
        Some("fill") => "force",
        _ => "fill",
    }
}

/// `/render/image/authenticated/…` and `/render/image/public/…`: the transformation is in the query.
pub(super) async fn render(
    inner: &Inner,
    call: &Call,
    right: Right,
    bucket: &str,
    key: &str,
) -> Result<Response<Body>, Problem> {
    let map = query(&call.query);
    let transform = Transform::of(Fields::of_query(&map))?;
    let extra = Extra { expires: None, transformations: Some(transform.told()) };
    send(inner, call, || find(inner, call, right, bucket, key), extra).await
}

/// `/render/image/sign/…`: the transformation is in the token.
pub(super) async fn render_signed(
    inner: &Inner,
    call: &Call,
    bucket: &str,
    key: &str,
) -> Result<Response<Body>, Problem> {
    let grant = grant(inner, call, bucket, key)?;
    let mut told: Vec<_> = grant
        .transformations
        .iter()
        .flat_map(|claim| claim.split(','))
        .map(|segment| match segment.strip_prefix("resize:") {
            Some(resize) => format!("resizing_type:{}", told_resize(Some(resize))),
            None => segment.to_owned(),
        })
        .collect();
    if let Some(format) = grant.format.filter(|format| format != "origin") {
        let format = format!("format:{format}");
        if !told.contains(&format) {
            told.push(format);
        }
    }
    let extra = Extra { expires: Some(grant.expires), transformations: Some(told.join(",")) };
    send(inner, call, || super::read_by_service(inner, bucket, key), extra).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<Transform, Problem> {
        let map = value.as_object().cloned().unwrap_or_default();
        Transform::of(Fields::of_query(&map))
    }

    #[test]
    fn transformations_are_told_as_the_renderer_is() {
        let told = |value| read(value).map(|transform| transform.told()).unwrap_or_default();
        assert_eq!(told(json!({ "width": "100", "height": "50" })), "height:50,width:100,resizing_type:fill");
        assert_eq!(told(json!({ "width": "9999", "resize": "contain" })), "width:2000,resizing_type:fit");
        assert_eq!(told(json!({ "width": "0" })), "");
        assert_eq!(told(json!({ "quality": "30", "format": "origin" })), "quality:30");
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let message = |value| read(value).err().map(|problem| problem.message).unwrap_or_default();
        assert_eq!(message(json!({ "width": "abc" })), "querystring/width must be integer");
        assert_eq!(message(json!({ "quality": "101" })), "querystring/quality must be <= 100");
        assert_eq!(message(json!({ "quality": "19" })), "querystring/quality must be >= 20");
        let words = "querystring/resize must be equal to one of the allowed values";
        assert_eq!(message(json!({ "resize": "zoom" })), words);
    }
}
