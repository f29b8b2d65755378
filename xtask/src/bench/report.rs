//! What was measured, as a table and as JSON.

use serde::Serialize;

/// What is asked of a figure, beside that of the raw way.
#[derive(Clone, Copy)]
pub(super) enum Goal {
    /// Ours is at most this many times raw's.
    RatioAtMost(f64),
    /// Ours is at least this many times raw's.
    RatioAtLeast(f64),
    /// Ours is larger by at most this.
    MoreByAtMost(f64),
    /// Ours is at most this, whatever raw's is.
    AtMost(f64),
    /// Nothing is asked for: the figure explains another one.
    Shown,
}

/// One figure of both sides. What is missing was not measured.
#[derive(Serialize)]
pub(super) struct Row {
    name: String,
    ours: Option<f64>,
    raw: Option<f64>,
    ratio: Option<f64>,
    goal: String,
    met: Option<bool>,
    #[serde(skip)]
    wanted: Goal,
}

impl Row {
    pub(super) fn new(name: impl Into<String>, ours: Option<f64>, raw: Option<f64>, goal: Goal) -> Self {
        let text = match goal {
            Goal::RatioAtMost(limit) => format!("≤ {limit:.2} ×"),
            Goal::RatioAtLeast(limit) => format!("≥ {limit:.2} ×"),
            Goal::MoreByAtMost(limit) => format!("≤ raw + {limit}"),
            Goal::AtMost(limit) => format!("≤ {limit}"),
            Goal::Shown => String::new(),
        };
        let ratio = ours.zip(raw).map(|(ours, raw)| ours / raw);
        Self { name: name.into(), ours, raw, ratio: None, goal: text, met: None, wanted: goal }
            .with_ratio(ratio)
    }

    /// The same with a ratio that was found otherwise than from the two figures.
    pub(super) fn with_ratio(mut self, ratio: Option<f64>) -> Self {
        self.ratio = ratio;
        self.met = match self.wanted {
            Goal::RatioAtMost(limit) => ratio.map(|ratio| ratio <= limit),
            Goal::RatioAtLeast(limit) => ratio.map(|ratio| ratio >= limit),
            Goal::AtMost(limit) => self.ours.map(|ours| ours <= limit),
            Goal::Shown => None,
            Goal::MoreByAtMost(limit) => self.ours.zip(self.raw).map(|(ours, raw)| ours <= raw + limit),
        };
        self
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the goal is met; `None` if that was not measured.
    pub(super) fn met(&self) -> Option<bool> {
        self.met
    }
}

/// All rows, one a line.
pub(super) fn table(rows: &[Row]) -> String {
    let mut text =
        format!("{:<34} {:>12} {:>12} {:>7}  {:<11} {}\n", "", "ours", "raw", "ratio", "goal", "met");
    for row in rows {
        let figure = |value: Option<f64>| match value {
            Some(value) if value >= 1_000.0 => format!("{value:.0}"),
            Some(value) => format!("{value:.2}"),
            None => "–".to_owned(),
        };
        let ratio = row.ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.3}"));
        let met = match row.met {
            Some(true) => "yes",
            Some(false) => "NO",
            None if matches!(row.wanted, Goal::Shown) => "",
            None => "not measured",
        };
        text.push_str(&format!(
            "{:<34} {:>12} {:>12} {:>7}  {:<11} {met}\n",
            row.name,
            figure(row.ours),
            figure(row.raw),
            ratio,
            row.goal
        ));
    }
    text
}

/// All rows as JSON.
pub(super) fn json(rows: &[Row]) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(rows).map(|text| text + "\n")
}
