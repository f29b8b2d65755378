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
pub enum NeedsFilterOrAllRows {}
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
/// Answers with GeoJSON.
#[derive(Debug)]
pub struct GeoJson<S>(S);

mod sealed {
    pub trait Sealed {}
}
use sealed::Sealed;

/// A stage that takes filters; `Next` is the stage once there is one.
///
/// A parameter and not an associated type: with a projection in the signature of each filter, the compiler would not
/// get as far as the words below.
#[diagnostic::on_unimplemented(
    message = "a filter cannot stand here: the query is at `{Self}`",
    label = "a filter comes after `.select(..)`, `.update(..)`, `.delete()` or `rpc(..)`",
    note = "write `.select(\"*\").eq(\"id\", 1)`, not `.eq(\"id\", 1).select(\"*\")`; an insert or upsert has no filter"
)]
pub trait Filterable<Next>: Sealed {}

/// A stage that can be sent.
#[diagnostic::on_unimplemented(
    message = "the query cannot be sent yet: it is at `{Self}`",
    label = "this would touch every row of the table, or nothing at all",
    note = "after `.update(..)` or `.delete()`, filter, for example `.eq(\"id\", 1)`, or write `.all_rows()`; after `.from(..)`, write a verb, for example `.select(\"*\")`"
)]
pub trait Ready: Sealed {}

/// A stage that answers with rows whose shape is still open.
#[diagnostic::on_unimplemented(
    message = "the shape of the answer cannot be chosen here: the query is at `{Self}`",
    label = "an answer has one shape, and only one with rows has any",
    note = "a write answers with rows once `.select(..)` asks for them; `single`, `csv`, `explain` and `head` exclude each other"
)]
pub trait Rows: Sealed {}

/// A stage whose plan can be asked for.
#[diagnostic::on_unimplemented(
    message = "there is no plan here: the query is at `{Self}`",
    label = "a plan takes the place of an answer with rows",
    note = "a write has rows once `.select(..)` asks for them; `head` has none"
)]
pub trait Plannable: Sealed {}

/// A stage that writes rows that are there already, or calls a function that may.
#[diagnostic::on_unimplemented(
    message = "this has no rows to protect: the query is at `{Self}`",
    label = "only an update, a delete or a function can affect too many rows"
)]
pub trait Affects: Sealed {}

/// A stage that writes.
#[diagnostic::on_unimplemented(
    message = "there is nothing to undo: the query is at `{Self}`",
    label = "only a write or a function can be tried and undone"
)]
pub trait Writes: Sealed {}

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

impl Sealed for NeedsVerb {}
impl Sealed for Select {}
impl Sealed for Insert {}
impl Sealed for Upsert {}
impl Sealed for Call {}
impl<F> Sealed for Update<F> {}
impl<F> Sealed for Delete<F> {}
impl<S> Sealed for Returning<S> {}
impl<S> Sealed for One<S> {}
impl<S> Sealed for Csv<S> {}
impl<S> Sealed for Explained<S> {}
impl<S> Sealed for Head<S> {}
impl<S> Sealed for GeoJson<S> {}

// Not recommended: a list of all that implement a trait would bury the trait's own message.
#[diagnostic::do_not_recommend]
impl Ready for Select {}
#[diagnostic::do_not_recommend]
impl Ready for Insert {}
#[diagnostic::do_not_recommend]
impl Ready for Upsert {}
#[diagnostic::do_not_recommend]
impl Ready for Call {}
#[diagnostic::do_not_recommend]
impl Ready for Update<Filtered> {}
#[diagnostic::do_not_recommend]
impl Ready for Delete<Filtered> {}
#[diagnostic::do_not_recommend]
impl<S: Ready> Ready for Returning<S> {}
#[diagnostic::do_not_recommend]
impl<S: Ready> Ready for One<S> {}
#[diagnostic::do_not_recommend]
impl<S: Ready> Ready for Csv<S> {}
#[diagnostic::do_not_recommend]
impl<S: Ready> Ready for Explained<S> {}
#[diagnostic::do_not_recommend]
impl<S: Ready> Ready for Head<S> {}
#[diagnostic::do_not_recommend]
impl<S: Ready> Ready for GeoJson<S> {}

#[diagnostic::do_not_recommend]
impl Rows for Select {}
#[diagnostic::do_not_recommend]
impl Rows for Call {}
#[diagnostic::do_not_recommend]
impl<S> Rows for Returning<S> {}

