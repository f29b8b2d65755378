//! The stages of a query. They exist only in types: each says what may come next.

/// A table is chosen; a verb must follow.
#[derive(Debug)]
pub enum NeedsVerb {}
/// Reads rows.
#[derive(Debug)]
pub enum Select {}
/// Adds rows.
#[derive(Debug)]
pub enum Insert {}
/// Adds rows, or changes those that are there.
#[derive(Debug)]
pub enum Upsert {}
/// Changes rows: all that the filters leave.
#[derive(Debug)]
pub struct Update<F>(F);
/// Removes rows: all that the filters leave.
#[derive(Debug)]
pub struct Delete<F>(F);
/// Calls a function.
#[derive(Debug)]
pub enum Call {}

/// No filter yet, so that all rows would be meant.
#[derive(Debug)]
pub enum NeedsFilter {}
/// There is a filter, or all rows are meant.
#[derive(Debug)]
pub enum Filtered {}

/// A write that answers with its rows.
#[derive(Debug)]
pub struct Returning<S>(S);
/// Answers with one row.
#[derive(Debug)]
pub struct One<S>(S);
/// Answers with text: CSV.
#[derive(Debug)]
pub struct Csv<S>(S);
/// Answers with the plan of the query.
#[derive(Debug)]
pub struct Explained<S>(S);
/// Answers with nothing but the headers.
#[derive(Debug)]
pub struct Head<S>(S);

mod sealed {
    pub trait Sealed {}
}
use sealed::Sealed;

/// A stage that takes filters.
#[diagnostic::on_unimplemented(
    message = "a filter cannot stand here: the query is at `{Self}`",
    label = "a filter comes after `.select(..)`, `.update(..)`, `.delete()` or `rpc(..)`",
    note = "write `.select(\"*\").eq(\"id\", 1)`, not `.eq(\"id\", 1).select(\"*\")`; an insert or upsert has no filter"
)]
pub trait Filterable: Sealed {
    /// The stage once there is a filter.
    type Filtered;
}

/// A stage that can be sent.
#[diagnostic::on_unimplemented(
    message = "the query cannot be sent yet: it is at `{Self}`",
    label = "this would touch every row of the table, or nothing at all",
    note = "after `.update(..)` or `.delete()`, filter, for example `.eq(\"id\", 1)`, or write `.all_rows()`",
    note = "after `.from(..)`, write a verb, for example `.select(\"*\")`"
)]
pub trait Ready: Sealed {}

/// A stage that answers with rows whose shape is still open.
#[diagnostic::on_unimplemented(
    message = "the shape of the answer cannot be chosen here: the query is at `{Self}`",
    label = "an answer has one shape, and only one with rows has any",
    note = "a write answers with rows once `.select(..)` asks for them; `single`, `csv`, `explain` and `head` exclude each other"
)]
pub trait Rows: Sealed {}

/// A stage that reads, and so can be sorted and cut.
#[diagnostic::on_unimplemented(
    message = "order, limit and range cannot stand here: the query is at `{Self}`",
    label = "only what reads can be sorted and cut",
    note = "PostgREST ignores an order or a limit on a write, and changes every row that the filters leave"
)]
pub trait Reads: Sealed {}

/// A write that may answer with its rows.
#[diagnostic::on_unimplemented(
    message = "`select` cannot stand here: the query is at `{Self}`",
    label = "columns are chosen once"
)]
pub trait Selectable: Sealed {
    /// The stage once columns are chosen.
    type Selected;
}

macro_rules! stages {
    ($($trait:ident for $($stage:ty),+;)+) => { $($(impl $trait for $stage {})+)+ };
}

stages! {
    Sealed for NeedsVerb, Select, Insert, Upsert, Call;
    Ready for Select, Insert, Upsert, Update<Filtered>, Delete<Filtered>, Call;
    Rows for Select, Call;
    Reads for Select, Call;
}

impl<F> Sealed for Update<F> {}
impl<F> Sealed for Delete<F> {}
impl<S> Sealed for Returning<S> {}

impl Filterable for Select {
    type Filtered = Self;
}
impl Filterable for Call {
    type Filtered = Self;
}
impl<F> Filterable for Update<F> {
    type Filtered = Update<Filtered>;
}
impl<F> Filterable for Delete<F> {
    type Filtered = Delete<Filtered>;
}

impl<S> Rows for Returning<S> {}
impl<S: Ready> Ready for Returning<S> {}
impl<S: Filterable> Filterable for Returning<S> {
    type Filtered = Returning<S::Filtered>;
}

impl Selectable for Insert {
    type Selected = Returning<Self>;
}
impl Selectable for Upsert {
    type Selected = Returning<Self>;
}
impl<F> Selectable for Update<F> {
    type Selected = Returning<Self>;
}
impl<F> Selectable for Delete<F> {
    type Selected = Returning<Self>;
}

macro_rules! shapes {
    ($($shape:ident),+) => { $(
        impl<S> Sealed for $shape<S> {}
        impl<S: Ready> Ready for $shape<S> {}
        impl<S: Reads> Reads for $shape<S> {}
        impl<S: Filterable> Filterable for $shape<S> {
            type Filtered = $shape<S::Filtered>;
        }
    )+ };
}

shapes!(One, Csv, Explained, Head);
