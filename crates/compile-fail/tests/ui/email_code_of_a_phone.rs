async fn run(auth: supabase::auth::Client) -> supabase::auth::Result<()> {
    use supabase::auth::{PhoneOtp, Verify};
    auth.verify_otp(Verify::email("ada@example.com", "123456", PhoneOtp::Sms)).await?;
    Ok(())
}

fn main() {}
