//! Rows to compare with, in few words, and the list of the examples.

use std::collections::BTreeSet;

use reference_examples::{Address, Instrument, InstrumentPlace, Named, Planet, Quote, Reservation, Section};

/// The functions of all examples whose id begins so.
pub(crate) fn listed(prefix: &str) -> BTreeSet<String> {
    let ids = include_str!("../../ids.txt").lines();
    ids.filter(|id| id.starts_with(prefix)).map(|id| id.replace('.', "_")).collect()
}

pub(crate) fn planets<const N: usize>(rows: [(i64, &str); N]) -> Vec<Planet> {
    rows.map(|(id, name)| Planet { id, name: name.into() }).into()
}

pub(crate) fn mercury() -> Planet {
    Planet { id: 1, name: "Mercury".into() }
}

pub(crate) fn earth() -> Planet {
    Planet { id: 2, name: "Earth".into() }
}

pub(crate) fn mars() -> Planet {
    Planet { id: 3, name: "Mars".into() }
}

pub(crate) fn name(name: &str) -> Named {
    Named { name: name.into() }
}

pub(crate) fn names<const N: usize>(rows: [&str; N]) -> Vec<Named> {
    rows.map(name).into()
}

pub(crate) fn section<const N: usize>(name: &str, instruments: [&str; N]) -> Section {
    Section { name: name.into(), instruments: names(instruments) }
}

pub(crate) fn instrument(id: i64, name: &str, section_id: Option<i64>) -> Instrument {
    Instrument { id, name: name.into(), section_id }
}

pub(crate) fn place(name: &str, section_id: Option<i64>) -> InstrumentPlace {
    InstrumentPlace { name: name.into(), section_id }
}

pub(crate) fn address(street: Option<&str>, postcode: Option<u32>, city: Option<&str>) -> Address {
    Address { street: street.map(Into::into), postcode, city: city.map(Into::into) }
}

pub(crate) fn quotes<const N: usize>(rows: [&str; N]) -> Vec<Quote> {
    rows.map(|catchphrase| Quote { catchphrase: catchphrase.into() }).into()
}

pub(crate) fn emerald() -> Reservation {
    reservation(1, "Emerald", r#"["2000-01-01 13:00:00","2000-01-01 15:00:00")"#)
}

pub(crate) fn topaz() -> Reservation {
    reservation(2, "Topaz", r#"["2000-01-02 09:00:00","2000-01-02 10:00:00")"#)
}

pub(crate) fn reservation(id: i64, room_name: &str, during: &str) -> Reservation {
    Reservation { id, room_name: room_name.into(), during: during.into() }
}
