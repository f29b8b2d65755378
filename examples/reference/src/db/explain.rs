//! `explain`: the plan of a query.

use supabase::postgrest::Explain;
use supabase::{Client, Result};

/// How the server would run the query.
pub async fn db_using_explain_1(supabase: &Client) -> Result<String> {
    let plan = supabase.from("planets").select_raw("*").explain(Explain::new()).await?;
    Ok(plan)
}

/// How the server ran the query, with times and columns.
pub async fn db_using_explain_2(supabase: &Client) -> Result<String> {
    let plan = supabase.from("planets").select_raw("*").explain(Explain::new().analyze().verbose()).await?;
    Ok(plan)
}
