//! Of a request it shows path and query.

use common::{COLUMNS, KEY, Outcome, Peer, Planet, TOKEN, Wanted};
use rust_supabase_sdk::SupabaseClient;
use rust_supabase_sdk::realtime::RealtimeEvent;

struct Client(SupabaseClient);

fn client(address: &str) -> SupabaseClient {
    SupabaseClient::new(format!("http://{address}"), KEY, Some(TOKEN.to_owned()))
}

impl Peer for Client {
    fn new(address: &str) -> Outcome<Self> {
        Ok(Self(client(address)))
    }

    async fn select(&self, rows: usize) -> Outcome<Vec<Planet>> {
        let query =
            self.0.from(format!("rows_{rows}")).select(COLUMNS).eq("galaxy", "Milky Way").order("id", true);
        Ok(query.limit(rows.try_into()?).returns::<Planet>().await?)
    }

    fn build(&self, wanted: &Wanted) -> Outcome {
        let path = self
            .0
            .from("planets")
            .select("*")
            .eq("galaxy", wanted.galaxy)
            .neq("name", wanted.not_named)
            .gt("id", wanted.after)
            .gte("moons", wanted.moons)
            .lt("radius", wanted.radius)
            .lte("mass", wanted.mass)
            .like("code", wanted.code)
            .ilike("note", wanted.note)
            .is("destroyed_at", "null")
            .is_in("class", wanted.classes)
            .contains("tags", format!("{{{}}}", wanted.tags.join(",")))
            .eq("inhabited", wanted.inhabited)
            .build_path();
        drop(std::hint::black_box(path));
        Ok(())
    }

    async fn broadcasts(address: &str, topic: &str, count: usize) -> Outcome {
        let realtime = client(address).realtime().connect().await?;
        let mut channel =
            realtime.channel(format!("realtime:{topic}")).on_broadcast(false, false).subscribe().await?;
        let mut came = 0;
        while came < count {
            match channel.recv().await {
                Some(RealtimeEvent::Broadcast(broadcast)) if broadcast.event == "cursor-pos" => {
                    drop(std::hint::black_box(broadcast));
                    came += 1;
                }
                Some(RealtimeEvent::Closed | RealtimeEvent::Error(_)) | None => {
                    return Err("a broadcast is missing".into());
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

fn main() -> Outcome {
    common::run::<Client>()
}
