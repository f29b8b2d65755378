//! Running the cells, and the table of what was seen.

use std::fmt;
use std::mem;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use supabase_testing::logs;
use tokio::runtime::Handle;

use crate::cell::{Cell, Seen};
use crate::secrets::Secrets;
use crate::{expected, leaks};

/// What is run, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many cells run side by side. With one, a file that stays open is blamed on its cell.
    pub jobs: usize,
    /// A part of the names of the cells that are run; all if it is empty.
    pub only: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { jobs: 16, only: String::new() }
    }
}

/// What was seen, beside what was expected.
#[derive(Debug)]
pub struct Report {
    rows: Vec<Row>,
    /// What is wrong with the run as a whole.
    wrong: Vec<String>,
    took: Duration,
}

#[derive(Debug)]
struct Row {
    cell: Cell,
    expected: String,
    seen: Seen,
    /// What was seen first, beside others, if the cell differed then: `seen` is what it did by itself.
    beside_others: Option<Seen>,
}

impl Row {
    fn is_right(&self) -> bool {
        is_as(&self.expected, &self.seen)
    }

    /// Whether only the other cells can have made the difference.
    fn differed_once(&self) -> bool {
        self.beside_others.is_some() && self.is_right()
    }
}

fn is_as(expected: &str, seen: &Seen) -> bool {
    expected == seen.outcome && seen.wrong.is_empty() && seen.late.is_empty()
}

/// How many cells that differ are run again. If it is more, it is not for what else the machine does.
const AGAIN: usize = 32;

/// The panics of any thread, with its name, which is that of its cell.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Runs the cells.
///
/// # Errors
/// `expected.md` cannot be read or is not complete, no cell has such a name, or a cell cannot be set up.
pub fn run(options: &Options) -> Result<Report, String> {
    let begun = Instant::now();
    let expected = expected::read()?;
    let mut cells: Vec<Cell> = Cell::all();
    cells.retain(|cell| cell.name().contains(&options.only));
    if cells.is_empty() {
        return Err(format!("no cell has `{}` in its name", options.only));
    }
    panic::set_hook(Box::new(|info| {
        let whose = thread::current().name().unwrap_or_default().to_owned();
        PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{whose}: {info}"));
    }));
    let (subscriber, traced) = logs::watch();
    tracing::subscriber::set_global_default(subscriber).map_err(|error| error.to_string())?;

    let servers = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let servers = servers.map_err(|error| error.to_string())?;
    // After the first runtime: what the process opens once for all of them, as for signals, is no cell's fault.
    let open_before = leaks::open_files();
    let next = AtomicUsize::new(0);
    let seen: Mutex<Vec<(usize, Result<Seen, String>)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                while let Some((number, cell)) = take(&next, &cells) {
                    let outcome = one(number, cell, servers.handle()).map(|mut seen| {
                        if options.jobs == 1 {
                            let open = leaks::still_open(&open_before, leaks::GRACE);
                            seen.wrong.extend(
                                (!open.is_empty()).then(|| format!("left open: {}", open.join(", "))),
                            );
                        }
                        seen
                    });
                    seen.lock().unwrap_or_else(PoisonError::into_inner).push((number, outcome));
                }
            });
        }
    });
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    seen.sort_by_key(|(number, _)| *number);
    let mut rows = Vec::new();
    for ((_, outcome), cell) in seen.into_iter().zip(&cells) {
        let seen = outcome.map_err(|error| format!("{}: {error}", cell.name()))?;
        let expected = expected.get(cell).cloned().unwrap_or_default();
        rows.push(Row { cell: *cell, expected, seen, beside_others: None });
    }
    if options.jobs > 1 {
        again(&mut rows, servers.handle())?;
    }
    drop(servers);
    // From here on, a panic is the caller's, and shown.
    let _ = panic::take_hook();

    let mut wrong = Vec::new();
    let open = leaks::still_open(&open_before, leaks::GRACE);
    if !open.is_empty() {
        wrong.push(format!("still open at the end (`--jobs 1` says whose): {}", open.join(", ")));
    }
    wrong.extend(PANICS.lock().unwrap_or_else(PoisonError::into_inner).drain(..));
    let text = traced.text();
    if !text.contains("supabase.request") {
        wrong.push("no request was traced, so that traces prove nothing".to_owned());
    }
    let shown: Vec<_> = text.lines().filter(|line| line.contains("neverbeseen")).collect();
    for (number, row) in rows.iter_mut().enumerate() {
        let word = Secrets::of(number).word;
        let lines = shown.iter().filter(|line| line.contains(&word));
        row.seen.wrong.extend(lines.map(|line| format!("a trace shows what must not be seen: {line}")));
    }
    if rows.iter().all(|row| row.seen.wrong.is_empty()) && !shown.is_empty() {
        wrong.push(format!("a trace shows what must not be seen: {}", shown.join("\n")));
    }
    Ok(Report { rows, wrong, took: begun.elapsed() })
}

