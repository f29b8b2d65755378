//! A recorded request, read as a question that the API can ask.

use serde_json::{Map, Value, json};
use supabase_testing::recordings::Exchange;
use url::Url;

/// What a recorded request asks.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) call: Call,
    pub(crate) body: Value,
    pub(crate) query: Map<String, Value>,
}

/// Which call asks it, with the ids in its path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Call {
    SignUp,
    Anonymous,
    Password,
    Refresh,
    IdToken,
    LinkIdToken,
    ExchangeCode,
    Web3,
    Otp,
    Verify,
    Recover,
    Resend,
    Sso,
    SignOut,
    AdminSignOut,
    GetUser,
    UpdateUser,
    Reauthenticate,
    LinkUrl,
    Unlink(String),
    Settings,
    Health,
    Jwks,
    Enroll,
    Challenge(String),
    VerifyFactor(String),
    Unenroll(String),
    StartRegistration,
    VerifyRegistration,
    StartAuthentication,
    VerifyAuthentication,
    ListPasskeys,
    UpdatePasskey(String),
    DeletePasskey(String),
    Authorization(String),
    Consent(String),
    ListGrants,
    RevokeGrant,
    ListUsers,
    CreateUser,
    GetUserById(String),
    UpdateUserById(String),
    DeleteUser(String),
    Invite,
    GenerateLink,
    AuditLog,
    AdminFactors(String),
    AdminDeleteFactor(String, String),
    AdminPasskeys(String),
    AdminDeletePasskey(String, String),
    ListSso,
    CreateSso,
    GetSso(String),
    UpdateSso(String),
    DeleteSso(String),
    ListClients,
    CreateClient,
    GetClient(String),
    UpdateClient(String),
    DeleteClient(String),
    RegenerateSecret(String),
    ListCustom,
    CreateCustom,
    GetCustom(String),
    UpdateCustom(String),
    DeleteCustom(String),
}

impl Call {
    fn is_of_an_administrator(&self) -> bool {
        use Call::*;
        matches!(
            self,
            ListUsers
                | CreateUser
                | GetUserById(_)
                | UpdateUserById(_)
                | DeleteUser(_)
                | Invite
                | GenerateLink
                | AuditLog
                | AdminFactors(_)
                | AdminDeleteFactor(..)
                | AdminPasskeys(_)
                | AdminDeletePasskey(..)
                | ListSso
                | CreateSso
                | GetSso(_)
                | UpdateSso(_)
                | DeleteSso(_)
                | ListClients
                | CreateClient
                | GetClient(_)
                | UpdateClient(_)
                | DeleteClient(_)
                | RegenerateSecret(_)
                | ListCustom
                | CreateCustom
                | GetCustom(_)
                | UpdateCustom(_)
                | DeleteCustom(_)
        )
    }
}

impl Question {
    /// The question; or why the API has no call for it.
    pub(crate) fn read(exchange: &Exchange) -> Result<Self, String> {
        let request = &exchange.request;
        if request.path.ends_with(" bytes]") {
            return Err("the recording kept only the beginning of it".to_owned());
        }
        let body = match &request.body {
            None => Value::Null,
            Some(body) => match &body.json {
                Some(json) => json.clone(),
                None if body.text.is_some() => return Err("a body that is not JSON".to_owned()),
                None => return Err("the recording kept only the beginning of it".to_owned()),
            },
        };
        let url = Url::parse("http://server").and_then(|base| base.join(&request.path)).unwrap();
        let query: Map<String, Value> =
            url.query_pairs().map(|(name, value)| (name.into_owned(), Value::from(value))).collect();
        let segments: Vec<&str> = url.path().trim_start_matches('/').split('/').collect();
        let speaks_as_user = request
            .headers
            .get("authorization")
            .is_some_and(|header| !header.ends_with("-anon") && !header.ends_with("-service_role"));
        let is_service =
            request.headers.get("authorization").is_some_and(|header| header.ends_with("-service_role"));
        let call = call(&request.method, &segments, &query, &body, speaks_as_user, &exchange.case)?;
        if call.is_of_an_administrator() && !is_service {
            return Err("a call of an administrator, by a key that may not make it".to_owned());
        }
        expressible(&call, &body, &query)?;
        Ok(Self { call, body, query })
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body[name].as_str()
    }

