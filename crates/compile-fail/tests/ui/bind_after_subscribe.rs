async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    let mut room = supabase.channel("room1").subscribe().await?;
    let cursors = room.on_broadcast::<u8>("cursor-pos");
    Ok(())
}

fn main() {}
