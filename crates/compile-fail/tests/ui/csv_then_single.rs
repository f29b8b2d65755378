async fn run(db: supabase::Client) -> supabase::Result<()> {
    let row: String = db.from("planets").select_raw("*").csv().single().await?;
    Ok(())
}

fn main() {}
