//! Avatars: everybody keeps a picture of their own in a private bucket, and shows it by URLs that expire, as large as a
//! page needs it.
//!
//! ```sh
//! cargo xtask demo avatars
//! ```

use std::env;
use std::error::Error;
use std::time::Duration;

use supabase::Client;
use supabase::storage::{Code, Objects, Resize, Transform};

const BUCKET: &str = "example-avatars";

/// The smallest PNG there is, in the place of a photograph.
const PICTURE: [u8; 67] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0,
    0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63,
    0x60, 0, 0, 0, 2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60,
    0x82,
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A server of one's own: the service role signs for everybody.
    let supabase = Client::new(env::var("SUPABASE_URL")?, env::var("SUPABASE_SERVICE_ROLE_KEY")?)?;
    let storage = supabase.storage();

    let created = storage
        .create_bucket(BUCKET)
        .allowed_mime_types(["image/png", "image/jpeg"])
        .file_size_limit("1MB")
        .await;
    match created {
        Ok(name) => println!("the bucket {name} is new"),
        Err(error) if error.code() == Some(&Code::BucketAlreadyExists) => println!("the bucket is there"),
        Err(error) => return Err(error.into()),
    }
    let avatars = storage.from(BUCKET);

    // A browser uploads by itself: it gets a URL for this one object, and no key.
    let theirs = avatars.create_signed_upload_url("ada/avatar.png").upsert(true).await?;
    avatars.upload_to_signed_url(&theirs.path, theirs.token, &PICTURE).await?;

    for (what, url) in pictures(&avatars, "ada/avatar.png").await? {
        println!("{what}: {} characters", url.len());
    }

    // What does not belong here is refused, with a code that says why.
    match avatars.upload("ada/notes.txt", "not a picture").await {
        Err(error) if error.code() == Some(&Code::InvalidMimeType) => {
            println!("refused: {}", error.message())
        }
        Err(error) => return Err(error.into()),
        Ok(_) => println!("the bucket takes more than pictures"),
    }

    let removed = avatars.remove(["ada/avatar.png", "ada/notes.txt"]).await?;
    println!("{} removed", removed.len());
    storage.delete_bucket(BUCKET).await?;
    Ok(())
}

/// URLs for a page: small for a list, large for a profile, and one that saves the original.
async fn pictures(avatars: &Objects, path: &str) -> supabase::Result<Vec<(&'static str, String)>> {
    let hour = Duration::from_secs(3600);
    let size = |pixels| Transform::new().width(pixels).height(pixels).resize(Resize::Cover);
    let small = avatars.create_signed_url(path, hour).transform(size(64)).await?;
    let large = avatars.create_signed_url(path, hour).transform(size(512).quality(90)).await?;
    let original = avatars.create_signed_url(path, hour).download_as("avatar.png").await?;
    Ok(vec![("small", small.into()), ("large", large.into()), ("original", original.into())])
}
