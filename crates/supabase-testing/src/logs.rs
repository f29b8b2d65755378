//! A watch over everything that is traced.

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Everything that was traced while it was watched, as text.
#[derive(Clone, Debug, Default)]
pub struct Traced(Arc<Mutex<String>>);

impl Traced {
    /// All fields of all spans and events so far.
    pub fn text(&self) -> String {
        self.0.lock().expect("no test panicked").clone()
    }

    /// Fails if one of `secrets` was traced.
    ///
    /// # Panics
    /// A secret was traced, or nothing was.
    pub fn assert_without(&self, secrets: &[&str]) {
        let text = self.text();
        assert!(!text.is_empty(), "nothing was traced, so nothing is proven");
        for secret in secrets {
            assert!(!text.contains(secret), "a secret was traced:\n{text}");
        }
    }
}

/// A second subscriber, for as long as the process lives. Where there is one alone, tracing asks the thread that first meets
/// a span whether anybody listens, and remembers its no for all threads: another test could switch off what this one watches.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(tracing_subscriber::registry()));

/// A subscriber that keeps every field, at every level, and its record.
pub fn watch() -> (impl Subscriber + Send + Sync + 'static, Traced) {
    LazyLock::force(&ANOTHER);
    let traced = Traced::default();
    (tracing_subscriber::registry().with(Watch(traced.clone())), traced)
}

struct Watch(Traced);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Watch {
    fn on_new_span(&self, attributes: &Attributes<'_>, _id: &Id, _context: Context<'_, S>) {
        self.line(attributes.metadata().name(), |line| attributes.record(line));
    }

    fn on_record(&self, _id: &Id, values: &Record<'_>, _context: Context<'_, S>) {
        self.line("record", |line| values.record(line));
    }

    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        self.line(event.metadata().target(), |line| event.record(line));
    }
}

impl Watch {
    fn line(&self, name: &str, write: impl FnOnce(&mut Line)) {
        let mut line = Line(name.to_owned());
        write(&mut line);
        let mut text = self.0.0.lock().expect("no test panicked");
        text.push_str(&line.0);
        text.push('\n');
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}
