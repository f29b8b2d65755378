//! Follows the events of a function, and goes on where a connection broke.
//!
//! ```sh
//! cargo xtask demo function_events
//! ```

use std::env;
use std::error::Error;
use std::time::Duration;

use futures_util::TryStreamExt;
use supabase::Client;
use supabase::functions::{ErrorKind, Event, EventStream};

/// How often a broken connection is taken up again.
const MAX_RECONNECTS: usize = 3;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let supabase = Client::new(env::var("SUPABASE_URL")?, env::var("SUPABASE_ANON_KEY")?)?;

    // The first call breaks after three events; the next ones go on after the last that came.
    let mut last = None;
    for call in 0..=MAX_RECONNECTS {
        let name = if call == 0 { "sse?break" } else { "sse" };
        let invocation = supabase.functions().invoke(name).last_event_id(last.unwrap_or_default());
        let mut events = invocation.events().await?;
        match follow(&mut events).await {
            Ok(()) => {
                println!("the function has said everything");
                return Ok(());
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                let pause = events.retry().unwrap_or(Duration::from_secs(1));
                println!("{error}; once more in {pause:?}");
                tokio::time::sleep(pause).await;
                last = events.last_event_id().map(str::to_owned);
            }
            Err(error) => return Err(error.into()),
        }
    }
    println!("the connection broke too often");
    Ok(())
}

/// Prints events until they end.
async fn follow(events: &mut EventStream) -> supabase::functions::Result<()> {
    while let Some(Event { kind, data, .. }) = events.try_next().await? {
        println!("{kind}: {}", data.replace('\n', " / "));
    }
    Ok(())
}
