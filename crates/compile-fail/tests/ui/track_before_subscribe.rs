async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    let room = supabase.channel("room1");
    room.track(&1).await?;
    Ok(())
}

fn main() {}