    /// What the API gives of a recorded answer: some wrap it, and some leave out what says nothing.
    pub(crate) fn answer(&self, mut json: Value) -> Value {
        match self.call {
            Call::ListUsers => json!(json["users"]),
            Call::ListSso => json!(json["items"]),
            Call::ListClients => json!(json["clients"]),
            Call::ListCustom => json!(json["providers"]),
            Call::Jwks => Value::Null,
            // The answer says which factor it was; the caller knows.
            Call::Unenroll(_) => Value::Null,
            Call::LinkUrl => json["url"].take(),
            Call::Sso => json["url"].take(),
            _ => json,
        }
    }
}

fn call(
    method: &str,
    segments: &[&str],
    query: &Map<String, Value>,
    body: &Value,
    speaks_as_user: bool,
    case: &str,
) -> Result<Call, String> {
    let id = |at: usize| segments[at].to_owned();
    let needs_user = |call: Call| {
        if speaks_as_user { Ok(call) } else { Err("a call of a user, sent without one".to_owned()) }
    };
    Ok(match (method, segments) {
        ("POST", ["signup"]) if body["email"].is_null() && body["phone"].is_null() => Call::Anonymous,
        ("POST", ["signup"]) => Call::SignUp,
        ("POST", ["token"]) => match query.get("grant_type").and_then(Value::as_str) {
            Some("password") => Call::Password,
            Some("refresh_token") => Call::Refresh,
            Some("id_token") if body["link_identity"] == true => Call::LinkIdToken,
            Some("id_token") => Call::IdToken,
            Some("pkce") => Call::ExchangeCode,
            Some("web3") => Call::Web3,
            other => return Err(format!("the grant type `{}`", other.unwrap_or_default())),
        },
        ("POST", ["otp"]) => Call::Otp,
        ("POST", ["verify"]) => Call::Verify,
        ("POST", ["recover"]) => Call::Recover,
        ("POST", ["resend"]) => Call::Resend,
        ("POST", ["sso"]) => Call::Sso,
        ("POST", ["logout"]) if case.starts_with("auth/admin_sign_out/") => Call::AdminSignOut,
        ("POST", ["logout"]) => needs_user(Call::SignOut)?,
        ("GET", ["user"]) if speaks_as_user || case.contains("service_key") => Call::GetUser,
        ("GET", ["user"]) => needs_user(Call::GetUser)?,
        ("PUT", ["user"]) => needs_user(Call::UpdateUser)?,
        ("GET", ["reauthenticate"]) => needs_user(Call::Reauthenticate)?,
        ("GET", ["user", "identities", "authorize"]) => needs_user(Call::LinkUrl)?,
        ("DELETE", ["user", "identities", _]) => needs_user(Call::Unlink(id(2)))?,
        ("GET", ["settings"]) => Call::Settings,
        ("GET", ["health"]) => Call::Health,
        ("GET", [".well-known", "jwks.json"]) => Call::Jwks,
        ("POST", ["factors"]) => needs_user(Call::Enroll)?,
        ("POST", ["factors", _, "challenge"]) => needs_user(Call::Challenge(id(1)))?,
        ("POST", ["factors", _, "verify"]) => needs_user(Call::VerifyFactor(id(1)))?,
        ("DELETE", ["factors", _]) => needs_user(Call::Unenroll(id(1)))?,
        ("POST", ["passkeys", "registration", "options"]) => needs_user(Call::StartRegistration)?,
        ("POST", ["passkeys", "registration", "verify"]) => needs_user(Call::VerifyRegistration)?,
        ("POST", ["passkeys", "authentication", "options"]) => Call::StartAuthentication,
        ("POST", ["passkeys", "authentication", "verify"]) => Call::VerifyAuthentication,
        ("GET", ["passkeys"]) => needs_user(Call::ListPasskeys)?,
        ("PATCH", ["passkeys", _]) => needs_user(Call::UpdatePasskey(id(1)))?,
        ("DELETE", ["passkeys", _]) => needs_user(Call::DeletePasskey(id(1)))?,
        ("GET", ["oauth", "authorizations", _]) => needs_user(Call::Authorization(id(2)))?,
        ("POST", ["oauth", "authorizations", _, "consent"]) => needs_user(Call::Consent(id(2)))?,
        ("GET", ["user", "oauth", "grants"]) => needs_user(Call::ListGrants)?,
        ("DELETE", ["user", "oauth", "grants"]) => needs_user(Call::RevokeGrant)?,
        ("GET", ["admin", "users"]) => Call::ListUsers,
        ("POST", ["admin", "users"]) => Call::CreateUser,
        ("GET", ["admin", "users", _]) => Call::GetUserById(id(2)),
        ("PUT", ["admin", "users", _]) => Call::UpdateUserById(id(2)),
        ("DELETE", ["admin", "users", _]) => Call::DeleteUser(id(2)),
        ("POST", ["invite"]) => Call::Invite,
        ("POST", ["admin", "generate_link"]) => Call::GenerateLink,
        ("GET", ["admin", "audit"]) => Call::AuditLog,
        ("GET", ["admin", "users", _, "factors"]) => Call::AdminFactors(id(2)),
        ("DELETE", ["admin", "users", _, "factors", _]) => Call::AdminDeleteFactor(id(2), id(4)),
        ("GET", ["admin", "users", _, "passkeys"]) => Call::AdminPasskeys(id(2)),
        ("DELETE", ["admin", "users", _, "passkeys", _]) => Call::AdminDeletePasskey(id(2), id(4)),
        ("GET", ["admin", "sso", "providers"]) => Call::ListSso,
        ("POST", ["admin", "sso", "providers"]) => Call::CreateSso,
        ("GET", ["admin", "sso", "providers", _]) => Call::GetSso(id(3)),
        ("PUT", ["admin", "sso", "providers", _]) => Call::UpdateSso(id(3)),
        ("DELETE", ["admin", "sso", "providers", _]) => Call::DeleteSso(id(3)),
        ("GET", ["admin", "oauth", "clients"]) => Call::ListClients,
        ("POST", ["admin", "oauth", "clients"]) => Call::CreateClient,
        ("GET", ["admin", "oauth", "clients", _]) => Call::GetClient(id(3)),
        ("PUT", ["admin", "oauth", "clients", _]) => Call::UpdateClient(id(3)),
        ("DELETE", ["admin", "oauth", "clients", _]) => Call::DeleteClient(id(3)),
        ("POST", ["admin", "oauth", "clients", _, "regenerate_secret"]) => Call::RegenerateSecret(id(3)),
        ("GET", ["admin", "custom-providers"]) => Call::ListCustom,
        ("POST", ["admin", "custom-providers"]) => Call::CreateCustom,
        ("GET", ["admin", "custom-providers", name]) if name.contains('%') => {
            return Err("an identifier whose colon is encoded: the crate sends it as it is".to_owned());
        }
        ("GET", ["admin", "custom-providers", _]) => Call::GetCustom(id(2)),
        ("PUT", ["admin", "custom-providers", _]) => Call::UpdateCustom(id(2)),
        ("DELETE", ["admin", "custom-providers", _]) => Call::DeleteCustom(id(2)),
        ("GET", ["verify" | "authorize" | "callback"]) => {
            return Err("what a browser asks, and no client".to_owned());
        }
        ("POST", ["oauth", "token"])
        | ("GET", ["oauth", "authorize" | "userinfo"])
        | ("POST", ["oauth", "clients", "register"]) => {
            return Err("what a program asks that a user grants access, by an OAuth library".to_owned());
        }
        ("POST", ["magiclink"]) => return Err("an endpoint whose place `otp` has taken".to_owned()),
        ("GET", ["scim", ..] | ["sso", "saml", "metadata"] | [".well-known", ..]) => {
            return Err("a document for other servers".to_owned());
        }
        ("GET", ["factors", "recovery-codes"]) => {
            return Err("an endpoint that the server does not have".to_owned());
        }
        _ => return Err("a request that only shows how the server refuses it".to_owned()),
    })
}

