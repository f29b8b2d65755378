//! Tokens of joined channels: new ones, and the end of old ones.

use serde_json::Value;

use super::{ConnectionId, Hub, Output};
use crate::realtime::Access;
use crate::realtime::codec::Push;

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
        if let Some(channel) = self.channel_mut(id, &push.topic) {
            channel.token = token.to_owned();
            channel.expires = claims.expires();
            channel.claims = claims;
            channel.access = access;
        }
        self.output.push((id, Output::Wake));
    }

    /// Ends the channels whose tokens have ended.
    pub(super) fn expire_tokens(&mut self, id: ConnectionId) {
        let now = self.now;
        let Some(connection) = self.connections.get(&id) else { return };
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
