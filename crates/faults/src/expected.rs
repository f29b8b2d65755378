//! The tables of `expected.md`.

use std::collections::HashMap;

use crate::call::Call;
use crate::cell::{Cell, Times};
use crate::fault::Fault;

const TEXT: &str = include_str!("../expected.md");

/// What is expected of each cell.
///
/// # Errors
/// A row that cannot be read, or is there twice; a cell that is missing.
pub(crate) fn read() -> Result<HashMap<Cell, String>, String> {
    let mut expected = HashMap::new();
    let mut calls = Vec::new();
    for line in TEXT.lines() {
        if let Some(names) = line.strip_prefix("## ") {
            calls = names
                .split(", ")
                .map(|name| Call::ALL.into_iter().find(|call| call.name() == name).ok_or(name))
                .collect::<Result<_, _>>()
                .map_err(|name| format!("expected.md: there is no call `{name}`"))?;
            continue;
        }
        let columns: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let ([name, once, for_good], false) = (columns.as_slice(), calls.is_empty()) else { continue };
        if *name == "fault" || name.starts_with("---") {
            continue;
        }
        let fault = Fault::ALL.iter().find(|fault| fault.name() == *name);
        let fault = *fault.ok_or_else(|| format!("expected.md: there is no fault `{name}`"))?;
        for call in &calls {
            for (times, outcome) in [(Times::Once, once), (Times::ForGood, for_good)] {
                let cell = Cell { call: *call, fault, times };
                if expected.insert(cell, (*outcome).to_owned()).is_some() {
                    return Err(format!("expected.md: {} is there twice", cell.name()));
                }
            }
        }
    }
    match Cell::all().into_iter().find(|cell| !expected.contains_key(cell)) {
        None => Ok(expected),
        Some(cell) => Err(format!("expected.md: {} is missing", cell.name())),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_cell_has_an_expected_outcome() {
        super::read().unwrap();
    }
}
