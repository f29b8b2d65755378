//! `select`: reading rows.

use supabase::postgrest::{Count, Response};
use supabase::{Client, Result};

use crate::rows::{
    CountedSection, Message, MyRow, Named, OrchestralInstrument, Planet, Section, UserCity, UserTeams,
};

/// Every row of a table.
pub async fn db_select_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets = supabase.from("planets").select("*").await?;
    Ok(planets)
}

/// One column, and a row type that has only that.
pub async fn db_select_2(supabase: &Client) -> Result<Vec<Named>> {
    let planets = supabase.from("planets").select("name").await?;
    Ok(planets)
}

/// Rows, each with the rows that refer to it.
pub async fn db_select_3(supabase: &Client) -> Result<Vec<Section>> {
    let sections = supabase.from("orchestral_sections").select("name, instruments(name)").await?;
    Ok(sections)
}

/// Rows that a join table connects: it need not be named.
pub async fn db_select_4(supabase: &Client) -> Result<Vec<UserTeams>> {
    let users = supabase.from("users").select("name, teams(name)").await?;
    Ok(users)
}

/// One table referred to twice: an alias for each, and the column that refers.
pub async fn db_select_5(supabase: &Client) -> Result<Vec<Message>> {
    let messages =
        supabase.from("messages").select("content, from:sender_id(name), to:receiver_id(name)").await?;
    Ok(messages)
}

/// Every section, but of its instruments only those that the filter leaves.
pub async fn db_select_6(supabase: &Client) -> Result<Vec<Section>> {
    let sections = supabase
        .from("orchestral_sections")
        .select("name, instruments(*)")
        .eq("instruments.name", "guqin")
        .await?;
    Ok(sections)
}

/// How many rows refer to each row.
pub async fn db_select_7(supabase: &Client) -> Result<Vec<CountedSection>> {
    let sections = supabase.from("orchestral_sections").select("*, instruments(count)").await?;
    Ok(sections)
}

/// The rows, and how many there are in all: `execute` answers with both.
pub async fn db_select_8(supabase: &Client) -> Result<Response<Vec<Planet>>> {
    let response = supabase.from("planets").select("*").count(Count::Exact).execute().await?;
    Ok(response)
}

/// A value out of a JSON column.
pub async fn db_select_9(supabase: &Client) -> Result<Vec<UserCity>> {
    let users = supabase.from("users").select("id, name, address->city").await?;
    Ok(users)
}

/// Only rows whose referenced row meets the filter: `!inner` drops the others.
pub async fn db_select_10(supabase: &Client) -> Result<Vec<OrchestralInstrument>> {
    let instruments = supabase
        .from("instruments")
        .select("name, orchestral_sections!inner(name)")
        .eq("orchestral_sections.name", "woodwinds")
        .await?;
    Ok(instruments)
}

/// A table of another schema.
pub async fn db_select_11(supabase: &Client) -> Result<Vec<MyRow>> {
    let rows = supabase.schema("myschema").from("mytable").select("*").await?;
    Ok(rows)
}
