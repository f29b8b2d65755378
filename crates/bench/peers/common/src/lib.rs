//! What the measured programs of all clients share: `client-<name> <workload> <operations> <address>`.

#[path = "../../../src/workload.rs"]
pub mod workload;

use std::env;
use std::error::Error;
use std::future::Future;

pub use workload::{KEY, Planet, TOKEN, Wanted, wanted};
use workload::{expect, peak_kilobytes};

pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The columns that all of them ask for.
pub const COLUMNS: &str = "id,name,galaxy,radius,inhabited,discovered_at,note";

/// A client, which does each workload as its documentation says. What it has not is left as it is here.
#[allow(async_fn_in_trait, reason = "one thread, and no other user")]
pub trait Peer: Sized {
    fn new(address: &str) -> Outcome<Self>;

    /// Reads so many rows: `galaxy=eq.Milky Way`, ordered by id, with a limit, as the user that the token names.
    async fn select(&self, rows: usize) -> Outcome<Vec<Planet>>;

    /// A request of twelve filters that is not sent.
    fn build(&self, _wanted: &Wanted) -> Outcome {
        Err("the client shows no request before it is sent".into())
    }

    /// Receives so many broadcasts of a topic, in version 1.0.0 of the protocol.
    async fn broadcasts(_address: &str, _topic: &str, _count: usize) -> Outcome {
        Err("the client has no Realtime".into())
    }
}

/// The whole program: fails if an answer is not what it should be, and prints the most memory that it had, in kilobytes.
pub fn run<P: Peer>() -> Outcome {
    block_on(async {
        let arguments: Vec<_> = env::args().skip(1).collect();
        let [workload, operations, address] = arguments.as_slice() else {
            return Err("write: <workload> <operations> <address>".into());
        };
        let operations = operations.parse()?;
        match workload.as_str() {
            "build-12" => {
                let client = P::new(address)?;
                for _ in 0..operations {
                    client.build(&wanted())?;
                }
            }
            "broadcasts" => P::broadcasts(address, &format!("text-{operations}"), operations).await?,
            other => {
                let rows = other.strip_prefix("select-").ok_or("there is no such workload")?.parse()?;
                let client = P::new(address)?;
                for _ in 0..operations {
                    expect(&client.select(rows).await?, rows)?;
                }
            }
        }
        println!("{}", peak_kilobytes().unwrap_or_default());
        Ok(())
    })
}

/// One thread for all, as the other measured programs have it.
pub fn block_on<T>(future: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
