//! The kinds of calls, and what a server that is well answers.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use supabase::auth::Password;
use supabase::functions::Method;
use supabase::realtime::{Broadcast, Delivery, Listener};
use supabase::secrecy::ExposeSecret;
use supabase::{Client, Error};
use supabase_mock::http::{Answer, Request};
use supabase_mock::realtime::Server;

use crate::secrets::Secrets;

/// How long a call may take.
pub(crate) const LIMIT: Duration = Duration::from_millis(1_500);

/// How long no piece of a download may come.
const PATIENCE: Duration = Duration::from_millis(700);

/// What a call may take beyond its limits on a machine that is busy.
const SLACK: Duration = Duration::from_secs(2);

/// The file that is uploaded, and the one that is downloaded to, in the folder of the cell.
pub(crate) const UPLOADED: &str = "upload.txt";
pub(crate) const DOWNLOADED: &str = "download.bin";

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Read,
    Write,
    Upload,
    UploadThatReplaces,
    Download,
    Function,
    FunctionByGet,
    SignIn,
    Refresh,
    Join,
}

/// What a server that is well answers to a call, and what the call then answers with.
#[derive(Clone, Debug)]
pub(crate) struct Good {
    pub(crate) status: u16,
    pub(crate) media_type: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) answers: Vec<u8>,
}

