async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    let room = supabase.channel("room1");
    room.send_broadcast("cursor-pos", &1).await?;
    Ok(())
}

fn main() {}
