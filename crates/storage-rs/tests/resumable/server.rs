//! A resumable-upload server that does what a test wants with each request, down to the byte.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request, before its body is read.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    /// How many requests of this method came before.
    pub(crate) before: usize,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.parse().ok()
    }
}

/// What is done with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// What the protocol says.
    Proper,
    /// Takes so many bytes of the body and closes the connection without a word.
    CutAfter(u64),
    /// Does what the protocol says, and closes the connection without a word.
    Unanswered,
    /// Reads everything, keeps nothing, and answers with this status and text.
    Refuse(u16, &'static str),
    /// Does what the protocol says, and answers with other values of headers; an empty one is left out.
    Say(Vec<(&'static str, String)>),
    /// Keeps everything, makes no object of it, and answers with this status and text.
    Unmade(u16, &'static str),
    /// Forgets the upload first.
    Expire,
    /// Reads nothing more and says nothing more, for ever.
    Hang,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) uploads: HashMap<String, Upload>,
    pub(crate) objects: HashMap<String, Vec<u8>>,
    /// The version of each object, as the name of its upload has it.
    pub(crate) versions: HashMap<String, String>,
    pub(crate) log: Vec<Asked>,
    created: usize,
}

#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) bytes: Vec<u8>,
    pub(crate) length: Option<u64>,
    pub(crate) name: String,
}

/// The name of an upload, as the service gives it: bucket, key and version.
pub(crate) fn id_of(number: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("films/1.bin/version-{number}"))
}

type Script = dyn Fn(&Asked, &mut State) -> Act + Send + Sync;

#[derive(Clone)]
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(crate) async fn start(script: impl Fn(&Asked, &mut State) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, script): (_, Arc<Script>) = (Arc::clone(&state), Arc::new(script));
        tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                let (state, script) = (Arc::clone(&shared), Arc::clone(&script));
                // A client that goes away is what this is about.
                tokio::spawn(async move { drop(serve(connection, &state, &*script).await) });
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/storage/v1", self.address)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The methods so far, in their order.
    pub(crate) fn methods(&self) -> Vec<String> {
        self.state().log.iter().map(|asked| asked.method.clone()).collect()
    }
}

async fn serve(mut connection: TcpStream, state: &Mutex<State>, script: &Script) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(end) = head(&mut connection, &mut buffer).await? {
        let head: Vec<u8> = buffer.drain(..end + 4).collect();
        let mut asked = read(&String::from_utf8_lossy(&head));
        let length = asked.number("content-length").unwrap_or(0);
        let act = {
            let mut state = state.lock().unwrap();
            asked.before = state.log.iter().filter(|other| other.method == asked.method).count();
            state.log.push(asked.clone());
            script(&asked, &mut state)
        };
        match act {
            Act::Hang => std::future::pending().await,
            Act::CutAfter(bytes) => {
                let body = body(&mut connection, &mut buffer, bytes.min(length)).await?;
                if asked.method == "PATCH" {
                    // What is for another offset is not kept.
                    let _ = append(&asked, &body, &mut state.lock().unwrap());
                }
                return Ok(());
            }
            Act::Refuse(status, text) => {
                body(&mut connection, &mut buffer, length).await?;
                write(&mut connection, &asked, status, &[], text).await?;
            }
            Act::Unmade(status, text) => {
                let body = body(&mut connection, &mut buffer, length).await?;
                let id = asked.path.rsplit('/').next().unwrap();
                if let Some(upload) = state.lock().unwrap().uploads.get_mut(id) {
                    upload.bytes.extend_from_slice(&body);
                }
                write(&mut connection, &asked, status, &[], text).await?;
            }
            Act::Expire => {
                state.lock().unwrap().uploads.clear();
                body(&mut connection, &mut buffer, length).await?;
                write(&mut connection, &asked, 410, &[], "The file for this url no longer exists\n").await?;
            }
            Act::Proper | Act::Unanswered | Act::Say(_) => {
                let body = body(&mut connection, &mut buffer, length).await?;
                let (status, mut headers, text) = proper(&asked, &body, &mut state.lock().unwrap());
                match act {
                    Act::Unanswered => return Ok(()),
                    Act::Say(said) => {
                        headers.retain(|(name, _)| said.iter().all(|(other, _)| other != name));
                        headers.extend(said.into_iter().filter(|(_, value)| !value.is_empty()));
                    }
                    _ => {}
                }
                write(&mut connection, &asked, status, &headers, &text).await?;
            }
        }
    }
    Ok(())
}

async fn head(connection: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<usize>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            return Ok(Some(end));
        }
        if connection.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn read(head: &str) -> Asked {
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, path) = (first.next().unwrap(), first.next().unwrap());
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Asked { method, path, headers, before: 0 }
}

