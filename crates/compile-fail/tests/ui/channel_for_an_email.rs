async fn run(auth: supabase::auth::Client) -> supabase::auth::Result<()> {
    use supabase::auth::{Channel, Otp};
    auth.sign_in(Otp::email("ada@example.com").channel(Channel::WhatsApp)).await?;
    Ok(())
}

fn main() {}