#[diagnostic::do_not_recommend]
impl Reads for Select {}
#[diagnostic::do_not_recommend]
impl Reads for Call {}
#[diagnostic::do_not_recommend]
impl<S: Reads> Reads for One<S> {}
#[diagnostic::do_not_recommend]
impl<S: Reads> Reads for Csv<S> {}
#[diagnostic::do_not_recommend]
impl<S: Reads> Reads for Explained<S> {}
#[diagnostic::do_not_recommend]
impl<S: Reads> Reads for Head<S> {}
#[diagnostic::do_not_recommend]
impl<S: Reads> Reads for GeoJson<S> {}

#[diagnostic::do_not_recommend]
impl Filterable<Select> for Select {}
#[diagnostic::do_not_recommend]
impl Filterable<Call> for Call {}
#[diagnostic::do_not_recommend]
impl<F> Filterable<Update<Filtered>> for Update<F> {}
#[diagnostic::do_not_recommend]
impl<F> Filterable<Delete<Filtered>> for Delete<F> {}
#[diagnostic::do_not_recommend]
impl<S: Filterable<Next>, Next> Filterable<Returning<Next>> for Returning<S> {}
#[diagnostic::do_not_recommend]
impl<S: Filterable<Next>, Next> Filterable<One<Next>> for One<S> {}
#[diagnostic::do_not_recommend]
impl<S: Filterable<Next>, Next> Filterable<Csv<Next>> for Csv<S> {}
#[diagnostic::do_not_recommend]
impl<S: Filterable<Next>, Next> Filterable<Explained<Next>> for Explained<S> {}
#[diagnostic::do_not_recommend]
impl<S: Filterable<Next>, Next> Filterable<Head<Next>> for Head<S> {}
#[diagnostic::do_not_recommend]
impl<S: Filterable<Next>, Next> Filterable<GeoJson<Next>> for GeoJson<S> {}

#[diagnostic::do_not_recommend]
impl Plannable for Select {}
#[diagnostic::do_not_recommend]
impl Plannable for Call {}
#[diagnostic::do_not_recommend]
impl Affects for Call {}
#[diagnostic::do_not_recommend]
impl Writes for Insert {}
#[diagnostic::do_not_recommend]
impl Writes for Upsert {}
#[diagnostic::do_not_recommend]
impl Writes for Call {}
#[diagnostic::do_not_recommend]
impl<S> Plannable for Returning<S> {}
#[diagnostic::do_not_recommend]
impl<S> Plannable for One<S> {}
#[diagnostic::do_not_recommend]
impl<S> Plannable for Csv<S> {}
#[diagnostic::do_not_recommend]
impl<S> Plannable for GeoJson<S> {}
#[diagnostic::do_not_recommend]
impl<F> Affects for Update<F> {}
#[diagnostic::do_not_recommend]
impl<F> Affects for Delete<F> {}
#[diagnostic::do_not_recommend]
impl<F> Writes for Update<F> {}
#[diagnostic::do_not_recommend]
impl<F> Writes for Delete<F> {}
#[diagnostic::do_not_recommend]
impl<S: Affects> Affects for Returning<S> {}
#[diagnostic::do_not_recommend]
impl<S: Writes> Writes for Returning<S> {}
#[diagnostic::do_not_recommend]
impl<S: Affects> Affects for One<S> {}
#[diagnostic::do_not_recommend]
impl<S: Writes> Writes for One<S> {}
#[diagnostic::do_not_recommend]
impl<S: Affects> Affects for Csv<S> {}
#[diagnostic::do_not_recommend]
impl<S: Writes> Writes for Csv<S> {}
#[diagnostic::do_not_recommend]
impl<S: Affects> Affects for GeoJson<S> {}
#[diagnostic::do_not_recommend]
impl<S: Writes> Writes for GeoJson<S> {}
#[diagnostic::do_not_recommend]
impl<S: Affects> Affects for Head<S> {}
#[diagnostic::do_not_recommend]
impl<S: Writes> Writes for Head<S> {}
#[diagnostic::do_not_recommend]
impl<S: Affects> Affects for Explained<S> {}
#[diagnostic::do_not_recommend]
impl<S: Writes> Writes for Explained<S> {}

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
