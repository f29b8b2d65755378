//! Subscriptions to changes of the database.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::channel::Channel;
use super::join::system_payload;
use super::{ConnectionId, Hub, raw};
use crate::realtime::changes::{Change, Data};
use crate::realtime::codec::ServerMessage;

impl Hub {
    /// Confirms what a channel asked for, or says what is wrong with it. The channel stays joined either way.
    pub(super) fn subscribe_to_changes(&mut self, id: ConnectionId, channel: &Channel) {
        if self.script.withholds_subscriptions {
            return;
        }
        let checked = channel.bindings.iter().try_for_each(|binding| binding.check(&self.config.tables));
        let (status, text) = match &checked {
            Ok(()) => ("ok", "Subscribed to PostgreSQL"),
            Err(message) => ("error", message.as_str()),
        };
        if let Some(channel) = self.channel_mut(id, &channel.topic) {
            channel.subscribed = checked.is_ok();
        }
        let payload = system_payload(channel.name(), "postgres_changes", status, text);
        let message = ServerMessage::Push {
            join_ref: channel.join_ref.clone(),
            topic: channel.topic.clone(),
            event: "system",
            payload: raw(&payload),
        };
        match self.subscription_delay() {
            delay if delay.is_zero() => self.post(id, &message),
            delay => self.post_later(id, &message, delay),
        }
    }

    /// Tells everybody who asked for it that a row has changed.
    pub(crate) fn push_change(&mut self, change: &Change) {
        let table = self
            .config
            .tables
            .iter()
            .find(|table| table.schema == change.schema && table.name == change.table)
            .cloned();
        if table.is_none() && !self.config.tables.is_empty() {
            // It is not in the publication.
            return;
        }
        let columns = change.all_columns(table.as_ref());
        let filtered = change.filtered(table.as_ref());
        let now = self.timestamp();
        let mut messages = Vec::new();
        for (id, connection) in &self.connections {
            let mut channels: Vec<&Channel> = connection.channels.values().collect();
            channels.sort_by(|one, other| one.topic.cmp(&other.topic));
            for channel in channels {
                if !channel.subscribed || !change.is_visible(table.as_ref(), &channel.claims) {
                    continue;
                }
                // Those who ask for other columns get a message of their own.
                let mut wanted: BTreeMap<Option<&[String]>, Vec<u32>> = BTreeMap::new();
                for binding in channel
                    .bindings
                    .iter()
                    .filter(|binding| binding.wants(change, filtered.as_deref(), &columns))
                {
                    wanted.entry(binding.select.as_deref()).or_default().push(binding.id);
                }
                for (select, ids) in wanted {
                    let data = change.told(table.as_ref(), channel.claims.role(), select, &now);
                    messages.push((*id, channel.topic.clone(), payload(&data, &ids)));
                }
            }
        }
        for (id, topic, payload) in messages {
            self.post(id, &ServerMessage::Everybody { topic, event: "postgres_changes".into(), payload });
        }
    }

    /// Now, as the commit timestamps of changes are written.
    fn timestamp(&self) -> String {
        let millis = i64::try_from(self.now.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millis).map_or_else(|_| String::new(), |now| format!("{now:.3}"))
    }
}

fn payload(data: &Data<'_>, ids: &[u32]) -> Box<RawValue> {
    #[derive(serde::Serialize)]
    struct Payload<'a> {
        data: &'a Data<'a>,
        ids: &'a [u32],
    }
    to_raw_value(&Payload { data, ids }).unwrap_or_else(|_| raw(&json!({})))
}
