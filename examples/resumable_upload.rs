//! Uploads a large file with a progress bar. Ctrl-C ends it, and started again with the same file it goes on where it was;
//! so it does after a crash.
//!
//! Keep `cargo xtask stack` running in another terminal, as its storage forgets unfinished uploads when it stops; then
//!
//! ```sh
//! cargo xtask demo resumable_upload /path/of/film.mp4
//! ```
//!
//! Without a file it makes one of 20 MiB, and interrupts itself to show that.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use indicatif::{ProgressBar, ProgressStyle};
use supabase::Client;
use supabase::storage::{Code, FileUploads, Objects, UploadHandle};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome {
    let supabase = Client::new(env::var("SUPABASE_URL")?, env::var("SUPABASE_SERVICE_ROLE_KEY")?)?;
    match supabase.storage().create_bucket("films").await {
        Err(error) if error.code() != Some(&Code::BucketAlreadyExists) => return Err(error.into()),
        _ => {}
    }
    let films = supabase.storage().from("films");

    let Some(file) = env::args_os().nth(1).map(PathBuf::from) else { return show(&films).await };
    let ctrl_c = |_| async { tokio::signal::ctrl_c().await.map_err(Into::into) };
    match upload(&films, &file, ctrl_c).await? {
        true => println!("{} is there", file.display()),
        false => println!("interrupted: start it again to go on"),
    }
    Ok(())
}

/// Uploads a file unless `interrupted` ends before; whether it was uploaded.
async fn upload<F>(films: &Objects, file: &Path, interrupted: impl FnOnce(UploadHandle) -> F) -> Outcome<bool>
where
    F: Future<Output = Outcome>,
{
    let name =
        file.file_name().and_then(|name| name.to_str()).ok_or("the file has no name that can be sent")?;
    // What is dropped or killed is remembered here, in a file of its own, without keys.
    let store = FileUploads::new(env::temp_dir().join("supabase-uploads"));
    let upload = films.upload_resumable(name, file).upsert(true).resume_with(store);

    let handle = upload.handle();
    let bar = ProgressBar::new(file.metadata()?.len());
    bar.set_style(ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}")?);
    let watching = tokio::spawn({
        let (bar, mut progress) = (bar.clone(), handle.progress());
        async move {
            while let Some(now) = progress.next().await {
                bar.set_position(now.sent);
            }
        }
    });
    let uploaded = match select(upload.into_future(), std::pin::pin!(interrupted(handle))).await {
        Either::Left((uploaded, _)) => {
            uploaded?;
            true
        }
        // Dropping it ends it. The service keeps what it has for a day.
        Either::Right((interrupted, upload)) => {
            drop(upload);
            interrupted?;
            false
        }
    };
    watching.await?;
    bar.abandon();
    Ok(uploaded)
}

/// Uploads a file of 20 MiB in two goes.
async fn show(films: &Objects) -> Outcome {
    let name = format!("film-{}.mp4", std::process::id());
    let file = env::temp_dir().join(&name);
    std::fs::write(&file, vec![7; 20 * 1024 * 1024])?;

    let first_chunk = |handle: UploadHandle| async move {
        let mut progress = handle.progress();
        while progress.next().await.is_some_and(|now| now.confirmed == 0) {}
        Ok(())
    };
    if !upload(films, &file, first_chunk).await? {
        println!("interrupted after a chunk; it goes on");
        upload(films, &file, |_| std::future::pending()).await?;
    }
    println!("{} bytes are there", films.info(name.as_str()).await?.size.unwrap_or_default());

    films.remove([name.as_str()]).await?;
    Ok(std::fs::remove_file(file)?)
}
