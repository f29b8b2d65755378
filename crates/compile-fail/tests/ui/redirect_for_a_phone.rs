async fn run(auth: supabase::auth::Client) -> supabase::auth::Result<()> {
    use supabase::auth::SignUp;
    auth.sign_up(SignUp::phone("+13334445555", "correct horse").redirect_to("https://app.example")).await?;
    Ok(())
}

fn main() {}
