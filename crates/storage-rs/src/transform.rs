//! Images that the service resizes on their way.

use serde::Serialize;
use supabase_core::open_enum;

/// How an image is changed on its way: its size, what is done where the proportions differ, its quality and format.
///
/// Source: <https://supabase.com/docs/guides/storage/serving/image-transformations>
///
/// ```
/// use storage_rs::{Resize, Transform};
/// let thumbnail = Transform::new().width(100).height(100).resize(Resize::Contain).quality(80);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[must_use]
pub struct Transform {
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resize: Option<Resize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quality: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gravity: Option<Gravity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x_offset: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y_offset: Option<i32>,
}

open_enum! {
    /// What is done where the proportions of an image differ from the size asked for.
    pub enum Resize {
        /// Fills the size, and cuts what is over. This is what the service does if nothing is said.
        Cover = "cover",
        /// Fits into the size, and keeps the proportions.
        Contain = "contain",
        /// Fills the size, and loses the proportions.
        Fill = "fill",
    }
}

open_enum! {
    /// The format of a transformed image.
    pub enum Format {
        /// As it was uploaded. If nothing is said, browsers that take WebP get WebP.
        Origin = "origin",
        /// AVIF.
        Avif = "avif",
        /// WebP.
        Webp = "webp",
    }
}

open_enum! {
    /// Which part of an image is kept when it is cut.
    pub enum Gravity {
        /// The top.
        North = "no",
        /// The bottom.
        South = "so",
        /// The right.
        East = "ea",
        /// The left.
        West = "we",
        /// The corner at the top right.
        NorthEast = "noea",
        /// The corner at the top left.
        NorthWest = "nowe",
        /// The corner at the bottom right.
        SouthEast = "soea",
        /// The corner at the bottom left.
        SouthWest = "sowe",
        /// The middle.
        Center = "ce",
        /// What the service takes for the most interesting part.
        Smart = "sm",
        /// The point that the offsets name.
        FocusPoint = "fp",
    }
}

impl Transform {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The width in pixels: 1 to 2,500 on Supabase; the service clamps what lies beyond.
    pub fn width(mut self, pixels: u32) -> Self {
        self.width = Some(pixels);
        self
    }

    /// The height in pixels: 1 to 2,500 on Supabase; the service clamps what lies beyond.
    pub fn height(mut self, pixels: u32) -> Self {
        self.height = Some(pixels);
        self
    }

    /// What is done where the proportions differ: [`Resize::Cover`] if nothing is said.
    pub fn resize(mut self, resize: Resize) -> Self {
        self.resize = Some(resize);
        self
    }

    /// The quality, 20 to 100: 80 if nothing is said.
    pub fn quality(mut self, percent: u8) -> Self {
        self.quality = Some(percent);
        self
    }

    /// The format: what the receiver likes best if nothing is said.
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Which part is kept when the image is cut.
    pub fn gravity(mut self, gravity: Gravity) -> Self {
        self.gravity = Some(gravity);
        self
    }

    /// How far from there, in pixels to the right and down.
    pub fn offset(mut self, x: i32, y: i32) -> Self {
        (self.x_offset, self.y_offset) = (Some(x), Some(y));
        self
    }

    /// The parameters of a query.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let text = |value: Option<&str>| value.map(str::to_owned);
        [
            ("width", self.width.map(|n| n.to_string())),
            ("height", self.height.map(|n| n.to_string())),
            ("resize", text(self.resize.as_ref().map(Resize::as_str))),
            ("format", text(self.format.as_ref().map(Format::as_str))),
            ("quality", self.quality.map(|n| n.to_string())),
            ("gravity", text(self.gravity.as_ref().map(Gravity::as_str))),
            ("x_offset", self.x_offset.map(|n| n.to_string())),
            ("y_offset", self.y_offset.map(|n| n.to_string())),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
    }
}