/// Whether the API lets one ask this.
fn expressible(call: &Call, body: &Value, query: &Map<String, Value>) -> Result<(), String> {
    let has = |name: &str| body[name].is_string();
    let fail = |reason: &str| Err(reason.to_owned());
    match call {
        Call::SignUp | Call::Password | Call::Otp if has("email") && has("phone") => {
            fail("an email address and a phone number, where the API takes one")
        }
        Call::Password | Call::Otp if !has("email") && !has("phone") => {
            fail("neither an email address nor a phone number, where the API takes one")
        }
        Call::SignUp if has("phone") && has("code_challenge") => {
            fail("a code challenge for a phone, where no link is sent")
        }
        Call::SignUp
            if has("code_challenge")
                && body["code_challenge"].as_str().is_some_and(|text| text.len() < 43) =>
        {
            fail("a code challenge that the crate would not make")
        }
        Call::SignUp if has("code_challenge") != has("code_challenge_method") => {
            fail("a code challenge that the crate would not make")
        }
        Call::Anonymous if has("password") => {
            fail("neither an email address nor a phone number, where the API takes one")
        }
        Call::Otp if has("email") && has("channel") => fail("a channel for an email, which the API has not"),
        Call::Verify if has("token_hash") && has("email") => {
            fail("a hash with an email address, which the API has not")
        }
        Call::Verify if !has("type") => fail("a code without its type, which the API has not"),
        Call::Verify if body["type"] == "bogus" => fail("a type that the API has not"),
        Call::Verify if !has("token_hash") && !has("email") && !has("phone") => {
            fail("neither an email address nor a phone number, where the API takes one")
        }
        Call::Resend
            if !matches!(body["type"].as_str(), Some("signup" | "email_change" | "sms" | "phone_change")) =>
        {
            fail("a type that the API has not")
        }
        Call::Resend if !has("email") && !has("phone") => {
            fail("neither an email address nor a phone number, where the API takes one")
        }
        Call::Recover if !has("email") => fail("no email address, where the API takes one"),
        Call::Sso if has("domain") && has("provider_id") => {
            fail("a domain and an id, where the API takes one")
        }
        Call::Sso if body["skip_http_redirect"] != true => {
            fail("a redirect of the server's, where the API asks for the address")
        }
        Call::LinkUrl if query.get("skip_http_redirect").is_none() => {
            fail("a redirect of the server's, where the API asks for the address")
        }
        Call::IdToken if !has("id_token") => fail("no ID token, where the API takes one"),
        Call::Web3 if !has("message") || !has("signature") => {
            fail("no message or signature, where the API takes both")
        }
        Call::ExchangeCode if body["code_verifier"] == "" => {
            fail("an empty code verifier, which the crate would not make")
        }
        Call::SignOut | Call::AdminSignOut
            if !matches!(query.get("scope").and_then(Value::as_str), Some("global" | "local" | "others")) =>
        {
            fail("a scope that the API has not, or none where it sends one")
        }
        Call::UpdateUser if body["app_metadata"].is_object() => {
            fail("what only a server may change about a user")
        }
        Call::Refresh if body["refresh_token"].as_str().unwrap_or_default().is_empty() => {
            fail("an empty refresh token, which no session has")
        }
        Call::ListClients if query.contains_key("page") => fail("a page, where the server gives all"),
        Call::Enroll if !body["friendly_name"].is_string() => {
            fail("a factor without a name, where the API takes one")
        }
        Call::Enroll if body["factor_type"] == "phone" && !has("phone") => fail("a phone without a number"),
        Call::VerifyFactor(_) if !has("challenge_id") => fail("no challenge, where the API takes one"),
        Call::Consent(_) if !matches!(body["action"].as_str(), Some("approve" | "deny")) => {
            fail("an answer that the API has not")
        }
        Call::VerifyAuthentication if !has("challenge_id") => fail("no challenge, where the API takes one"),
        Call::CreateUser if !has("email") && !has("phone") => {
            fail("neither an email address nor a phone number, where the API takes one")
        }
        Call::ListUsers if query.contains_key("limit") || query.contains_key("cursor") => {
            fail("cursors, which servers have only as an experiment")
        }
        Call::ListUsers if query.get("page").is_some_and(|page| page == "x") => {
            fail("a page that is no number")
        }
        Call::AuditLog if query.get("query").is_some_and(|query| query == "nope") => {
            fail("a search that the API has not")
        }
        Call::GenerateLink if body["type"] == "bogus" => fail("a type that the API has not"),
        Call::CreateSso if !has("metadata_xml") && !has("metadata_url") => {
            fail("no metadata, where the API takes some")
        }
        Call::UpdateUserById(_) if body["ban_duration"] == "forever" => fail("a time that is none"),
        _ => Ok(()),
    }
}
