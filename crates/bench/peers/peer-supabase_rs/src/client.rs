//! Its rows are `Value`s, which a program decodes once more. It has one key for both headers, so this is the token. Of the
//! twelve filters it has eight; the others are written as parameters, and of the request it shows the query.

use common::{COLUMNS, Outcome, Peer, Planet, TOKEN, Wanted};
use supabase_rs::SupabaseClient;

struct Client(SupabaseClient);

impl Peer for Client {
    fn new(address: &str) -> Outcome<Self> {
        Ok(Self(SupabaseClient::new(format!("http://{address}"), TOKEN)?))
    }

    async fn select(&self, rows: usize) -> Outcome<Vec<Planet>> {
        let query = self.0.select(&format!("rows_{rows}")).columns(vec![COLUMNS]).eq("galaxy", "Milky Way");
        let rows = query.order("id", true).limit(rows).execute().await?;
        Ok(rows.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?)
    }

    fn build(&self, wanted: &Wanted) -> Outcome {
        let mut builder = self
            .0
            .select("planets")
            .columns(vec!["*"])
            .eq("galaxy", wanted.galaxy)
            .neq("name", wanted.not_named)
            .gt("id", &wanted.after.to_string())
            .gte("moons", &wanted.moons.to_string())
            .lt("radius", &wanted.radius.to_string())
            .lte("mass", &wanted.mass.to_string())
            .in_("class", &wanted.classes)
            .eq("inhabited", &wanted.inhabited.to_string());
        builder.query.add_param("code", &format!("like.{}", wanted.code));
        builder.query.add_param("note", &format!("ilike.{}", wanted.note));
        builder.query.add_param("destroyed_at", "is.null");
        builder.query.add_param("tags", &format!("cs.{{{}}}", wanted.tags.join(",")));
        drop(std::hint::black_box(builder.query.build()));
        Ok(())
    }
}

fn main() -> Outcome {
    common::run::<Client>()
}
