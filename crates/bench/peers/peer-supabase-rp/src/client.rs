//! Its Realtime wants a session, which is given to it.

use std::time::Duration;

use common::{COLUMNS, KEY, Outcome, Peer, Planet, TOKEN, Wanted};
use supabase_rp::realtime::futures::StreamExt;
use supabase_rp::realtime::message::ProtocolPayload;
use supabase_rp::realtime::message::phx_join::BroadcastConfig;
use supabase_rp::realtime::realtime::RealtimeConnection;
use supabase_rp::realtime::rp_supabase_auth::jwt_stream::SupabaseAuthConfig;

struct Client(supabase_rp::Client);

impl Peer for Client {
    fn new(address: &str) -> Outcome<Self> {
        Ok(Self(supabase_rp::Client::new(&format!("http://{address}/"), KEY)?.with_access_token(TOKEN)?))
    }

    async fn select(&self, rows: usize) -> Outcome<Vec<Planet>> {
        let query = self.0.from(&format!("rows_{rows}")).select(COLUMNS).eq("galaxy", "Milky Way");
        Ok(query.order("id").limit(rows).fetch().await?)
    }

    fn build(&self, wanted: &Wanted) -> Outcome {
        let request = self
            .0
            .from("planets")
            .select("*")
            .eq("galaxy", wanted.galaxy)
            .neq("name", wanted.not_named)
            .gt("id", wanted.after.to_string())
            .gte("moons", wanted.moons.to_string())
            .lt("radius", wanted.radius.to_string())
            .lte("mass", wanted.mass.to_string())
            .like("code", wanted.code)
            .ilike("note", wanted.note)
            .is("destroyed_at", "null")
            .in_("class", wanted.classes)
            .cs("tags", format!("{{{}}}", wanted.tags.join(",")))
            .eq("inhabited", wanted.inhabited.to_string())
            .build()?
            .build()?;
        drop(std::hint::black_box(request));
        Ok(())
    }

    async fn broadcasts(address: &str, topic: &str, count: usize) -> Outcome {
        let config = SupabaseAuthConfig {
            url: format!("http://{address}/").parse()?,
            api_key: KEY.to_owned(),
            max_reconnect_attempts: 1,
            reconnect_interval: Duration::from_secs(1),
        };
        let session = serde_json::from_value(serde_json::json!({
            "access_token": TOKEN, "refresh_token": "tumxev6o7tsb", "token_type": "bearer", "expires_in": 3600,
        }))?;
        let connection = RealtimeConnection::broadcast(config, topic);
        let (mut messages, mut client) = connection.connect_with_session(session).await?;
        client.join(BroadcastConfig { self_item: false, ack: false }).await?;
        let mut came = 0;
        while came < count {
            match messages.next().await.ok_or("a broadcast is missing")??.payload {
                ProtocolPayload::Broadcast(broadcast) if broadcast.event == "cursor-pos" => {
                    drop(std::hint::black_box(broadcast));
                    came += 1;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn main() -> Outcome {
    common::run::<Client>()
}
