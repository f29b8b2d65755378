//! What a test can see of a server.

use serde_json::Value;

use super::{ConnectionId, Handshake, Received, Server};

impl Server {
    /// The frames that clients sent, in order: the newest, if there were very many.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.shared.read(|hub| hub.record.frames.iter().cloned().collect())
    }

    /// The `phx_join` frames of a topic, in order.
    ///
    /// ```
    /// # use supabase_mock::realtime::Server;
    /// # let server = Server::new();
    /// // The newest join carries the newest token.
    /// if let Some(join) = server.joins("room1").last() {
    ///     assert_eq!(join.payload()["access_token"], "…");
    /// }
    /// ```
    #[must_use]
    pub fn joins(&self, topic: &str) -> Vec<Received> {
        let topic = prefixed(topic);
        let is_join = |frame: &&Received| frame.event() == "phx_join" && frame.topic() == topic;
        self.shared.read(|hub| hub.record.frames.iter().filter(is_join).cloned().collect())
    }

    /// Forgets what was received.
    pub fn clear_received(&self) {
        self.shared.with(|hub| {
            hub.record.frames.clear();
            hub.record.handshakes.clear();
        });
    }

    /// The connections that were opened or refused, in order: the newest, if there were very many.
    #[must_use]
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.shared.read(|hub| hub.record.handshakes.iter().cloned().collect())
    }

    /// The connections that are open, in the order in which they were opened.
    #[must_use]
    pub fn connections(&self) -> Vec<ConnectionId> {
        self.shared.read(|hub| hub.connection_ids())
    }

    /// The connections that have joined a topic.
    #[must_use]
    pub fn members(&self, topic: &str) -> Vec<ConnectionId> {
        self.shared.read(|hub| hub.members(&prefixed(topic)))
    }

    /// Who is tracked on a topic, as in a `presence_state`: lists of metas by key.
    #[must_use]
    pub fn presence(&self, topic: &str, private: bool) -> Value {
        self.shared.read(|hub| hub.presence_state(topic, private))
    }

    /// Waits until something is true of the server, which is asked after everything that happens.
    ///
    /// ```no_run
    /// # async fn run(server: supabase_mock::realtime::Server) {
    /// server.until(|server| server.joins("room1").len() == 2).await;
    /// # }
    /// ```
    pub async fn until(&self, mut condition: impl FnMut(&Self) -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.shared.changed.notified());
            // From here on, nothing that happens is missed.
            changed.as_mut().enable();
            if condition(self) {
                return;
            }
            changed.await;
        }
    }

    /// Waits for a frame of a client, and returns the first that matches, of those that came before, too.
    pub async fn wait_for(&self, mut matches: impl FnMut(&Received) -> bool) -> Received {
        let mut found = None;
        self.until(|server| {
            found = server.shared.read(|hub| hub.record.frames.iter().find(|frame| matches(frame)).cloned());
            found.is_some()
        })
        .await;
        // `until` returns only then.
        match found {
            Some(found) => found,
            None => std::future::pending().await,
        }
    }
}

/// A topic as it is written on the wire.
pub(super) fn prefixed(topic: &str) -> String {
    format!("realtime:{topic}")
}
