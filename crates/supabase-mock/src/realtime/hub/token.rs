//! Tokens of joined channels: new ones, and the end of old ones.

use std::time::Duration;

use serde_json::Value;

use super::{Connection, ConnectionId, Hub, Output};
use crate::realtime::Access;
use crate::realtime::codec::Push;

impl Connection {
    /// A channel has a token that ends then.
    pub(super) fn token_ends(&mut self, at: Duration) {
        self.tokens_end = Some(self.tokens_end.map_or(at, |end| end.min(at)));
    }
}

impl Hub {
    /// A client sends a newer token. There is no answer if all is well.
    pub(super) fn access_token(&mut self, id: ConnectionId, push: &Push) {
        let payload = push.payload.to_value();
        let Some(token) = payload.get("access_token").and_then(Value::as_str) else { return };
        let Some(channel) = self.channel(id, &push.topic) else { return };
        if token.starts_with("sb_") || token == channel.token {
            return;
        }
        let (name, private) = (channel.name().to_owned(), channel.private);
        let claims = match self.check_token(token) {
            Ok(claims) => claims,
            Err(error) => return self.fail_channel(id, &push.topic, &error.message()),
        };
        let access = match private {
            true => (self.config.authorize)(&claims, &name),
            false => Access::READ_WRITE,
        };
        if !access.read {
            let message = format!("You no longer have permission to read from this Channel topic: {name}");
            return self.fail_channel(id, &push.topic, &message);
        }
        let expires = claims.expires();
        if let Some(channel) = self.channel_mut(id, &push.topic) {
            channel.token = token.to_owned();
            channel.expires = expires;
            channel.claims = claims;
            channel.access = access;
        }
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.token_ends(expires);
        }
        // Changes are asked for anew, with the claims of the new token, and that is confirmed again.
        if let Some(channel) = self.channel(id, &push.topic).filter(|channel| !channel.bindings.is_empty()) {
            let channel = channel.clone();
            self.subscribe_to_changes(id, &channel);
        }
        self.output.push((id, Output::Wake));
    }

    /// Ends the channels whose tokens have ended.
    pub(super) fn expire_tokens(&mut self, id: ConnectionId) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if connection.tokens_end.is_none_or(|end| now < end) {
            return;
        }
        let left = connection.channels.values().map(|channel| channel.expires).filter(|end| now < *end);
        connection.tokens_end = left.min();
        let mut expired: Vec<(String, u64)> = connection
            .channels
            .values()
            .filter_map(|channel| Some((channel.topic.clone(), now.checked_sub(channel.expires)?.as_secs())))
            .collect();
        expired.sort();
        for (topic, seconds) in expired {
            self.fail_channel(id, &topic, &format!("Token has expired {seconds} seconds ago"));
        }
    }
}
