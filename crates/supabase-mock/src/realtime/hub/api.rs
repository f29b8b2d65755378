//! The HTTP endpoints: broadcasts, and whether the server is there.

use bytes::Bytes;
use serde_json::{Value, json};

use super::Hub;
use crate::realtime::Claims;
use crate::realtime::codec::UserBroadcast;
use crate::realtime::http::{Request, Response, UNCACHED, decoded};

impl Hub {
    pub(crate) fn answer(&mut self, request: &Request) -> Response {
        let path = request.path.strip_prefix("/realtime/v1").unwrap_or(&request.path);
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let mut response = match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["api", "ping"]) => Response::json(200, &json!({ "message": "Success" })),
            ("POST", ["api", "broadcast"]) => self.answer_batch(request),
            ("POST", ["api", "broadcast", topic, "events", event]) => {
                self.answer_single(request, &decoded(topic), &decoded(event))
            }
            _ => return Response::json(404, &json!({ "message": "Not Found" })),
        };
        let number = self.next_number();
        let limit = self.config.limits.batch;
        response
            .headers
            .extend([("cache-control", UNCACHED.to_owned()), ("x-request-id", format!("F{number:015}"))]);
        if response.status != 415 {
            response.headers.extend([
                ("x-rate-limit", limit.to_string()),
                ("x-rate-limit-remaining", limit.to_string()),
                ("x-rate-rolling", "0".to_owned()),
            ]);
        }
        response
    }

    /// The bearer of the request, or else its key.
    fn authenticate(&self, request: &Request) -> Result<Claims, Response> {
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let token = bearer.or(request.header("apikey")).or(request.header("x-api-key")).unwrap_or_default();
        self.check_token(self.config.token(token))
            .map_err(|_| Response::json(401, &json!({ "message": "Unauthorized" })))
    }

    fn may_write(&self, claims: &Claims, topic: &str, private: bool) -> bool {
        !private || claims.role() == "service_role" || (self.config.authorize)(claims, topic).write
    }

    fn answer_batch(&mut self, request: &Request) -> Response {
        let claims = match self.authenticate(request) {
            Ok(claims) => claims,
            Err(refused) => return refused,
        };
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let Some(messages) =
            body.get("messages").and_then(Value::as_array).filter(|messages| !messages.is_empty())
        else {
            return Response::json(422, &json!({ "errors": { "messages": ["can't be blank"] } }));
        };
        let faults: Vec<Value> = messages.iter().map(faults).collect();
        if faults.iter().any(|faults| *faults != json!({})) {
            return Response::json(422, &json!({ "errors": { "messages": faults } }));
        }
        if messages.len() > self.config.limits.batch {
            let message = "Too many messages to broadcast, please reduce the batch size";
            return Response::json(429, &json!({ "message": message }));
        }
        for message in messages {
            let text = |key: &str| message.get(key).and_then(Value::as_str).unwrap_or_default();
            let private = message.get("private").and_then(Value::as_bool).unwrap_or_default();
            let payload = message.get("payload").cloned().unwrap_or_default();
            // What is not allowed, or too large, disappears without a word.
            let small = payload.to_string().len() <= self.config.limits.payload;
            if small && self.may_write(&claims, text("topic"), private) {
                let id = message.get("id").and_then(Value::as_str);
                self.broadcast_text(text("topic"), private, text("event"), &payload, id);
            }
        }
        Response::empty(202)
    }

    fn answer_single(&mut self, request: &Request, topic: &str, event: &str) -> Response {
        let content_type = request.header("content-type").unwrap_or_default();
        let json = match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json" => true,
            "application/octet-stream" => false,
            _ => {
                let error = "Unsupported Media Type. Use application/json or application/octet-stream";
                return Response::json(415, &json!({ "error": error }));
            }
        };
        let claims = match self.authenticate(request) {
            Ok(claims) => claims,
            Err(refused) => return refused,
        };
        let private = request.parameter("private") == Some("true");
        if !self.may_write(&claims, topic, private) {
            return Response::json(403, &json!({ "message": "Unauthorized" }));
        }
        let payload = match json {
            false => Bytes::from(request.body.clone()),
            true => match serde_json::from_slice(&request.body) {
                Ok(payload @ Value::Object(_)) => Bytes::from(payload.to_string()),
                Ok(other) => Bytes::from(json!({ "_json": other }).to_string()),
                Err(_) => return Response::empty(400),
            },
        };
        if payload.len() > self.config.limits.payload {
            return Response::empty(413);
        }
        let broadcast = UserBroadcast { event: event.to_owned(), meta: Bytes::new(), json, payload };
        self.broadcast_bytes(topic, private, &broadcast);
        Response::empty(202)
    }
}

/// What is wrong with a message of a batch, by field.
fn faults(message: &Value) -> Value {
    let mut faults = serde_json::Map::new();
    for field in ["topic", "event"] {
        match message.get(field) {
            Some(Value::String(text)) if !text.trim().is_empty() => {}
            None | Some(Value::Null | Value::String(_)) => {
                faults.insert(field.into(), json!(["can't be blank"]));
            }
            Some(_) => {
                faults.insert(field.into(), json!(["is invalid"]));
            }
        }
    }
    match message.get("payload") {
        Some(Value::Object(_)) => {}
        None | Some(Value::Null) => {
            faults.insert("payload".into(), json!(["can't be blank"]));
        }
        Some(_) => {
            faults.insert("payload".into(), json!(["is invalid"]));
        }
    }
    Value::Object(faults)
}
