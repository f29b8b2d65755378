//! The server behind a port of its own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::access::{Access, Rule};
use super::body::Body;
use super::fault::{Cut, Fault, Faults, Kind, refusal};
use super::service::{Options, Service};

/// What Supabase allows for one file unless a project says otherwise.
const FILE_SIZE_LIMIT: u64 = 50 * 1024 * 1024;

/// A storage server on the loopback address. It stops when it is dropped, and a temporary folder goes with it.
///
/// What a [`Service`] can do it can as well: keys, tokens, the clock.
///
/// ```
/// # async fn demo() -> std::io::Result<()> {
/// use supabase_mock::storage::Server;
///
/// let server = Server::start().await?;
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// assert_eq!(server.storage_url(), format!("{}/storage/v1", server.url()));
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(demo()).unwrap();
/// ```
#[derive(Debug)]
pub struct Server {
    service: Service,
    faults: Arc<Faults>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// A server with the defaults: a temporary folder, a free port, and no rule that lets anybody but the service role
    /// write.
    ///
    /// # Errors
    /// No port is free, or the folder cannot be made.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Settings first.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The URL of the project, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of the service, such as `http://127.0.0.1:40123/storage/v1`.
    #[must_use]
    pub fn storage_url(&self) -> String {
        format!("{}/storage/v1", self.url())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes something go wrong with the next request that it fits. Several wait for theirs in order.
    pub fn inject(&self, fault: Fault) {
        self.faults.add(fault);
    }

    /// How many faults still wait for their request.
    #[must_use]
    pub fn faults_left(&self) -> usize {
        self.faults.left()
    }

    /// The service, to mount it elsewhere as well.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.service
    }
}

impl Deref for Server {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Settings of a [`Server`] or a [`Service`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    options: Options,
    port: u16,
}

impl Default for Builder {
    fn default() -> Self {
        let options = Options {
            secret: "super-secret-jwt-token-with-at-least-32-characters-long".to_owned(),
            publishable_key: "sb_publishable_supabase_mock".to_owned(),
            secret_key: "sb_secret_supabase_mock".to_owned(),
            folder: None,
            rule: Rule::default(),
            file_size_limit: FILE_SIZE_LIMIT,
            standard_limit: None,
            upload_url_expiry: Duration::from_secs(2 * 3_600),
            resumable_expiry: Some(Duration::from_secs(24 * 3_600)),
            cdn: true,
            images: true,
            vectors: true,
            analytics: true,
        };
        Self { options, port: 0 }
    }
}

impl Builder {
    /// The secret that signs all tokens (HS256). By default that of Supabase's local stack.
    pub fn jwt_secret(mut self, secret: impl Into<String>) -> Self {
        self.options.secret = secret.into();
        self
    }

    /// The keys `sb_publishable_…` and `sb_secret_…`, which stand for the roles `anon` and `service_role`.
    pub fn keys(mut self, publishable: impl Into<String>, secret: impl Into<String>) -> Self {
        self.options.publishable_key = publishable.into();
        self.options.secret_key = secret.into();
        self
    }

    /// The port. By default a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Keeps buckets and objects in this folder, for the next server on it. By default they go with the server.
    ///
    /// One server at a time may have a folder. Resumable uploads that are not complete do not outlive the server.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.options.folder = Some(folder.into());
        self
    }

