//! Programs that someone would want: see the examples of this package.
