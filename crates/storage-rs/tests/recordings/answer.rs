//! Whether a recorded answer came out whole.

use serde_json::Value;
use storage_rs::{ErrorKind, Timestamp};
use supabase_testing::recordings::Exchange;

use crate::perform::Given;

pub(crate) fn check(exchange: &Exchange, given: Given) -> Result<(), String> {
    let response = &exchange.response;
    let body = response.body.as_ref().and_then(|body| body.whole()).unwrap_or_default();
    let json = serde_json::from_slice::<Value>(&body).ok();
    if response.status >= 400 {
        let Given::Failed(error) = given else {
            // The one question to which a refusal is an answer.
            return match (&given, &json) {
                (Given::Json(Value::Bool(false)), Some(json)) if json["code"] == "NoSuchKey" => Ok(()),
                _ => Err(format!("a refusal came out as {given:?}")),
            };
        };
        let json = json.ok_or("the refusal is no JSON")?;
        let code = json["code"].as_str();
        let status_code = match &json["statusCode"] {
            Value::String(text) => text.parse().ok(),
            number => number.as_u64().and_then(|number| u16::try_from(number).ok()),
        };
        let said = (error.kind(), error.status(), error.status_code(), error.message());
        let meant =
            (ErrorKind::Rejected, Some(response.status), status_code, json["message"].as_str().unwrap());
        if said != meant {
            return Err(format!("the error {meant:?} came out as {said:?}"));
        }
        if code.is_some() && error.code().map(storage_rs::Code::as_str) != code {
            return Err(format!("the code {code:?} came out as {:?}", error.code()));
        }
        return Ok(());
    }
    match given {
        Given::Bytes(bytes) if bytes == body => Ok(()),
        Given::Bytes(bytes) => Err(format!("{} bytes came out as {}", body.len(), bytes.len())),
        Given::Json(Value::Bool(true)) => Ok(()),
        Given::Json(given) => {
            let json = json.ok_or("the answer is no JSON")?;
            covers(&given, &json, "")
        }
        Given::Failed(error) => Err(format!("a success came out as {error:?}")),
        Given::Not(_) => Err("nothing was asked".to_owned()),
    }
}

/// Whether everything that was recorded is in what was given.
fn covers(given: &Value, recorded: &Value, at: &str) -> Result<(), String> {
    match (given, recorded) {
        (Value::Object(given), Value::Object(recorded)) => recorded
            .iter()
            // It says that it is done.
            .filter(|(key, value)| !value.is_null() && *key != "message" && *key != "nextCursorKey")
            .try_for_each(|(key, value)| {
                covers(given.get(key).unwrap_or(&Value::Null), value, &format!("{at}.{key}"))
            }),
        (Value::Array(given), Value::Array(recorded)) if given.len() == recorded.len() => given
            .iter()
            .zip(recorded)
            .try_for_each(|(given, recorded)| covers(given, recorded, &format!("{at}[]"))),
        (Value::String(given), Value::String(recorded)) if moment(given).is_some() => {
            if moment(given) == moment(recorded) {
                Ok(())
            } else {
                Err(format!("{at}: {recorded} came out as {given}"))
            }
        }
        (Value::Null, Value::Object(recorded)) if recorded.keys().eq(["message"]) => Ok(()),
        _ if given == recorded => Ok(()),
        _ => Err(format!("{at}: {recorded} came out as {given}")),
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
