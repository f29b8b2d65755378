//! Which access token the server knows, and which one it should.

use std::task::{Context, Poll};

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use supabase_core::{BoxFuture, BoxStream, Failure, Instant, limited};

use super::Task;
use crate::error::{Error, Result};
use crate::protocol::LEAVE;
use crate::socket::settings::{Settings, SignedOut};
use crate::status::ChannelStatus;

use super::line::empty_object;

/// The token of now.
#[derive(Default)]
pub(super) struct Tokens {
    /// What was asked for last.
    current: Option<SecretString>,
    /// Counts the changes of it.
    pub(super) version: u64,
    /// What a handle said, where the client has no source to be asked.
    told: Option<Option<SecretString>>,
    work: Option<BoxFuture<'static, Result<Option<SecretString>>>>,
    /// There is another one since the source was asked.
    is_stale: bool,
    /// Tells when there is another one.
    changes: Option<BoxStream<'static, ()>>,
}

impl Tokens {
    pub(super) fn new(settings: &Settings, told: Option<Option<SecretString>>) -> Self {
        let changes = settings.token_changes.as_ref().filter(|_| settings.http.asks_for_tokens());
        Self { told, changes: changes.map(|changes| changes()), ..Self::default() }
    }

    /// What a join carries: without it, the join acts as the API key of the connection.
    pub(super) fn for_join(&self) -> Option<&str> {
        self.current.as_ref().map(ExposeSecret::expose_secret)
    }
}

#[derive(Serialize)]
struct AccessToken<'a> {
    access_token: &'a str,
}

impl Task {
    /// Asks for the token of this moment, unless that is under way.
    pub(super) fn ask_for_token(&mut self) {
        if self.tokens.work.is_some() {
            return;
        }
        self.tokens.work = Some(match &self.tokens.told {
            Some(told) if !self.settings.http.asks_for_tokens() => {
                Box::pin(std::future::ready(Ok(told.clone())))
            }
            _ => {
                let (http, limit) = (self.settings.http.clone(), self.settings.connect_timeout);
                Box::pin(async move {
                    match limited(limit, http.token()).await {
                        Some(token) => token.map_err(Error::from_failure),
                        None => Err(Error::from_failure(Failure::timeout(limit, true))),
                    }
                })
            }
        });
        self.is_dirty = true;
    }

    /// Asks whether there is another token, where that can be known only by asking.
    pub(super) fn look_for_another_token(&mut self) {
        if self.settings.http.asks_for_tokens() && !self.entries.is_empty() {
            self.ask_for_token();
        }
    }

    /// The source says that it has another token.
    pub(super) fn poll_token_changes(&mut self, context: &mut Context<'_>) -> bool {
        let mut is_told = false;
        while let Some(changes) = &mut self.tokens.changes
            && let Poll::Ready(change) = changes.as_mut().poll_next(context)
        {
            match change {
                Some(()) => is_told = true,
                None => self.tokens.changes = None,
            }
        }
        if is_told {
            // An answer that is on its way may still be the old one.
            self.tokens.is_stale = self.tokens.work.is_some();
            self.look_for_another_token();
        }
        is_told
    }

    pub(super) fn poll_token(&mut self, context: &mut Context<'_>) -> bool {
        let Some(work) = &mut self.tokens.work else { return false };
        let Poll::Ready(outcome) = work.as_mut().poll(context) else { return false };
        self.tokens.work = None;
        self.is_dirty = true;
        match outcome {
            Ok(token) => {
                self.adopt(token);
                self.join_all();
            }
            Err(error) => self.no_token(&error),
        }
        if std::mem::take(&mut self.tokens.is_stale) {
            self.look_for_another_token();
        }
        true
    }

    /// A handle says which token is to be used from now on.
    pub(super) fn set_auth(&mut self, token: Option<SecretString>) {
        self.tokens.told = Some(token.clone());
        *self.public.told() = Some(token.clone());
        if !self.settings.http.asks_for_tokens() {
            // What is on its way is the one before it.
            self.tokens.work = None;
        }
        self.adopt(token);
    }

    /// Uses a token from now on: in all joins to come, and in the channels that are joined.
    fn adopt(&mut self, token: Option<SecretString>) {
        let text =
            |token: &Option<SecretString>| token.as_ref().map(|token| token.expose_secret().to_owned());
        if text(&token) == text(&self.tokens.current) {
            return;
        }
        let signed_out = self.tokens.current.is_some() && token.is_none();
        self.tokens.current = token;
        self.tokens.version += 1;
        let now = Instant::now();
        if signed_out {
            match self.settings.signed_out {
                SignedOut::Close => {
                    let topics: Vec<_> = self.entries.keys().cloned().collect();
                    for topic in topics {
                        self.leave_and_end(&topic, &Error::closed("the user signed out"));
                    }
                }
                SignedOut::RejoinAsAnonymous => {
                    for (topic, entry) in &mut self.entries {
                        if let Some(join) = entry.machine.rejoin(now) {
                            self.line.push(Some(join), topic, LEAVE, empty_object());
                            entry.away(self.last_heard);
                            entry.status(&ChannelStatus::Joining);
                        }
                        entry.machine.another_token(now);
                    }
                }
            }
            return;
        }
        let topics: Vec<_> = self.entries.keys().cloned().collect();
        for topic in topics {
            if let Some(entry) = self.entries.get_mut(&topic) {
                entry.machine.another_token(now);
            }
            self.push_token(&topic);
        }
    }

    /// Tells a joined channel the token of now, if it does not know it.
    pub(super) fn push_token(&mut self, topic: &str) {
        let Some(entry) = self.entries.get_mut(topic) else { return };
        let (Some(join), Some(access_token)) = (entry.machine.joined(), self.tokens.for_join()) else {
            return;
        };
        if entry.token == self.tokens.version {
            return;
        }
        if let Ok(payload) = serde_json::value::to_raw_value(&AccessToken { access_token }) {
            // It is answered only if the server does not accept it.
            self.line.push(Some(join), topic, "access_token", &payload);
            entry.token = self.tokens.version;
        }
    }
}
