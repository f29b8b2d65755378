//! `storage.*`: buckets, and the files in them.

use std::path::Path;
use std::time::Duration;

use supabase::reqwest::Url;
use supabase::storage::{
    Bucket, Copied, Downloaded, FileObject, ListColumn, Order, SignedPath, SignedUploadUrl, SignedUrl,
    StoredObject, Transform, Uploaded,
};
use supabase::{Client, Result};

/// A private bucket that takes only small PNG images.
pub async fn storage_create_bucket_1(supabase: &Client) -> Result<String> {
    let name = supabase
        .storage()
        .create_bucket("avatars")
        .public(false)
        .allowed_mime_types(["image/png"])
        .file_size_limit(1024)
        .await?;
    Ok(name)
}

/// What is known of a bucket.
pub async fn storage_get_bucket_1(supabase: &Client) -> Result<Bucket> {
    let bucket = supabase.storage().get_bucket("avatars").await?;
    Ok(bucket)
}

/// All buckets.
pub async fn storage_list_buckets_1(supabase: &Client) -> Result<Vec<Bucket>> {
    let buckets = supabase.storage().list_buckets().await?;
    Ok(buckets)
}

/// Other rules for a bucket.
pub async fn storage_update_bucket_1(supabase: &Client) -> Result<()> {
    supabase
        .storage()
        .update_bucket("avatars")
        .public(false)
        .allowed_mime_types(["image/png"])
        .file_size_limit(1024)
        .await?;
    Ok(())
}

/// A bucket is deleted; it must be empty.
pub async fn storage_delete_bucket_1(supabase: &Client) -> Result<()> {
    supabase.storage().delete_bucket("avatars").await?;
    Ok(())
}

/// A bucket is emptied.
pub async fn storage_empty_bucket_1(supabase: &Client) -> Result<()> {
    supabase.storage().empty_bucket("avatars").await?;
    Ok(())
}

/// A file is uploaded, piece by piece as it is read.
pub async fn storage_upload_1(supabase: &Client, file: &Path) -> Result<Uploaded> {
    let uploaded = supabase
        .storage()
        .from("avatars")
        .upload("public/avatar1.png", file)
        .cache_control(Duration::from_secs(3600))
        .upsert(false)
        .await?;
    Ok(uploaded)
}

/// An object is downloaded to a file.
pub async fn storage_download_1(supabase: &Client, file: &Path) -> Result<Downloaded> {
    let downloaded = supabase.storage().from("avatars").download("folder/avatar1.png").to_file(file).await?;
    Ok(downloaded)
}

/// An image is resized on its way.
pub async fn storage_download_2(supabase: &Client, file: &Path) -> Result<Downloaded> {
    let downloaded = supabase
        .storage()
        .from("avatars")
        .download("folder/avatar1.png")
        .transform(Transform::new().width(100).height(100).quality(80))
        .to_file(file)
        .await?;
    Ok(downloaded)
}

/// What stands in a folder.
pub async fn storage_list_1(supabase: &Client) -> Result<Vec<FileObject>> {
    let files = supabase
        .storage()
        .from("avatars")
        .list("folder")
        .limit(100)
        .offset(0)
        .sort(ListColumn::Name, Order::Descending)
        .await?;
    Ok(files)
}

/// What stands in a folder under a name that begins so.
pub async fn storage_list_2(supabase: &Client) -> Result<Vec<FileObject>> {
    let files = supabase
        .storage()
        .from("avatars")
        .list("folder")
        .limit(100)
        .offset(0)
        .sort(ListColumn::Name, Order::Descending)
        .search("jon")
        .await?;
    Ok(files)
}

/// The content of an object is replaced.
pub async fn storage_update_1(supabase: &Client, file: &Path) -> Result<Uploaded> {
    let updated = supabase
        .storage()
        .from("avatars")
        .update("public/avatar1.png", file)
        .cache_control(Duration::from_secs(3600))
        .upsert(true)
        .await?;
    Ok(updated)
}

/// An object is moved.
pub async fn storage_move_1(supabase: &Client) -> Result<()> {
    supabase.storage().from("avatars").move_("public/avatar1.png", "private/avatar2.png").await?;
    Ok(())
}

/// An object is copied.
pub async fn storage_copy_1(supabase: &Client) -> Result<Copied> {
    let copied = supabase.storage().from("avatars").copy("public/avatar1.png", "private/avatar2.png").await?;
    Ok(copied)
}

/// Objects are removed.
pub async fn storage_remove_1(supabase: &Client) -> Result<Vec<StoredObject>> {
    let removed = supabase.storage().from("avatars").remove(["folder/avatar1.png"]).await?;
    Ok(removed)
}

/// A URL by which whoever has it reads an object, for a minute.
pub async fn storage_create_signed_url_1(supabase: &Client) -> Result<SignedUrl> {
    let url = supabase
        .storage()
        .from("avatars")
        .create_signed_url("folder/avatar1.png", Duration::from_secs(60))
        .await?;
    Ok(url)
}

/// The same for an image in another size.
pub async fn storage_create_signed_url_2(supabase: &Client) -> Result<SignedUrl> {
    let url = supabase
        .storage()
        .from("avatars")
        .create_signed_url("folder/avatar1.png", Duration::from_secs(60))
        .transform(Transform::new().width(100).height(100))
        .await?;
    Ok(url)
}

/// The same, and browsers save the object.
pub async fn storage_create_signed_url_3(supabase: &Client) -> Result<SignedUrl> {
    let url = supabase
        .storage()
        .from("avatars")
        .create_signed_url("folder/avatar1.png", Duration::from_secs(60))
        .download()
        .await?;
    Ok(url)
}

/// URLs for several objects.
pub async fn storage_create_signed_urls_1(supabase: &Client) -> Result<Vec<SignedPath>> {
    let urls = supabase
        .storage()
        .from("avatars")
        .create_signed_urls(["folder/avatar1.png", "folder/avatar2.png"], Duration::from_secs(60))
        .await?;
    Ok(urls)
}

/// A URL by which whoever has it uploads an object.
pub async fn storage_create_signed_upload_url_1(supabase: &Client) -> Result<SignedUploadUrl> {
    let signed = supabase.storage().from("avatars").create_signed_upload_url("folder/avatar1.png").await?;
    Ok(signed)
}

/// An upload by the token of such a URL.
pub async fn storage_upload_to_signed_url_1(supabase: &Client, token: &str, file: &Path) -> Result<Uploaded> {
    let uploaded =
        supabase.storage().from("avatars").upload_to_signed_url("folder/cat.jpg", token, file).await?;
    Ok(uploaded)
}

/// The URL of an object in a public bucket.
pub fn storage_get_public_url_1(supabase: &Client) -> Result<Url> {
    let url = supabase.storage().from("avatars").get_public_url("folder/avatar1.jpg").url()?;
    Ok(url)
}

/// The same for an image in another size.
pub fn storage_get_public_url_2(supabase: &Client) -> Result<Url> {
    let url = supabase
        .storage()
        .from("avatars")
        .get_public_url("folder/avatar1.jpg")
        .transform(Transform::new().width(100).height(100))
        .url()?;
    Ok(url)
}

/// The same, and browsers save the object.
pub fn storage_get_public_url_3(supabase: &Client) -> Result<Url> {
    let url = supabase.storage().from("avatars").get_public_url("folder/avatar1.jpg").download().url()?;
    Ok(url)
}
