//! It hands back the response of an older reqwest, so that status and rows are read by hand.

use common::{COLUMNS, KEY, Outcome, Peer, Planet, TOKEN, Wanted};
use postgrest::Postgrest;

struct Client(Postgrest);

impl Peer for Client {
    fn new(address: &str) -> Outcome<Self> {
        Ok(Self(Postgrest::new(format!("http://{address}/rest/v1")).insert_header("apikey", KEY)))
    }

    async fn select(&self, rows: usize) -> Outcome<Vec<Planet>> {
        let query = self
            .0
            .from(format!("rows_{rows}"))
            .select(COLUMNS)
            .eq("galaxy", "Milky Way")
            .order("id")
            .limit(rows);
        let response = query.auth(TOKEN).execute().await?;
        let status = response.status();
        let body = response.bytes().await?;
        if !status.is_success() {
            return Err(format!("{status}").into());
        }
        Ok(serde_json::from_slice(&body)?)
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
            .build()
            .build()?;
        drop(std::hint::black_box(request));
        Ok(())
    }
}

fn main() -> Outcome {
    common::run::<Client>()
}