/// So many bytes of the body, or an error if they do not come.
async fn body(connection: &mut TcpStream, buffer: &mut Vec<u8>, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).unwrap();
    while buffer.len() < length {
        if connection.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(buffer.drain(..length).collect())
}

type Answer = (u16, Vec<(&'static str, String)>, String);

fn proper(asked: &Asked, body: &[u8], state: &mut State) -> Answer {
    if asked.path.contains("/object/info/") {
        // There is one object at the most.
        let version = state.versions.values().next();
        return version.map_or((400, Vec::new(), "{}".to_owned()), |version| {
            (200, Vec::new(), format!(r#"{{"id":"1","name":"1.bin","version":"{version}"}}"#))
        });
    }
    if asked.header("tus-resumable") != Some("1.0.0") {
        return (412, Vec::new(), "Tus-Resumable Required\n".to_owned());
    }
    let id = asked.path.rsplit('/').next().unwrap().to_owned();
    match asked.method.as_str() {
        "POST" => {
            state.created += 1;
            let id = id_of(state.created);
            let metadata = asked.header("upload-metadata").unwrap_or_default().to_owned();
            let length = asked.number("upload-length");
            state.uploads.insert(id.clone(), Upload { bytes: Vec::new(), length, name: metadata });
            // As a server behind a gateway writes it: host, scheme and path are its own.
            let location = format!("https://storage.internal:5000/upload/resumable/{id}");
            match complete(&id, asked, state) {
                Err(refused) => refusal(refused),
                Ok(()) => (201, vec![("location", location)], String::new()),
            }
        }
        "HEAD" => match state.uploads.get(&id) {
            None => (404, Vec::new(), String::new()),
            Some(upload) => {
                let mut headers = vec![("upload-offset", upload.bytes.len().to_string())];
                headers.extend(upload.length.map(|length| ("upload-length", length.to_string())));
                (200, headers, String::new())
            }
        },
        "PATCH" => match append(asked, body, state) {
            Err(refused) => refusal(refused),
            Ok(offset) => (204, vec![("upload-offset", offset.to_string())], String::new()),
        },
        "DELETE" => match state.uploads.remove(&id) {
            None => (404, Vec::new(), String::new()),
            Some(_) => (204, Vec::new(), String::new()),
        },
        _ => (404, Vec::new(), String::new()),
    }
}

type Refused = (u16, &'static str);

fn refusal((status, text): Refused) -> Answer {
    (status, Vec::new(), text.to_owned())
}

fn append(asked: &Asked, body: &[u8], state: &mut State) -> Result<usize, Refused> {
    let id = asked.path.rsplit('/').next().unwrap().to_owned();
    let upload = state.uploads.get_mut(&id).ok_or((404, "gone\n"))?;
    if asked.number("upload-offset") != Some(upload.bytes.len() as u64) {
        return Err((409, "Upload-Offset conflict\n"));
    }
    upload.length = upload.length.or(asked.number("upload-length"));
    upload.bytes.extend_from_slice(body);
    let offset = upload.bytes.len();
    complete(&id, asked, state)?;
    Ok(offset)
}

/// Makes an object of what is complete, each time that it is asked to.
fn complete(id: &str, asked: &Asked, state: &mut State) -> Result<(), Refused> {
    let upload = &state.uploads[id];
    if upload.length != Some(upload.bytes.len() as u64) {
        return Ok(());
    }
    if state.objects.contains_key(&upload.name) && asked.header("x-upsert") != Some("true") {
        return Err((409, "The resource already exists"));
    }
    let name = URL_SAFE_NO_PAD.decode(id).unwrap();
    let version = String::from_utf8(name).unwrap().rsplit('/').next().unwrap().to_owned();
    state.versions.insert(upload.name.clone(), version);
    state.objects.insert(upload.name.clone(), upload.bytes.clone());
    Ok(())
}

async fn write(
    connection: &mut TcpStream,
    asked: &Asked,
    status: u16,
    headers: &[(&'static str, String)],
    text: &str,
) -> io::Result<()> {
    let mut answer =
        format!("HTTP/1.1 {status} Status\r\ntus-resumable: 1.0.0\r\ncontent-type: text/plain\r\n");
    for (name, value) in headers {
        answer.push_str(&format!("{name}: {value}\r\n"));
    }
    if status != 204 {
        answer.push_str(&format!("content-length: {}\r\n", text.len()));
    }
    answer.push_str("\r\n");
    if asked.method != "HEAD" {
        answer.push_str(text);
    }
    connection.write_all(answer.as_bytes()).await
}
