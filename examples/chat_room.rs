//! A chat room in a terminal: what you type is heard by everybody who runs this with the same room.
//!
//! ```sh
//! cargo xtask demo chat_room ada lobby
//! ```

use std::env;
use std::error::Error;

use serde::{Deserialize, Serialize};
use supabase::realtime::{ChannelStatus, Delivery, WhileAway};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    from: String,
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let name = env::args().nth(1).unwrap_or_else(|| "somebody".into());
    let room = env::args().nth(2).unwrap_or_else(|| "lobby".into());
    let supabase = supabase::Client::new(env::var("SUPABASE_URL")?, env::var("SUPABASE_ANON_KEY")?)?;

    // What is typed while the network is away waits for it.
    let mut channel = supabase.channel(&room).while_away(WhileAway::Queue(100));
    let mut lines = channel.on_broadcast::<Line>("line");
    let channel = channel.subscribe().await?;
    println!("You are in {room}. Type, and press enter; an empty line ends.");

    let mut statuses = channel.statuses();
    let mut typed = BufReader::new(stdin()).lines();
    loop {
        tokio::select! {
            line = typed.next_line() => match line? {
                Some(text) if !text.trim().is_empty() => {
                    channel.send_broadcast("line", &Line { from: name.clone(), text }).await?;
                }
                _ => break,
            },
            item = lines.next() => match item {
                Some(Ok(Delivery::Message(line))) => println!("{}: {}", line.payload.from, line.payload.text),
                Some(Ok(Delivery::Gap(gap))) => println!("(the network was away since {})", gap.since),
                Some(Ok(other)) => println!("({other:?})"),
                Some(Err(error)) => println!("({error})"),
                None => break,
            },
            Some(status) = statuses.next() => if let ChannelStatus::Interrupted(error) = status {
                println!("({error}; trying again)");
            },
        }
    }
    channel.unsubscribe().await?;
    Ok(())
}
