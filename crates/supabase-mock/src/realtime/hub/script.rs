//! Faults and wishes of a test.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{ConnectionId, Frame, Hub, Output, Refusal, ServerMessage, raw};

/// What a test wants to go wrong.
#[derive(Debug)]
pub(super) struct Script {
    refused_joins: Vec<Rule>,
    ignored_joins: Vec<Rule>,
    refusals: Vec<(Refusal, Option<u32>)>,
    pub(super) answers_heartbeats: bool,
    pub(super) silent: bool,
    pub(super) reply_delay: Duration,
    pub(super) withholds_subscriptions: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            refused_joins: Vec::new(),
            ignored_joins: Vec::new(),
            refusals: Vec::new(),
            answers_heartbeats: true,
            silent: false,
            reply_delay: Duration::ZERO,
            withholds_subscriptions: false,
        }
    }
}

#[derive(Debug)]
struct Rule {
    /// `None` for every topic.
    topic: Option<String>,
    reason: String,
    /// How often it still counts; `None` for ever.
    times: Option<u32>,
}

impl Script {
    pub(super) fn refuses_join(&mut self, topic: &str) -> Option<String> {
        use_rule(&mut self.refused_joins, topic)
    }

    pub(super) fn ignores_join(&mut self, topic: &str) -> bool {
        use_rule(&mut self.ignored_joins, topic).is_some()
    }

    pub(super) fn next_refusal(&mut self) -> Option<Refusal> {
        let (refusal, times) = self.refusals.first_mut()?;
        let refusal = refusal.clone();
        if let Some(times) = times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.refusals.remove(0);
            }
        }
        Some(refusal)
    }
}

fn use_rule(rules: &mut Vec<Rule>, topic: &str) -> Option<String> {
    let at = rules.iter().position(|rule| rule.topic.as_deref().is_none_or(|wanted| wanted == topic))?;
    let rule = rules.get_mut(at)?;
    let reason = rule.reason.clone();
    if let Some(times) = &mut rule.times {
        *times = times.saturating_sub(1);
        if *times == 0 {
            rules.remove(at);
        }
    }
    Some(reason)
}

impl Hub {
    pub(crate) fn refuse_joins(&mut self, topic: Option<String>, reason: String, times: Option<u32>) {
        self.script.refused_joins.push(Rule { topic, reason, times });
    }

    pub(crate) fn ignore_joins(&mut self, topic: Option<String>, times: Option<u32>) {
        self.script.ignored_joins.push(Rule { topic, reason: String::new(), times });
    }

    pub(crate) fn accept_joins(&mut self) {
        self.script.refused_joins.clear();
        self.script.ignored_joins.clear();
    }

    pub(crate) fn refuse_connections(&mut self, status: u16, error: &str, times: Option<u32>) {
        let refusal = self.refusal(status, error);
        self.script.refusals.push((refusal, times));
    }

    pub(crate) fn accept_connections(&mut self) {
        self.script.refusals.clear();
    }

    pub(crate) fn answer_heartbeats(&mut self, answer: bool) {
        self.script.answers_heartbeats = answer;
    }

    pub(crate) fn set_silent(&mut self, silent: bool) {
        self.script.silent = silent;
    }

    pub(crate) fn delay_replies(&mut self, delay: Duration) {
        self.script.reply_delay = delay;
    }

    /// Holds subscriptions back, or confirms those that were held back.
    pub(crate) fn withhold_subscriptions(&mut self, withhold: bool) {
        self.script.withholds_subscriptions = withhold;
        if withhold {
            return;
        }
        let waiting: Vec<_> = self
            .connections
            .iter()
            .flat_map(|(id, connection)| connection.channels.values().map(|channel| (*id, channel.clone())))
            .filter(|(_, channel)| !channel.bindings.is_empty() && !channel.subscribed)
            .collect();
        for (id, channel) in waiting {
            self.subscribe_to_changes(id, &channel);
        }
    }

    pub(crate) fn connection_ids(&self) -> Vec<ConnectionId> {
        self.connections.keys().copied().collect()
    }

    /// The connections that have joined the topic, which has its prefix.
    pub(crate) fn members(&self, topic: &str) -> Vec<ConnectionId> {
        let members =
            self.connections.iter().filter(|(_, connection)| connection.channels.contains_key(topic));
        members.map(|(id, _)| *id).collect()
    }

    pub(crate) fn presence_state(&self, name: &str, private: bool) -> Value {
        let room = super::Room { name: name.to_owned(), private };
        self.presences.get(&room).map_or_else(|| json!({}), |presences| presences.state())
    }

    pub(crate) fn drop_connection(&mut self, id: ConnectionId) {
        self.end(id, Output::Drop);
    }

    pub(crate) fn cut_connection(&mut self, id: ConnectionId) {
        self.end(id, Output::Cut);
    }

    /// Ends the channel of everybody on the topic with `phx_close` or `phx_error`.
    pub(crate) fn end_channels(&mut self, topic: &str, event: &'static str) {
        for id in self.members(topic) {
            self.end_channel(id, topic, event);
        }
    }

    /// Forgets that anybody has joined the topic, without telling.
    pub(crate) fn forget_topic(&mut self, topic: &str) {
        for id in self.members(topic) {
            self.remove_channel(id, topic);
        }
    }

    /// Ends the channel of everybody on the topic with a system message that says why.
    pub(crate) fn fail_channels(&mut self, topic: &str, message: &str) {
        for id in self.members(topic) {
            self.fail_channel(id, topic, message);
        }
    }

    /// Ends every channel, as if its token had just ended.
    pub(crate) fn expire_all_tokens(&mut self) {
        for id in self.connection_ids() {
            let Some(connection) = self.connections.get(&id) else { continue };
            let mut topics: Vec<String> = connection.channels.keys().cloned().collect();
            topics.sort();
            for topic in topics {
                self.fail_channel(id, &topic, "Token has expired 0 seconds ago");
            }
        }
    }

    pub(crate) fn send_system(&mut self, topic: &str, extension: &str, status: &str, message: &str) {
        for id in self.members(topic) {
            let Some(channel) = self.channel(id, topic).cloned() else { continue };
            self.system(id, &channel, extension, status, message);
        }
    }

    /// Announces a restart on every channel, and closes the connections with 1012.
    pub(crate) fn restart(&mut self) {
        for id in self.connection_ids() {
            let Some(connection) = self.connections.get(&id) else { continue };
            let mut topics: Vec<String> = connection.channels.keys().cloned().collect();
            topics.sort();
            for topic in topics {
                let payload = json!({ "extension": "system", "message": "Server requested disconnect", "status": "ok" });
                let message =
                    ServerMessage::Everybody { topic, event: "system".into(), payload: raw(&payload) };
                self.post(id, &message);
            }
            self.close(id, 1012, "");
        }
    }

    /// Sends any event to everybody on the topic.
    pub(crate) fn send_event(&mut self, topic: &str, event: &str, payload: &Value) {
        for id in self.members(topic) {
            let message = ServerMessage::Everybody {
                topic: topic.to_owned(),
                event: event.to_owned(),
                payload: raw(payload),
            };
            self.post(id, &message);
        }
    }

    pub(crate) fn send_text(&mut self, id: ConnectionId, text: &str) {
        self.output.push((id, Output::Frame(Frame::Text(text.into()))));
    }

    pub(crate) fn send_binary(&mut self, id: ConnectionId, bytes: Bytes) {
        self.output.push((id, Output::Frame(Frame::Binary(bytes))));
    }
}