impl Call {
    pub(crate) const ALL: [Self; 10] = [
        Self::Read,
        Self::Write,
        Self::Upload,
        Self::UploadThatReplaces,
        Self::Download,
        Self::Function,
        Self::FunctionByGet,
        Self::SignIn,
        Self::Refresh,
        Self::Join,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Upload => "upload",
            Self::UploadThatReplaces => "upload that replaces",
            Self::Download => "download",
            Self::Function => "function",
            Self::FunctionByGet => "function by GET",
            Self::SignIn => "sign-in",
            Self::Refresh => "refresh",
            Self::Join => "join",
        }
    }

    /// Whether the server does something for it, so that it matters how often.
    pub(crate) fn acts(self) -> bool {
        !matches!(self, Self::Read | Self::Download | Self::FunctionByGet | Self::Join)
    }

    /// Whether the service is known to take it twice as once.
    pub(crate) fn is_idempotent(self) -> bool {
        matches!(self, Self::UploadThatReplaces | Self::Refresh)
    }

    /// Whether its answer is JSON, and not whatever there is.
    pub(crate) fn answers_json(self) -> bool {
        self != Self::Download
    }

    /// How long it may take, whatever happens.
    pub(crate) fn longest(self) -> Duration {
        SLACK
            + match self {
                // One limit for each try that brings nothing.
                Self::Download => PATIENCE * 4,
                Self::Join => LIMIT * 2,
                _ => LIMIT,
            }
    }

    pub(crate) fn good(self, secrets: &Secrets) -> Good {
        let json = |status, value: Value| {
            let text = value.to_string().into_bytes();
            Good { status, media_type: "application/json", answers: text.clone(), body: text }
        };
        let private = &secrets.private;
        match self {
            Self::Read => json(200, json!([{ "id": 1, "note": private }, { "id": 2, "note": private }])),
            Self::Write => json(201, json!([{ "id": 1, "note": private }])),
            Self::Function | Self::FunctionByGet => {
                json(200, json!({ "note": private, "numbers": [1, 2, 3] }))
            }
            Self::Upload | Self::UploadThatReplaces => Good {
                answers: b"maps/a.txt".to_vec(),
                ..json(200, json!({ "Key": "maps/a.txt", "Id": "7d4f6b0a-0000-4000-8000-000000000000" }))
            },
            Self::Download => {
                let content = private.repeat(500).into_bytes();
                Good { status: 200, media_type: "text/plain", answers: content.clone(), body: content }
            }
            Self::SignIn | Self::Refresh | Self::Join => {
                Good { answers: secrets.next_token.clone().into_bytes(), ..json(200, secrets.next_session()) }
            }
        }
    }

    /// What a server that is well answers to a request of a cell: to the call itself, or to the refresh before it.
    pub(crate) fn answer(self, good: &Good, secrets: &Secrets, request: &Request) -> Answer {
        let is_refresh = request.target.starts_with("/auth/v1/token");
        if is_refresh && self != Self::SignIn {
            return Answer::json(200, secrets.next_session().to_string());
        }
        let answer = Answer::new(good.status).header("content-type", good.media_type).header("etag", "\"1\"");
        let first = request
            .header("range")
            .and_then(|range| range.strip_prefix("bytes=")?.split('-').next()?.parse::<usize>().ok());
        match first.filter(|first| *first < good.body.len()) {
            None => answer.body(good.body.clone()),
            Some(first) => {
                let (last, length) = (good.body.len() - 1, good.body.len());
                let range = format!("bytes {first}-{last}/{length}");
                Answer::new(206)
                    .header("etag", "\"1\"")
                    .header("content-range", range)
                    .body(good.body.get(first..).unwrap_or_default())
            }
        }
    }

    /// Makes the call, whose effect on Realtime is looked at so many `times`. What it answers with is told as bytes.
    pub(crate) async fn make(
        self,
        client: &Client,
        secrets: &Secrets,
        folder: &Path,
        realtime: Option<&Server>,
        times: usize,
    ) -> Result<Vec<u8>, Error> {
        let text = |value: &Value| value.to_string().into_bytes();
        match self {
            Self::Read => {
                let rows: Vec<Value> = client.from("notes").select("*").eq("note", &secrets.private).await?;
                Ok(text(&rows.into()))
            }
            Self::Write => {
                let row = json!({ "note": secrets.private });
                let rows: Vec<Value> = client.from("notes").insert(row).select("*").await?;
                Ok(text(&rows.into()))
            }
            Self::Upload | Self::UploadThatReplaces => {
                let replace = self == Self::UploadThatReplaces;
                let upload = client.storage().from("maps").upload("a.txt", folder.join(UPLOADED));
                let uploaded = if replace { upload.upsert(true).await? } else { upload.await? };
                Ok(uploaded.full_path.into_bytes())
            }
            Self::Download => {
                let file = folder.join(DOWNLOADED);
                client.storage().from("maps").download("a.txt").timeout(PATIENCE).to_file(&file).await?;
                // Whether it is there is a part of the answer.
                Ok(tokio::fs::read(&file).await.unwrap_or_default())
            }
            Self::Function => {
                let answer = client.functions().invoke("f").json(json!({ "note": secrets.private })).await?;
                Ok(text(&answer.json()?))
            }
            Self::FunctionByGet => {
                let answer = client.functions().invoke("f").method(Method::Get).max_retries(3).await?;
                Ok(text(&answer.json()?))
            }
            Self::SignIn => {
                let password = Password::email("ada@example.com", secrets.password.as_str());
                let session = client.auth().sign_in(password).await?;
                Ok(session.access_token.expose_secret().as_bytes().to_vec())
            }
            Self::Refresh => {
                let session = client.auth().refresh_session().await?;
                Ok(session.access_token.expose_secret().as_bytes().to_vec())
            }
            Self::Join => {
                let mut room = client.channel("room");
                let mut pings = room.on_broadcast::<Value>("ping");
                let _room = room.subscribe().await?;
                let Some(realtime) = realtime else { return Ok(Vec::new()) };
                let mut heard = Vec::new();
                // As often as the channel is to be joined, the last time by itself.
                for nth in 1..=times {
                    while realtime.joins("room").len() < nth || realtime.members("room").is_empty() {
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                    realtime.broadcast("room", "ping", &json!({ "nth": nth }));
                    heard.push(message(&mut pings).await?);
                }
                Ok(text(&heard.into()))
            }
        }
    }
}

/// The next message of a channel; nothing if there is none any more.
async fn message(pings: &mut Listener<Broadcast<Value>>) -> Result<Value, Error> {
    while let Some(delivery) = pings.next().await {
        if let Delivery::Message(message) = delivery? {
            return Ok(message.payload);
        }
    }
    Ok(Value::Null)
}
