//! Misuse that must not compile, and what the compiler says about it: see `tests/ui`.
//!
//! The messages are those of the toolchain that `rust-toolchain.toml` names. After a new one, or a change of a
//! message, write them anew with `TRYBUILD=overwrite cargo test -p compile-fail` and read the difference.
