//! It has one key for both headers, so this is the token. It shows no request before it is sent, and its Realtime gives
//! no content of broadcasts.

use common::{COLUMNS, Outcome, Peer, Planet, TOKEN};
use supabase::types::OrderDirection;

struct Client(supabase::Client);

impl Peer for Client {
    fn new(address: &str) -> Outcome<Self> {
        Ok(Self(supabase::Client::new(&format!("http://{address}"), TOKEN)?))
    }

    async fn select(&self, rows: usize) -> Outcome<Vec<Planet>> {
        let query = self.0.database().from(&format!("rows_{rows}")).select(COLUMNS).eq("galaxy", "Milky Way");
        Ok(query.order("id", OrderDirection::Ascending).limit(rows.try_into()?).execute().await?)
    }
}

fn main() -> Outcome {
    common::run::<Client>()
}
