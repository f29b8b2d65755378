//! The examples of the database, by the sections of the reference.

mod delete;
mod explain;
mod filters;
mod insert;
mod logic;
mod modifiers;
mod rpc;
mod select;
mod update;
mod upsert;
mod using_filters;

pub use delete::*;
pub use explain::*;
pub use filters::*;
pub use insert::*;
pub use logic::*;
pub use modifiers::*;
pub use rpc::*;
pub use select::*;
pub use update::*;
pub use upsert::*;
pub use using_filters::*;
