//! Who is here: everybody who runs this with the same room sees the names of the others come and go.
//!
//! ```sh
//! SUPABASE_URL=… SUPABASE_ANON_KEY=… cargo run --example who_is_here -- ada
//! ```

use std::env;
use std::error::Error;

use serde::{Deserialize, Serialize};
use supabase::realtime::PresenceEvent;

#[derive(Serialize, Deserialize)]
struct Visitor {
    name: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let name = env::args().nth(1).unwrap_or_else(|| "somebody".into());
    let supabase = supabase::Client::new(env::var("SUPABASE_URL")?, env::var("SUPABASE_ANON_KEY")?)?;

    let mut room = supabase.channel("who-is-here").presence_key(&name);
    let mut presences = room.on_presence::<Visitor>().messages();
    let room = room.subscribe().await?;
    // Tracked again by itself whenever the network was away.
    room.track(&Visitor { name }).await?;

    println!("Interrupt to leave.");
    loop {
        tokio::select! {
            event = presences.next() => match event.transpose()? {
                Some(PresenceEvent::Join { new, .. }) => new.iter().for_each(|who| println!("+ {}", who.payload.name)),
                Some(PresenceEvent::Leave { left, .. }) => left.iter().for_each(|who| println!("- {}", who.payload.name)),
                Some(PresenceEvent::Sync) => {
                    let state = room.presence_state::<Visitor>()?;
                    println!("{} here: {}", state.len(), state.keys().cloned().collect::<Vec<_>>().join(", "));
                }
                Some(_) => {}
                None => break,
            },
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                break;
            }
        }
    }
    room.unsubscribe().await?;
    Ok(())
}
