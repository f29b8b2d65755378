//! Programs that someone would want: see the examples of this package.

/// The README of the workspace, so that its example is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// So that its examples are compiled, too.
#[cfg(doctest)]
#[doc = include_str!("../../docs/migrating.md")]
struct Migrating;
