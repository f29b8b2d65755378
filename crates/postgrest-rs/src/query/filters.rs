//! Which rows are meant. The conditions themselves are those of [`Column`](crate::Column) and
//! [`Filter`](crate::Filter).

mod compare;
mod contain;
mod logic;
mod pattern;