/// Runs a cell on a thread of its own, so that a panic is that of the cell.
fn one(number: usize, cell: Cell, servers: &Handle) -> Result<Seen, String> {
    let secrets = Secrets::of(number);
    thread::scope(|scope| {
        let work = move || cell.run(&secrets, servers).map_err(|error| error.to_string());
        let thread = thread::Builder::new().name(cell.name()).spawn_scoped(scope, work);
        match thread.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Ok(Seen { outcome: "panics".to_owned(), ..Seen::default() }),
            Err(error) => Err(error.to_string()),
        }
    })
}

/// Runs the cells that differed once more, each by itself: limits are of real time, which others take. What no pause
/// explains, as a secret that is shown or a write that is done twice, stays wrong.
fn again(rows: &mut [Row], servers: &Handle) -> Result<(), String> {
    let differing = rows.iter().filter(|row| !row.is_right()).count();
    if differing > AGAIN {
        return Ok(());
    }
    for (number, row) in rows.iter_mut().enumerate().filter(|(_, row)| !row.is_right()) {
        let mut seen =
            one(number, row.cell, servers).map_err(|error| format!("{}: {error}", row.cell.name()))?;
        seen.wrong.extend(row.seen.wrong.iter().cloned());
        row.beside_others = Some(mem::replace(&mut row.seen, seen));
    }
    Ok(())
}

fn take(next: &AtomicUsize, cells: &[Cell]) -> Option<(usize, Cell)> {
    let number = next.fetch_add(1, Ordering::SeqCst);
    Some((number, *cells.get(number)?))
}

impl Report {
    /// Whether everything was as expected.
    pub fn is_right(&self) -> bool {
        self.wrong.is_empty() && !self.rows.is_empty() && self.rows.iter().all(Row::is_right)
    }

    /// The rows in which something was not.
    pub fn differences(&self) -> String {
        let rows = self.rows.iter().filter(|row| !row.is_right()).map(ToString::to_string);
        rows.chain(self.wrong.iter().cloned()).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cell, expected, seen, .. } = self;
        let (call, fault, times) = (cell.call.name(), cell.fault.name(), cell.times.name());
        let (outcome, took) = (&seen.outcome, seen.took.as_millis());
        let effects = if cell.call.acts() { seen.effects.to_string() } else { "-".to_owned() };
        write!(f, "{call:<20} {fault:<25} {times:<9} {outcome:<30} {effects:>4} {took:>6}")?;
        if outcome != expected {
            write!(f, "  expected: {expected}")?;
            if !seen.message.is_empty() {
                write!(f, "  ({})", seen.message)?;
            }
        }
        seen.wrong.iter().chain(&seen.late).try_for_each(|wrong| write!(f, "  WRONG: {wrong}"))?;
        let Some(first) = self.beside_others.as_ref().filter(|_| self.differed_once()) else { return Ok(()) };
        write!(f, "  differed once, beside others: {}", first.outcome)?;
        first.late.iter().try_for_each(|late| write!(f, ", {late}"))
    }
}

/// The table, and what comes of it.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<20} {:<25} {:<9} {:<30} {:>4} {:>6}",
            "call", "fault", "strikes", "outcome, requests", "done", "ms"
        )?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        for wrong in &self.wrong {
            writeln!(f, "WRONG: {wrong}")?;
        }
        let right = self.rows.iter().filter(|row| row.is_right()).count();
        let answers = self.rows.iter().filter(|row| row.seen.outcome.starts_with("answers,")).count();
        let longest = self.rows.iter().map(|row| row.seen.took).max().unwrap_or_default();
        write!(
            f,
            "\n{right} of {} cells are as expected: {answers} answer, {} end with an error; the longest call took {} ms, \
             all {:.1} s.",
            self.rows.len(),
            self.rows.len() - answers,
            longest.as_millis(),
            self.took.as_secs_f32(),
        )?;
        match self.rows.iter().filter(|row| row.differed_once()).count() {
            0 => Ok(()),
            once => write!(f, " {once} of them differed once, beside others, and not by themselves."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_pause_explains_is_excused() {
        let cell = Cell::all().into_iter().next().unwrap();
        let expected = expected::read().unwrap().remove(&cell).unwrap();
        let row = |seen| Row { cell, expected: expected.clone(), seen, beside_others: None };
        let slow = Seen { outcome: "Timeout, 4".to_owned(), ..Seen::default() };
        let late =
            Seen { outcome: expected.clone(), late: vec!["left 1 tasks".to_owned()], ..Seen::default() };
        let twice =
            Seen { outcome: expected.clone(), wrong: vec!["was done 2 times".to_owned()], ..Seen::default() };
        let mut rows = [row(slow.clone()), row(late), row(twice), row(slow)];
        rows[3].expected = "answers, 9".to_owned();

        let servers = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        again(&mut rows, servers.handle()).unwrap();
        assert!(rows[0].differed_once() && rows[1].differed_once(), "{} {}", rows[0], rows[1]);
        assert!(rows[0].to_string().ends_with("differed once, beside others: Timeout, 4"), "{}", rows[0]);
        assert!(!rows[2].is_right() && !rows[3].is_right(), "{} {}", rows[2], rows[3]);
    }

    #[test]
    fn a_name_that_no_cell_has_is_an_error() {
        let options = Options { only: "nonsense".to_owned(), ..Options::default() };
        assert_eq!(run(&options).unwrap_err(), "no cell has `nonsense` in its name");
    }
}
