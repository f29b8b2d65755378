//! The filters, from `eq` to `text_search`.

use serde_json::json;
use supabase::postgrest::{Is, TextSearch};
use supabase::{Client, Result};

use crate::rows::{Issue, IssueTitle, Named, NamelessPlanet, Planet, Quote, Reservation, Text, User};

/// Equal.
pub async fn db_eq_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets = supabase.from("planets").select("*").eq("name", "Earth").await?;
    Ok(planets)
}

/// Not equal.
pub async fn db_neq_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets = supabase.from("planets").select("*").neq("name", "Earth").await?;
    Ok(planets)
}

/// Greater.
pub async fn db_gt_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets = supabase.from("planets").select("*").gt("id", 2).await?;
    Ok(planets)
}

/// Greater or equal.
pub async fn db_gte_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets = supabase.from("planets").select("*").gte("id", 2).await?;
    Ok(planets)
}

/// Less.
pub async fn db_lt_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets = supabase.from("planets").select("*").lt("id", 2).await?;
    Ok(planets)
}

/// Less or equal.
pub async fn db_lte_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets = supabase.from("planets").select("*").lte("id", 2).await?;
    Ok(planets)
}

/// A pattern, where `%` stands for any text.
pub async fn db_like_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets = supabase.from("planets").select("*").like("name", "%Ea%").await?;
    Ok(planets)
}

/// A pattern, in upper or lower case.
pub async fn db_ilike_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets = supabase.from("planets").select("*").ilike("name", "%ea%").await?;
    Ok(planets)
}

/// Null, true or false.
pub async fn db_is_1(supabase: &Client) -> Result<Vec<NamelessPlanet>> {
    let planets = supabase.from("planets").select("*").is("name", Is::Null).await?;
    Ok(planets)
}

/// One of several values.
pub async fn db_in_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets = supabase.from("planets").select("*").in_("name", ["Earth", "Mars"]).await?;
    Ok(planets)
}

/// An array that holds all of these.
pub async fn db_contains_1(supabase: &Client) -> Result<Vec<Issue>> {
    let issues = supabase.from("issues").select("*").contains("tags", ["is:open", "priority:low"]).await?;
    Ok(issues)
}

/// A range that holds all of this one.
pub async fn db_contains_2(supabase: &Client) -> Result<Vec<Reservation>> {
    let reservations = supabase
        .from("reservations")
        .select("*")
        .contains("during", "[2000-01-01 13:00, 2000-01-01 13:30)")
        .await?;
    Ok(reservations)
}

/// JSON that holds all of this.
pub async fn db_contains_3(supabase: &Client) -> Result<Vec<User>> {
    let users = supabase.from("users").select("*").contains("address", json!({ "postcode": 90210 })).await?;
    Ok(users)
}

/// An array that holds nothing but these.
pub async fn db_contained_by_1(supabase: &Client) -> Result<Vec<Named>> {
    let classes = supabase
        .from("classes")
        .select("name")
        .contained_by("days", ["monday", "tuesday", "wednesday", "friday"])
        .await?;
    Ok(classes)
}

/// A range that lies within this one.
pub async fn db_contained_by_2(supabase: &Client) -> Result<Vec<Reservation>> {
    let reservations = supabase
        .from("reservations")
        .select("*")
        .contained_by("during", "[2000-01-01 00:00, 2000-01-01 23:59)")
        .await?;
    Ok(reservations)
}

/// JSON that holds nothing but this.
pub async fn db_contained_by_3(supabase: &Client) -> Result<Vec<Named>> {
    let users = supabase.from("users").select("name").contained_by("address", json!({})).await?;
    Ok(users)
}

/// A range that lies wholly above this one.
pub async fn db_range_gt_1(supabase: &Client) -> Result<Vec<Reservation>> {
    let reservations = supabase
        .from("reservations")
        .select("*")
        .range_gt("during", "(2000-01-02 08:00,2000-01-02 09:00)")
        .await?;
    Ok(reservations)
}

/// A range that does not begin below this one.
pub async fn db_range_gte_1(supabase: &Client) -> Result<Vec<Reservation>> {
    let reservations = supabase
        .from("reservations")
        .select("*")
        .range_gte("during", "(2000-01-02 08:30,2000-01-02 09:30)")
        .await?;
    Ok(reservations)
}

/// A range that lies wholly below this one.
pub async fn db_range_lt_1(supabase: &Client) -> Result<Vec<Reservation>> {
    let reservations = supabase
        .from("reservations")
        .select("*")
        .range_lt("during", "(2000-01-01 15:00,2000-01-01 16:00)")
        .await?;
    Ok(reservations)
}

/// A range that does not end above this one.
pub async fn db_range_lte_1(supabase: &Client) -> Result<Vec<Reservation>> {
    let reservations = supabase
        .from("reservations")
        .select("*")
        .range_lte("during", "(2000-01-01 14:00,2000-01-01 16:00)")
        .await?;
    Ok(reservations)
}

/// A range that touches this one, without overlapping it.
pub async fn db_range_adjacent_1(supabase: &Client) -> Result<Vec<Reservation>> {
    let reservations = supabase
        .from("reservations")
        .select("*")
        .range_adjacent("during", "(2000-01-01 12:00,2000-01-01 13:00)")
        .await?;
    Ok(reservations)
}

/// An array that shares an element with this one.
pub async fn db_overlaps_1(supabase: &Client) -> Result<Vec<IssueTitle>> {
    let issues =
        supabase.from("issues").select("title").overlaps("tags", ["is:closed", "severity:high"]).await?;
    Ok(issues)
}

/// A range that shares a part with this one.
pub async fn db_overlaps_2(supabase: &Client) -> Result<Vec<Reservation>> {
    let reservations = supabase
        .from("reservations")
        .select("*")
        .overlaps("during", "[2000-01-01 12:45, 2000-01-01 13:15)")
        .await?;
    Ok(reservations)
}

/// A full-text search, in PostgreSQL's own syntax.
pub async fn db_text_search_1(supabase: &Client) -> Result<Vec<Text>> {
    let texts = supabase
        .from("texts")
        .select("content")
        .text_search("content", TextSearch::tsquery("'eggs' & 'ham'").config("english"))
        .await?;
    Ok(texts)
}

/// Words that must all occur, anywhere.
pub async fn db_text_search_2(supabase: &Client) -> Result<Vec<Quote>> {
    let quotes = supabase
        .from("quotes")
        .select("catchphrase")
        .text_search("catchphrase", TextSearch::plain("'fat' & 'cat'").config("english"))
        .await?;
    Ok(quotes)
}

/// Words that must follow each other.
pub async fn db_text_search_3(supabase: &Client) -> Result<Vec<Quote>> {
    let quotes = supabase
        .from("quotes")
        .select("catchphrase")
        .text_search("catchphrase", TextSearch::phrase("'fat' & 'cat'").config("english"))
        .await?;
    Ok(quotes)
}

/// Words as people type them into a search engine.
pub async fn db_text_search_4(supabase: &Client) -> Result<Vec<Quote>> {
    let quotes = supabase
        .from("quotes")
        .select("catchphrase")
        .text_search("catchphrase", TextSearch::websearch("'fat or cat'").config("english"))
        .await?;
    Ok(quotes)
}
