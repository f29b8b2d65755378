//! Joining and leaving.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::channel::Channel;
use super::{ConnectionId, Hub, Output, Waiting, reply_message};
use crate::realtime::Access;
use crate::realtime::binding::Binding;
use crate::realtime::codec::{Push, ServerMessage};
use crate::realtime::join::{Join, Replay, parse};

impl Hub {
    pub(super) fn join(&mut self, id: ConnectionId, push: Push) {
        if self.script.ignores_join(&push.topic) {
            return;
        }
        let name = push.topic.strip_prefix("realtime:").unwrap_or_default().to_owned();
        let joined = match self.script.refuses_join(&push.topic) {
            Some(reason) => Err(reason),
            None => parse(&name, &push.payload.to_value()).and_then(|join| {
                self.admit_to_channel(id, &name, &push, &join).map(|channel| (join, channel))
            }),
        };
        match joined {
            Ok((join, channel)) => self.joined(id, &push, &join, channel),
            Err(reason) => self.refuse_join(id, &push, &reason),
        }
    }

    /// Checks whether the join may succeed. The order is that of the real server.
    fn admit_to_channel(
        &mut self,
        id: ConnectionId,
        name: &str,
        push: &Push,
        join: &Join,
    ) -> Result<Channel, String> {
        let Some(connection) = self.connections.get(&id) else { return Err("the connection is gone".into()) };
        if name.is_empty() {
            return Err("TopicNameRequired: You must provide a topic name".into());
        }
        if self.config.private_only && !join.private {
            return Err("PrivateOnly: This project only allows private channels".into());
        }
        let others = connection.channels.keys().filter(|topic| **topic != push.topic).count();
        if others >= self.config.limits.channels {
            return Err("ChannelRateLimitReached: Too many channels".into());
        }
        // Keys of the new kind are no tokens; the real server takes the key of the connection for them.
        let token = join.token.clone().filter(|token| !token.starts_with("sb_"));
        let token = token.unwrap_or_else(|| connection.api_key.clone());
        let claims = self.check_token(&token).map_err(super::jwt::TokenError::join_reason)?;
        let access = match join.private {
            true => (self.config.authorize)(&claims, name),
            false => Access::READ_WRITE,
        };
        if !access.read {
            return Err(format!(
                "Unauthorized: You do not have permissions to read from this Channel topic: {name}"
            ));
        }
        match (&join.replay, join.private) {
            (Some(_), false) => {
                return Err("UnableToReplayMessages: Replay is not allowed for public channels".into());
            }
            (Some(Replay::Invalid), true) => {
                return Err("UnableToReplayMessages: Replay params are not valid".into());
            }
            _ => {}
        }
        let presence_key = match join.presence_key.as_str() {
            "" => self.next_uuid(),
            key => key.to_owned(),
        };
        Ok(Channel {
            topic: push.topic.clone(),
            private: join.private,
            // Frames of 1.0.0 may leave it out in a join.
            join_ref: push.join_ref.clone().or(push.reference.clone()),
            ack: join.ack,
            receives_own: join.receives_own,
            presence_key,
            presence: join.presence || self.config.always_presence,
            presence_calls: VecDeque::new(),
            bindings: join.changes.iter().cloned().map(Binding::new).collect(),
            subscribed: false,
            token,
            expires: claims.expires(),
            claims,
            access,
        })
    }

    fn joined(&mut self, id: ConnectionId, push: &Push, join: &Join, channel: Channel) {
        let old = self.remove_channel(id, &push.topic);
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.channels.insert(push.topic.clone(), channel.clone());
        connection.token_ends(channel.expires);
        let bindings: Vec<Value> = channel.bindings.iter().map(Binding::to_value).collect();
        self.reply(id, push, "ok", &json!({ "postgres_changes": bindings }));
        if let Some(old) = old {
            self.post(id, &ended(&old, "phx_close"));
        }
        if channel.presence {
            let state = self.presences.get(&channel.room()).map_or_else(|| json!({}), |all| all.state());
            self.push_to(id, &channel, "presence_state", &state);
        }
        if let Some(Replay::Since(since, limit)) = join.replay {
            self.replay(id, &channel, since, limit);
        }
        if join.replication_ready {
            self.system(id, &channel, "system", "ok", "Replication connection established");
        }
        if !channel.bindings.is_empty() {
            self.subscribe_to_changes(id, &channel);
        }
        // Its token may end before anything else happens.
        self.output.push((id, Output::Wake));
    }

    /// Refuses a join. The connection waits meanwhile, so that nothing else on it is answered.
    fn refuse_join(&mut self, id: ConnectionId, push: &Push, reason: &str) {
        let backoff = self.config.error_backoff + self.script.reply_delay;
        let message = reply_message(push, "error", &json!({ "reason": reason }));
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if backoff.is_zero() {
            self.post(id, &message);
            return;
        }
        if let Some(frame) = message.encode(connection.version) {
            connection.waiting.push_front(Waiting::Output(Output::Frame(frame)));
        }
        connection.busy_until = Some(self.now + backoff);
        self.output.push((id, Output::Wake));
    }

    pub(super) fn leave(&mut self, id: ConnectionId, push: &Push) {
        let Some(channel) = self.remove_channel(id, &push.topic) else { return };
        self.reply(id, push, "ok", &json!({}));
        self.post(id, &ended(&channel, "phx_close"));
    }

    /// Ends a channel, as `phx_close` or `phx_error` says.
    pub(super) fn end_channel(&mut self, id: ConnectionId, topic: &str, event: &'static str) {
        if let Some(channel) = self.remove_channel(id, topic) {
            self.post(id, &ended(&channel, event));
        }
    }

    /// Tells a channel why it ends, and ends it.
    pub(super) fn fail_channel(&mut self, id: ConnectionId, topic: &str, message: &str) {
        let Some(channel) = self.channel(id, topic).cloned() else { return };
        self.system(id, &channel, "system", "error", message);
        self.end_channel(id, topic, "phx_close");
    }

    pub(super) fn remove_channel(&mut self, id: ConnectionId, topic: &str) -> Option<Channel> {
        let channel = self.connections.get_mut(&id)?.channels.remove(topic)?;
        self.forget_presence(id, &channel);
        Some(channel)
    }

    /// Sends a system message to a channel.
    pub(super) fn system(
        &mut self,
        id: ConnectionId,
        channel: &Channel,
        extension: &str,
        status: &str,
        message: &str,
    ) {
        self.push_to(id, channel, "system", &system_payload(channel.name(), extension, status, message));
    }

    /// A number in the form of a UUID. It needs to differ from others of this server, not more.
    pub(super) fn next_uuid(&mut self) -> String {
        let number = self.next_number();
        format!("00000000-0000-4000-8000-{:012x}", number & 0xffff_ffff_ffff)
    }

    pub(super) fn subscription_delay(&self) -> Duration {
        self.config.subscription_delay
    }
}

pub(super) fn system_payload(name: &str, extension: &str, status: &str, message: &str) -> Value {
    json!({ "channel": name, "extension": extension, "message": message, "status": status })
}

fn ended(channel: &Channel, event: &'static str) -> ServerMessage {
    ServerMessage::End { join_ref: channel.join_ref.clone(), topic: channel.topic.clone(), event }
}
