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

    pub(super) fn ours(&self) -> Option<f64> {
        self.ours
    }

    pub(super) fn raw(&self) -> Option<f64> {
        self.raw
    }

    /// Whether the goal is met; `None` if that was not measured.
    pub(super) fn met(&self) -> Option<bool> {
        self.met
    }
}

/// A row as texts: its name, ours, raw, the ratio, the goal, and whether it is met.
fn texts(row: &Row) -> [String; 6] {
    let met = match row.met {
        Some(true) => "yes",
        Some(false) => "NO",
        None if matches!(row.wanted, Goal::Shown) => "",
        None => "not measured",
    };
    let ratio = row.ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.3}"));
    [row.name.clone(), figure(row.ours), figure(row.raw), ratio, row.goal.clone(), met.to_owned()]
}

/// A figure as it is shown; a dash where there is none.
pub(super) fn figure(value: Option<f64>) -> String {
    match value {
        Some(value) if value >= 1_000.0 => thousands(value),
        Some(value) => format!("{value:.2}"),
        None => "–".to_owned(),
    }
}

/// `12,345`.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// All rows, one a line, for a terminal.
pub(super) fn table<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let mut text =
        format!("{:<47} {:>12} {:>12} {:>7}  {:<11} {}\n", "", "ours", "raw", "ratio", "goal", "met");
    for row in rows {
        let [name, ours, raw, ratio, goal, met] = texts(row);
        text.push_str(&format!("{name:<47} {ours:>12} {raw:>12} {ratio:>7}  {goal:<11} {met}\n"));
    }
    text
}

/// All rows as a table of Markdown.
pub(super) fn markdown(rows: &[Row]) -> String {
    let mut text = "| | ours | raw | ratio | goal | met |\n|---|--:|--:|--:|---|---|\n".to_owned();
    for row in rows {
        text.push_str(&format!("| {} |\n", texts(row).join(" | ")));
    }
    text
}

/// All rows as JSON: a list of `{"name", "ours", "raw", "ratio", "goal", "met"}`, `null` where nothing was measured.
pub(super) fn json(rows: &[Row]) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(rows).map(|text| text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_is_a_list_of_rows() {
        let rows = [
            Row::new("10 rows: rate", Some(98.0), Some(100.0), Goal::RatioAtLeast(0.97)),
            Row::new("10 rows: heap calls", None, None, Goal::RatioAtMost(1.0)),
        ];
        let json: serde_json::Value = serde_json::from_str(&json(&rows).unwrap()).unwrap();
        let expected = serde_json::json!([
            {
                "name": "10 rows: rate", "ours": 98.0, "raw": 100.0, "ratio": 0.98, "goal": "≥ 0.97 ×",
                "met": true,
            },
            {
                "name": "10 rows: heap calls", "ours": null, "raw": null, "ratio": null, "goal": "≤ 1.00 ×",
                "met": null,
            },
        ]);
        assert_eq!(json, expected);
    }
}
