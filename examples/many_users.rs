//! A server that acts for many users at once: one client, and a cheap handle for each request.
//!
//! Each line that a client of this server sends is `<access token> <note>`: the note is stored as the user whom the
//! token names, and the answer is how many notes that user can see. Row level security decides; the server checks
//! nothing, and holds no session.
//!
//! ```sh
//! cargo xtask demo many_users
//! ```

use std::env;

use serde_json::json;
use supabase::Client;
use supabase::auth::SignUp;
use supabase::postgrest::Count;
use supabase::secrecy::ExposeSecret;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let (url, key) = (env::var("SUPABASE_URL")?, env::var("SUPABASE_ANON_KEY")?);
    let supabase = Client::new(&url, key.as_str())?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            // Cloning shares everything, so every connection may have a client.
            tokio::spawn(serve(connection, supabase.clone()));
        }
    });

    // Two users of the service, each with two notes, all at the same time.
    let (ada, ben) = tokio::try_join!(sign_up(&url, &key), sign_up(&url, &key))?;
    let answers = tokio::try_join!(
        ask(address, &ada, "Ada's first note"),
        ask(address, &ben, "Ben's first note"),
        ask(address, "not-a-token", "nobody's note"),
    )?;
    println!("{answers:?}");
    println!("Ada again: {}", ask(address, &ada, "Ada's second note").await?);
    println!("Ben again: {}", ask(address, &ben, "Ben's second note").await?);
    Ok(())
}

/// Serves one client: a line in, a line out.
async fn serve(mut connection: TcpStream, supabase: Client) -> Result<()> {
    let (reader, mut writer) = connection.split();
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        let (token, note) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match keep(&supabase.as_user(token), note).await {
            Ok(notes) => format!("kept; you have {notes}\n"),
            Err(error) => format!("refused: {error}\n"),
        };
        writer.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

/// Stores a note as the user of this handle, and counts what that user can see.
async fn keep(user: &Client, note: &str) -> supabase::Result<u64> {
    user.from("notes").insert(json!({ "body": note })).await?;
    let answer = user.from("notes").select_raw("id").count(Count::Exact).head().execute().await?;
    Ok(answer.count.unwrap_or_default())
}

async fn ask(server: std::net::SocketAddr, token: &str, note: &str) -> Result<String> {
    let mut connection = TcpStream::connect(server).await?;
    connection.write_all(format!("{token} {note}\n").as_bytes()).await?;
    let answer = BufReader::new(connection).lines().next_line().await?;
    answer.ok_or_else(|| "the server said nothing".into())
}

/// A new user of the project, and its access token: what a browser would do before it calls this server.
async fn sign_up(url: &str, key: &str) -> Result<String> {
    let unique = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
    let browser = Client::new(url, key)?;
    let user = SignUp::email(format!("user-{unique}@example.com"), format!("pw-{unique}"));
    let session = browser.auth().sign_up(user).await?.session;
    let session = session.ok_or("the stack did not sign the user in")?;
    Ok(session.access_token.expose_secret().to_owned())
}