    /// Who may do what, in the place of a project's row-level policies. By default only the service role may anything.
    ///
    /// ```
    /// use supabase_mock::storage::Server;
    ///
    /// // Users do as they like in a folder that is named as they are, in the bucket `avatars`.
    /// let builder = Server::builder()
    ///     .allow(|access| access.bucket == "avatars" && access.user.is_some() && access.folder() == access.user);
    /// # let _ = builder;
    /// ```
    pub fn allow(mut self, rule: impl Fn(&Access<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.options.rule = Rule::new(rule);
        self
    }

    /// The largest object in bytes, for buckets that set no lower limit. By default 50 MiB, as Supabase's own.
    pub fn file_size_limit(mut self, bytes: u64) -> Self {
        self.options.file_size_limit = bytes;
        self
    }

    /// The largest object in bytes that is not uploaded resumably. By default as all objects.
    pub fn standard_upload_limit(mut self, bytes: u64) -> Self {
        self.options.standard_limit = Some(bytes);
        self
    }

    /// How long signed URLs for uploading are valid. By default two hours, as with hosted projects.
    pub fn upload_url_expiry(mut self, duration: Duration) -> Self {
        self.options.upload_url_expiry = duration;
        self
    }

    /// How long a resumable upload may take, or nothing for as long as it likes. By default a day, as with hosted projects.
    pub fn resumable_expiry(mut self, duration: impl Into<Option<Duration>>) -> Self {
        self.options.resumable_expiry = duration.into();
        self
    }

    /// Whether a CDN is there to be purged. By default it is, and purging does nothing.
    pub fn cdn(mut self, there: bool) -> Self {
        self.options.cdn = there;
        self
    }

    /// Whether images are transformed. By default the routes are there; they check what is asked for and answer with the
    /// original.
    pub fn image_transformations(mut self, there: bool) -> Self {
        self.options.images = there;
        self
    }

    /// Whether there are buckets of vectors. By default there are.
    pub fn vectors(mut self, there: bool) -> Self {
        self.options.vectors = there;
        self
    }

    /// Whether there are analytics buckets and their Iceberg catalogs. By default there are.
    pub fn analytics(mut self, there: bool) -> Self {
        self.options.analytics = there;
        self
    }

    /// The service without a port, to be mounted in an HTTP server of yours.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn service(self) -> io::Result<Service> {
        Service::open(self.options)
    }

    /// Starts the server.
    ///
    /// # Errors
    /// The port is in use, or the folder cannot be made or read.
    pub async fn start(self) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let address = listener.local_addr()?;
        let service = Service::open(self.options)?;
        let faults = Arc::new(Faults::default());
        let task = tokio::spawn(serve(listener, service.clone(), Arc::clone(&faults)));
        Ok(Server { service, faults, address, task })
    }
}

async fn serve(listener: TcpListener, service: Service, faults: Arc<Faults>) {
    // Connections end with the set, and the set with the server.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, service.clone(), Arc::clone(&faults)));
            }
            // Too many open files, for one: those of connections that end will do.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(stream: TcpStream, service: Service, faults: Arc<Faults>) {
    // Without it small answers may wait for the acknowledgement of what was sent before.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request: Request<Incoming>| {
        let (service, fault) = (service.clone(), faults.take(request.method()));
        async move {
            match fault {
                None => Ok(service.answer(request).await),
                Some(fault) => faulty(&service, request, fault).await,
            }
        }
    });
    // What goes wrong with a connection is the client's to notice.
    let _ =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), answer).await;
}

/// Answers as the fault has it. An error ends the connection without an answer.
async fn faulty(service: &Service, request: Request<Incoming>, fault: Kind) -> io::Result<Response<Body>> {
    let end = || Err(io::ErrorKind::ConnectionReset.into());
    match fault {
        Kind::Answer(status, code) => Ok(refusal(status, code)),
        Kind::Hang => std::future::pending().await,
        Kind::BreakUpload(bytes) => {
            let broken = Arc::new(AtomicBool::new(false));
            let own = Arc::clone(&broken);
            let answer = service.answer(request.map(|body| Cut::new(body, bytes, own))).await;
            if broken.load(Ordering::Relaxed) { end() } else { Ok(answer) }
        }
        Kind::BreakDownload(bytes) => Ok(service.answer(request).await.map(|body| body.cut(bytes))),
        Kind::LoseAnswer => {
            service.answer(request).await;
            end()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_temporary_folder_goes_with_the_server() -> io::Result<()> {
        let server = Server::start().await?;
        let folder = server.service.inner.store.folder().to_owned();
        assert!(folder.exists());
        drop(server);
        // Its task has the service, too, and ends when it is looked at next.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!folder.exists());
        Ok(())
    }
}
