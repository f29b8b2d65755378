//! Who is here: everybody who runs this sees the names of the others come and go.
//!
//! ```sh
//! cargo xtask demo who_is_here ada
//! ```

use std::env;
use std::error::Error;

use serde::{Deserialize, Serialize};
use supabase::realtime::PresenceEvent;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

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

    println!("Press enter to leave.");
    let mut typed = BufReader::new(stdin()).lines();
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
            left = typed.next_line() => {
                left?;
                break;
            }
        }
    }
    room.unsubscribe().await?;
    Ok(())
}
