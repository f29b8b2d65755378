//! `realtime`: hearing what happens while it happens.
//!
//! A channel is described, streams are bound to it, and then it is subscribed. `messages()` passes over gaps, which the
//! streams tell otherwise.

use realtime::{Broadcast, Change, Changes, Channel, Listener, Messages, PresenceEvent, Record};
use serde_json::{Value, json};
use supabase::{Client, Result, realtime};

use crate::rows::Country;

/// A client. There is one kind, and it is asynchronous.
pub fn realtime_acreate_client_1(url: &str, key: &str) -> Result<Client> {
    let supabase = Client::new(url, key)?;
    Ok(supabase)
}

/// Broadcasts of one name, read as any type.
pub async fn realtime_subscribe_1(supabase: &Client) -> Result<(Channel, Messages<Broadcast<Value>>)> {
    let mut room = supabase.channel("room1");
    let positions = room.on_broadcast("cursor-pos").messages();
    let room = room.subscribe().await?;
    room.send_broadcast("cursor-pos", &json!({ "x": 0.4, "y": 0.7 })).await?;
    Ok((room, positions))
}

/// Presence: `Sync` says that the state is up to date.
pub async fn realtime_subscribe_2(supabase: &Client) -> Result<(Channel, Messages<PresenceEvent<Value>>)> {
    let mut room = supabase.channel("room1");
    let mut presences = room.on_presence::<Value>().messages();
    let room = room.subscribe().await?;
    room.track(&json!({ "online_at": "2026-11-25T12:00:00Z" })).await?;
    while let Some(event) = presences.next().await {
        if matches!(event?, PresenceEvent::Sync) && !room.presence_state::<Value>()?.is_empty() {
            break;
        }
    }
    Ok((room, presences))
}

/// Presence: who comes.
pub async fn realtime_subscribe_3(supabase: &Client) -> Result<Vec<Value>> {
    let mut room = supabase.channel("room1");
    let mut presences = room.on_presence::<Value>().messages();
    let room = room.subscribe().await?;
    room.track(&json!({ "online_at": "2026-11-25T12:00:00Z" })).await?;
    let mut joined = Vec::new();
    while joined.is_empty()
        && let Some(event) = presences.next().await
    {
        if let PresenceEvent::Join { new, .. } = event? {
            joined.extend(new.into_iter().map(|presence| presence.payload));
        }
    }
    Ok(joined)
}

/// Presence: who leaves.
pub async fn realtime_subscribe_4(supabase: &Client) -> Result<Vec<Value>> {
    let mut room = supabase.channel("room1");
    let mut presences = room.on_presence::<Value>().messages();
    let room = room.subscribe().await?;
    room.track(&json!({ "online_at": "2026-11-25T12:00:00Z" })).await?;
    room.untrack().await?;
    let mut gone = Vec::new();
    while gone.is_empty()
        && let Some(event) = presences.next().await
    {
        if let PresenceEvent::Leave { left, .. } = event? {
            gone.extend(left.into_iter().map(|presence| presence.payload));
        }
    }
    Ok(gone)
}

/// Every change of every table. A [`Record`] is a row that is read later.
pub async fn realtime_subscribe_5(supabase: &Client) -> Result<(Channel, Messages<Change<Record>>)> {
    let mut room = supabase.channel("room1");
    let changes = room.on_postgres_changes(Changes::all().schema("*")).messages();
    let room = room.subscribe().await?;
    Ok((room, changes))
}

/// Every change of one table, its rows read as a type. This stream tells gaps as well.
pub async fn realtime_subscribe_6(supabase: &Client) -> Result<(Channel, Listener<Change<Country>>)> {
    let mut room = supabase.channel("room1");
    let changes = room.on_postgres_changes(Changes::all().schema("public").table("countries"));
    let room = room.subscribe().await?;
    Ok((room, changes))
}

/// Rows that are added.
pub async fn realtime_subscribe_7(supabase: &Client) -> Result<(Channel, Messages<Change<Country>>)> {
    let mut room = supabase.channel("room1");
    let inserts = room.on_postgres_changes(Changes::insert().schema("public").table("countries")).messages();
    let room = room.subscribe().await?;
    Ok((room, inserts))
}

/// Rows that are changed.
pub async fn realtime_subscribe_8(supabase: &Client) -> Result<(Channel, Messages<Change<Country>>)> {
    let mut room = supabase.channel("room1");
    let updates = room.on_postgres_changes(Changes::update().schema("public").table("countries")).messages();
    let room = room.subscribe().await?;
    Ok((room, updates))
}

/// Rows that are removed: `old_record` has their primary key.
pub async fn realtime_subscribe_9(supabase: &Client) -> Result<(Channel, Messages<Change<Country>>)> {
    let mut room = supabase.channel("room1");
    let deletes = room.on_postgres_changes(Changes::delete().schema("public").table("countries")).messages();
    let room = room.subscribe().await?;
    Ok((room, deletes))
}

/// Several streams of one channel.
pub async fn realtime_subscribe_10(supabase: &Client) -> Result<(Channel, [Messages<Change<Country>>; 2])> {
    let mut room = supabase.channel("room1");
    let inserts = room.on_postgres_changes(Changes::insert().schema("public").table("countries")).messages();
    let deletes = room.on_postgres_changes(Changes::delete().schema("public").table("countries")).messages();
    let room = room.subscribe().await?;
    Ok((room, [inserts, deletes]))
}

/// Changes of the rows that fulfil a condition.
pub async fn realtime_subscribe_11(supabase: &Client) -> Result<(Channel, Messages<Change<Country>>)> {
    let mut room = supabase.channel("room1");
    let changes = Changes::update().schema("public").table("countries").eq("id", 200);
    let updates = room.on_postgres_changes(changes).messages();
    let room = room.subscribe().await?;
    Ok((room, updates))
}

/// Leaves a channel. It is left by itself when its last handle and its last stream are dropped.
pub async fn realtime_remove_channel_1(supabase: &Client, room: &Channel) -> Result<()> {
    supabase.realtime().remove_channel(room).await?;
    Ok(())
}

/// Leaves all channels.
pub async fn realtime_remove_all_channels_1(supabase: &Client) -> Result<()> {
    supabase.realtime().remove_all_channels().await?;
    Ok(())
}

/// The channels of this client.
pub fn realtime_get_channels_1(supabase: &Client) -> Vec<Channel> {
    supabase.realtime().get_channels()
}

/// Sends to everybody in the channel. It can be sent only where the channel is joined: anything else does not compile.
pub async fn realtime_send_broadcast_1(supabase: &Client) -> Result<()> {
    let room = supabase.channel("room1").subscribe().await?;
    room.send_broadcast("cursor-pos", &json!({ "x": 0.4, "y": 0.7 })).await?;
    Ok(())
}
