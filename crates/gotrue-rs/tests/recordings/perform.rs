//! A question, asked by the calls of the public API.

use std::sync::Arc;

use gotrue_rs::secrecy::{ExposeSecret, SecretString};
use gotrue_rs::webauthn::{CredentialProof, NewCredential};
use gotrue_rs::{
    Admin, Anonymous, AttributeMapping, AuditQuery, AuthCode, Authorization, Challenge, ChallengeRequest,
    Channel, Client, CustomProviderChanges, EmailOtp, Error, FactorProof, FlowType, GeneratedLink, IdToken,
    Link, LinkType, MemoryStore, NewCustomProvider, NewOAuthClient, NewSsoProvider, NewUser, OAuth,
    OAuthClient, OAuthClientChanges, Otp, OtpSent, Page, Password, PendingFlow, Phone, PhoneOtp,
    ProviderType, Resend, ResetPassword, SavedSession, Session, SessionStore, SignOutScope, SignUp, Sso,
    SsoProviderChanges, Totp, UserChanges, UserOrder, UserUpdate, Verified, Verify, Web3, WebAuthn,
    WebAuthnChallenge,
};
use serde::Serialize;
use serde_json::{Value, json};
use supabase_testing::auth::{ANON_KEY, SERVICE_KEY};
use supabase_testing::recordings::{self, Exchange};

use crate::read::{Call, Question};

/// A client with the key, and signed in as the user, that the recorded one had.
pub(crate) fn client(url: &str, exchange: &Exchange) -> Client {
    let headers = &exchange.request.headers;
    let bearer =
        headers.get("authorization").and_then(|header| header.split_once(' ')).map(|(_, token)| token);
    let body = exchange.request.body.as_ref().and_then(|body| body.json.clone()).unwrap_or_default();
    let is_service = bearer.is_some_and(|bearer| bearer.ends_with("-service_role"));
    let has_flow = body["code_challenge"].is_string() || exchange.request.path.contains("code_challenge=");
    let store = Arc::new(MemoryStore::new());
    let user = bearer.filter(|bearer| !bearer.ends_with("-anon") && !bearer.ends_with("-service_role"));
    if user.is_some() || body["refresh_token"].is_string() {
        let session = saved(user.unwrap_or("old"), exchange, &body);
        futures_util::FutureExt::now_or_never(store.swap("session", None, Some(&session))).unwrap().unwrap();
    }
    let mut builder = Client::builder(url, if is_service { SERVICE_KEY } else { ANON_KEY })
        .http_client(supabase_testing::http::client())
        .max_retries(0)
        .auto_refresh_token(false)
        .session_store(store)
        .storage_key("session")
        .flow_type(if has_flow { FlowType::Pkce } else { FlowType::Implicit });
    if let Some(audience) = headers.get("x-jwt-aud") {
        builder = builder.header("x-jwt-aud", audience);
    }
    builder.build().unwrap()
}

/// The session of the user whose token this is.
fn saved(token: &str, exchange: &Exchange, body: &Value) -> SavedSession {
    let answer = exchange.response.body.as_ref().and_then(|body| body.json.clone()).unwrap_or_default();
    let sub = || token.starts_with("jwt-").then(|| recordings::auth_jwt(token)["claims"]["sub"].clone());
    let user =
        answer["user"]["id"].as_str().map(Value::from).or_else(sub).unwrap_or_else(|| json!("somebody"));
    SavedSession::from(
        json!({
            "access_token": token, "token_type": "bearer", "expires_in": 3600, "expires_at": 4_000_000_000_i64,
            "refresh_token": body["refresh_token"].as_str().unwrap_or("refresh"), "user": { "id": user },
        })
        .to_string(),
    )
}

fn session(session: &Session) -> Value {
    let text =
        |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
    json!({
        "access_token": session.access_token.expose_secret(),
        "token_type": session.token_type,
        "expires_in": session.expires_in,
        "expires_at": session.expires_at.as_unix_seconds(),
        "refresh_token": session.refresh_token.expose_secret(),
        "user": session.user,
        "provider_token": text(&session.provider_token),
        "provider_refresh_token": text(&session.provider_refresh_token),
        "weak_password": session.weak_password,
    })
}

fn sent(sent: OtpSent) -> Value {
    json!({ "message_id": sent.message_id })
}

fn verified(answer: Verified) -> Value {
    match &answer {
        Verified::SignedIn(signed_in) => session(signed_in),
        Verified::OtherAddressNext { message } => json!({ "code": "200", "msg": message }),
        other => panic!("{other:?}"),
    }
}

fn link(link: GeneratedLink) -> Value {
    let mut json = json(&link.user);
    json["action_link"] = link.action_link.expose_secret().into();
    json["email_otp"] = link.email_otp.expose_secret().into();
    json["hashed_token"] = link.hashed_token.expose_secret().into();
    json["verification_type"] = link.verification_type.as_str().into();
    json["redirect_to"] = link.redirect_to.into();
    json
}

fn challenge(challenge: Challenge) -> Value {
    let webauthn = challenge.webauthn.map(|asked| match asked {
        WebAuthnChallenge::Create(options) => {
            json!({ "type": "create", "credential_options": { "publicKey": options } })
        }
        WebAuthnChallenge::Request(options) => {
            json!({ "type": "request", "credential_options": { "publicKey": options } })
        }
        other => panic!("{other:?}"),
    });
    json!({
        "id": challenge.id, "type": challenge.factor_type, "expires_at": challenge.expires_at.as_unix_seconds(),
        "webauthn": webauthn,
    })
}

fn oauth_client(client: OAuthClient) -> Value {
    json!({
        "client_id": client.client_id, "client_secret": client.client_secret.map(|secret| secret.expose_secret().to_owned()),
        "client_type": client.client_type, "redirect_uris": client.redirect_uris,
        "token_endpoint_auth_method": client.token_endpoint_auth_method, "grant_types": client.grant_types,
        "response_types": client.response_types, "client_name": client.client_name, "client_uri": client.client_uri,
        "logo_uri": client.logo_uri, "registration_type": client.registration_type, "created_at": client.created_at,
        "updated_at": client.updated_at,
    })
}

fn json(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn channel(question: &Question) -> Option<Channel> {
    question.text("channel").map(Channel::from)
}

fn data(question: &Question) -> Option<Value> {
    Some(question.body["data"].clone()).filter(Value::is_object)
}

fn texts(value: &Value) -> Vec<String> {
    serde_json::from_value(value.clone()).unwrap()
}

fn email_otp(kind: &str) -> EmailOtp {
    match kind {
        "email" => EmailOtp::Email,
        "signup" => EmailOtp::Signup,
        "invite" => EmailOtp::Invite,
        "magiclink" => EmailOtp::MagicLink,
        "recovery" => EmailOtp::Recovery,
        "email_change" => EmailOtp::EmailChange,
        other => panic!("{other}"),
    }
}

/// Sets what was recorded, and nothing else.
macro_rules! set {
    ($of:expr; $($method:ident $value:expr),* $(,)?) => {{
        let mut of = $of;
        $(if let Some(value) = $value { of = of.$method(value); })*
        of
    }};
}

/// Asks, and gives the answer as JSON.
pub(crate) async fn perform(auth: &Client, question: &Question) -> Result<Value, Error> {
    let text = |name: &str| question.text(name).unwrap_or_default().to_owned();
    let redirect_to = || question.query.get("redirect_to").and_then(Value::as_str).map(str::to_owned);
    let mfa = auth.mfa();
    Ok(match &question.call {
        Call::SignUp => {
            let answer = if let Some(email) = question.text("email") {
                let new = SignUp::email(email, text("password"));
                auth.sign_up(set!(new; data data(question), redirect_to redirect_to())).await?
            } else {
                let new = SignUp::phone(text("phone"), text("password"));
                auth.sign_up(set!(new; data data(question), channel channel(question))).await?
            };
            answer.session.as_deref().map_or_else(|| json(&answer.user), session)
        }
        Call::Anonymous => session(&*auth.sign_in(set!(Anonymous::new(); data data(question))).await?),
        Call::Password => {
            let way = match question.text("email") {
                Some(email) => Password::email(email, text("password")),
                None => Password::phone(text("phone"), text("password")),
            };
            session(&*auth.sign_in(way).await?)
        }
        Call::Refresh => session(&*auth.refresh_session().await?),
        Call::IdToken | Call::LinkIdToken => {
            let token = IdToken::new(text("provider"), text("id_token"));
            let token = set!(token; nonce question.text("nonce"), access_token question.text("access_token"));
            if question.call == Call::IdToken {
                session(&*auth.sign_in(token).await?)
            } else {
                session(&*auth.link_identity(token).await?)
            }
        }
        Call::ExchangeCode => {
            let flow =
                json!({ "id": "id", "verifier": text("code_verifier"), "purpose": "sign_in" }).to_string();
            let flow = PendingFlow::from_secret(&flow.into())?;
            session(&*auth.exchange_code_for_session(AuthCode::new(text("auth_code")).flow(&flow)).await?)
        }
        Call::Web3 if text("chain") == "ethereum" => {
            session(&*auth.sign_in(Web3::ethereum(text("message"), text("signature"))).await?)
        }
        Call::Web3 => session(&*auth.sign_in(Web3::solana(text("message"), text("signature"))).await?),
        Call::Otp => {
            let create = question.body["create_user"].as_bool();
            sent(match question.text("email") {
                Some(email) => {
                    let way = set!(Otp::email(email); create_user create, data data(question), redirect_to redirect_to());
                    auth.sign_in(way).await?
                }
                None => {
                    let way = Otp::phone(text("phone"));
                    auth.sign_in(
                        set!(way; create_user create, data data(question), channel channel(question)),
                    )
                    .await?
                }
            })
        }
        Call::Verify => {
            let kind = text("type");
            let verify = if let Some(hash) = question.text("token_hash") {
                Verify::token_hash(hash, email_otp(&kind))
            } else if let Some(email) = question.text("email") {
                Verify::email(email, text("token"), email_otp(&kind))
            } else {
                let kind = if kind == "sms" { PhoneOtp::Sms } else { PhoneOtp::PhoneChange };
                Verify::phone(text("phone"), text("token"), kind)
            };
            verified(auth.verify_otp(verify).await?)
        }
        Call::Recover => {
            let reset = ResetPassword::of(text("email"));
            sent(auth.reset_password_for_email(set!(reset; redirect_to redirect_to())).await?)
        }
        Call::Resend => sent(match text("type").as_str() {
            "signup" => auth.resend(set!(Resend::signup(text("email")); redirect_to redirect_to())).await?,
            "email_change" => {
                auth.resend(set!(Resend::email_change(text("email")); redirect_to redirect_to())).await?
            }
            "sms" => auth.resend(Resend::sms(text("phone"))).await?,
            _ => auth.resend(Resend::phone_change(text("phone"))).await?,
        }),
        Call::Sso => {
            let way = match question.text("domain") {
                Some(domain) => Sso::domain(domain),
                None => Sso::provider_id(text("provider_id")),
            };
            json(auth.sign_in(set!(way; redirect_to question.text("redirect_to"))).await?.url)
        }
        Call::SignOut => {
            auth.sign_out(scope(question)).await?;
            Value::Null
        }
        Call::AdminSignOut => {
            // The user's own token speaks; the key is what lets one call it.
            let token = auth.access_token().await?.unwrap();
            let admin = service(auth);
            admin.sign_out(token, scope(question)).await?;
            Value::Null
        }
        Call::GetUser => match auth.access_token().await? {
            Some(_) => json(auth.get_user().await?),
            None => json(auth.get_user_by("jwt-auth-46-service_role").await?),
        },
        Call::UpdateUser => {
            let mut changes = Vec::new();
            changes.extend(question.text("email").map(UserUpdate::email));
            changes.extend(question.text("phone").map(UserUpdate::phone));
            changes.extend(question.text("password").map(UserUpdate::password));
            changes.extend(data(question).map(UserUpdate::data));
            let update = changes.into_iter().reduce(UserUpdate::and).unwrap();
            let update = set!(update;
                nonce question.text("nonce"), current_password question.text("current_password"),
                channel channel(question), redirect_to redirect_to());
            json(auth.update_user(update).await?.user)
        }
        Call::Reauthenticate => sent(auth.reauthenticate().await?),
        Call::LinkUrl => {
            let way = OAuth::provider(question.query["provider"].as_str().unwrap());
            let scopes = question.query.get("scopes").and_then(Value::as_str).map(|scopes| scopes.split(' '));
            json(auth.link_identity(set!(way; redirect_to redirect_to(), scopes scopes)).await?.url)
        }
        Call::Unlink(id) => {
            auth.unlink_identity(id).await?;
            Value::Null
        }
        Call::Settings => json(auth.settings().await?),
        Call::Health => json(auth.health().await?),
        Call::Jwks => {
            // The keys are asked for by a token that names one.
            let error =
                auth.jwt_verifier().verify("eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.e30.AA").await.unwrap_err();
            assert!(error.message().contains("no key"), "{error}");
            Value::Null
        }
        Call::Enroll => match text("factor_type").as_str() {
            "totp" => {
                let factor = set!(Totp::named(text("friendly_name")); issuer question.text("issuer"));
                json(mfa.enroll(factor).await?.id)
            }
            "phone" => {
                let factor = Phone::number(text("phone")).named(text("friendly_name"));
                let factor = mfa.enroll(factor).await?;
                json!({ "id": factor.id, "type": "phone", "friendly_name": factor.friendly_name, "phone": factor.phone })
            }
            _ => {
                let factor = mfa.enroll(WebAuthn::named(text("friendly_name"))).await?;
                json!({ "id": factor.id, "type": "webauthn", "friendly_name": factor.friendly_name })
            }
        },
        Call::Challenge(id) => {
            challenge(mfa.challenge(set!(ChallengeRequest::factor(id); channel channel(question))).await?)
        }
        Call::VerifyFactor(id) => {
            let webauthn = &question.body["webauthn"];
            let answer = &webauthn["credential_response"];
            let proof = match webauthn["type"].as_str() {
                Some("create") => FactorProof::from(credential::<NewCredential>(answer)),
                Some(_) => FactorProof::from(credential::<CredentialProof>(answer)),
                None => FactorProof::from(text("code")),
            };
            session(&*mfa.verify(id, &text("challenge_id"), proof).await?)
        }
        Call::Unenroll(id) => {
            mfa.unenroll(id).await?;
            Value::Null
        }
        Call::StartRegistration => json(auth.passkeys().start_registration().await?),
        Call::VerifyRegistration => {
            let credential = credential(&question.body["credential"]);
            json(auth.passkeys().verify_registration(&text("challenge_id"), &credential).await?)
        }
        Call::StartAuthentication => json(auth.passkeys().start_authentication().await?),
        Call::VerifyAuthentication => {
            let credential = credential(&question.body["credential"]);
            session(&*auth.passkeys().verify_authentication(&text("challenge_id"), &credential).await?)
        }
        Call::ListPasskeys => json(auth.passkeys().list().await?),
        Call::UpdatePasskey(id) => json(auth.passkeys().update(id, &text("friendly_name")).await?),
        Call::DeletePasskey(id) => {
            auth.passkeys().delete(id).await?;
            Value::Null
        }
        Call::Authorization(id) => match auth.oauth().get_authorization_details(id).await? {
            Authorization::Pending(details) => json(details),
            Authorization::Consented(next) => json!({ "redirect_url": next.redirect_url }),
            other => panic!("{other:?}"),
        },
        Call::Consent(id) => {
            let oauth = auth.oauth();
            let next = if text("action") == "approve" {
                oauth.approve_authorization(id).await?
            } else {
                oauth.deny_authorization(id).await?
            };
            json!({ "redirect_url": next.redirect_url })
        }
        Call::ListGrants => json(auth.oauth().list_grants().await?),
        Call::RevokeGrant => {
            auth.oauth().revoke_grant(question.query["client_id"].as_str().unwrap()).await?;
            Value::Null
        }
        call => administer(&auth.admin()?, call, question).await?,
    })
}

fn scope(question: &Question) -> SignOutScope {
    match question.query["scope"].as_str() {
        Some("local") => SignOutScope::Local,
        Some("others") => SignOutScope::Others,
        _ => SignOutScope::Global,
    }
}

fn credential<C: serde::de::DeserializeOwned>(json: &Value) -> C {
    serde_json::from_value(json.clone()).unwrap()
}

/// A client with the service key, to the same place.
fn service(auth: &Client) -> Admin {
    let url = format!("{auth:?}");
    let url = url.split("base: \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let client = Client::builder(url, SERVICE_KEY).http_client(supabase_testing::http::client());
    client.max_retries(0).build().unwrap().admin().unwrap()
}

async fn administer(admin: &Admin, call: &Call, question: &Question) -> Result<Value, Error> {
    let text = |name: &str| question.text(name).unwrap_or_default().to_owned();
    let number = |name: &str| question.query.get(name)?.as_str()?.parse::<u64>().ok();
    let query = |name: &str| question.query.get(name).and_then(Value::as_str);
    let body = &question.body;
    let flag = |name: &str| body[name].as_bool();
    let object = |name: &str| Some(body[name].clone()).filter(Value::is_object);
    let list = |name: &str| body.get(name).map(texts);
    let nothing = |()| Value::Null;
    Ok(match call {
        Call::ListUsers => {
            let order = query("sort").map(|sort| match sort {
                "created_at asc" => UserOrder::CreatedAtAscending,
                _ => UserOrder::CreatedAtDescending,
            });
            let list = set!(admin.list_users();
                page number("page"), per_page number("per_page"), filter query("filter"), order order);
            let Page { items, .. } = list.await?;
            json(items)
        }
        Call::CreateUser => {
            let user = match (question.text("email"), question.text("phone")) {
                (Some(email), Some(phone)) => NewUser::email_and_phone(email, phone),
                (Some(email), None) => NewUser::email(email),
                _ => NewUser::phone(text("phone")),
            };
            let ban = question.text("ban_duration").map(hours);
            let user = set!(user;
                id question.text("id"), role question.text("role"), password question.text("password"),
                password_hash question.text("password_hash"), email_confirm flag("email_confirm"),
                phone_confirm flag("phone_confirm"), user_metadata object("user_metadata"),
                app_metadata object("app_metadata"), ban_for ban);
            json(admin.create_user(user).await?)
        }
        Call::GetUserById(id) => json(admin.get_user_by_id(id).await?),
        Call::UpdateUserById(id) => {
            let ban = question.text("ban_duration").filter(|ban| *ban != "none").map(hours);
            let changes = set!(UserChanges::new();
                email question.text("email"), phone question.text("phone"), password question.text("password"),
                email_confirm flag("email_confirm"), phone_confirm flag("phone_confirm"),
                user_metadata object("user_metadata"), app_metadata object("app_metadata"), role question.text("role"),
                ban_for ban);
            let changes = if body["ban_duration"] == "none" { changes.unban() } else { changes };
            json(admin.update_user_by_id(id, changes).await?)
        }
        Call::DeleteUser(id) => {
            let delete = admin.delete_user(id);
            let delete = if flag("should_soft_delete") == Some(true) { delete.soft() } else { delete };
            delete.await.map(nothing)?
        }
        Call::Invite => {
            let invite = admin.invite_user_by_email(text("email"));
            json(set!(invite; data data(question), redirect_to query("redirect_to")).await?)
        }
        Call::GenerateLink => {
            let (email, other) = (text("email"), text("new_email"));
            let asked = match LinkType::from(text("type").as_str()) {
                LinkType::Signup => Link::signup(email, text("password")),
                LinkType::Invite => Link::invite(email),
                LinkType::MagicLink => Link::magic_link(email),
                LinkType::Recovery => Link::recovery(email),
                LinkType::EmailChangeCurrent => Link::email_change_current(email, other),
                _ => Link::email_change_new(email, other),
            };
            link(
                admin
                    .generate_link(set!(asked; data data(question), redirect_to query("redirect_to")))
                    .await?,
            )
        }
        Call::AuditLog => {
            let search =
                query("query").and_then(|query| query.split_once(':')).map(|(scope, text)| match scope {
                    "author" => AuditQuery::Author(text.into()),
                    "action" => AuditQuery::Action(text.into()),
                    _ => AuditQuery::Type(text.into()),
                });
            let log = set!(admin.audit_log(); page number("page"), per_page number("per_page"), query search);
            json(log.await?.items)
        }
        Call::AdminFactors(user) => json(admin.mfa().list_factors(user).await?),
        Call::AdminDeleteFactor(user, factor) => json(admin.mfa().delete_factor(user, factor).await?),
        Call::AdminPasskeys(user) => json(admin.passkeys().list(user).await?),
        Call::AdminDeletePasskey(user, passkey) => {
            admin.passkeys().delete(user, passkey).await.map(nothing)?
        }
        Call::ListSso => json(admin.sso_providers().list().await?),
        Call::CreateSso => {
            let provider = match question.text("metadata_xml") {
                Some(xml) => NewSsoProvider::saml_xml(xml),
                None => NewSsoProvider::saml_url(text("metadata_url")),
            };
            let provider = set!(provider;
                domains list("domains"), attribute_mapping object("attribute_mapping").map(mapping),
                name_id_format question.text("name_id_format"), resource_id question.text("resource_id"),
                disabled flag("disabled"));
            json(admin.sso_providers().create(provider).await?)
        }
        Call::GetSso(id) => json(admin.sso_providers().get(id).await?),
        Call::UpdateSso(id) => {
            let changes = set!(SsoProviderChanges::new();
                domains list("domains"), attribute_mapping object("attribute_mapping").map(mapping),
                resource_id question.text("resource_id"), disabled flag("disabled"));
            json(admin.sso_providers().update(id, changes).await?)
        }
        Call::DeleteSso(id) => json(admin.sso_providers().delete(id).await?),
        Call::ListClients => {
            let clients = admin.oauth().list_clients().await?;
            json(clients.into_iter().map(oauth_client).collect::<Vec<_>>())
        }
        Call::CreateClient => {
            let client = NewOAuthClient::new(text("client_name"), list("redirect_uris").unwrap());
            let client = set!(client;
                grant_types list("grant_types"), response_types list("response_types"), scope question.text("scope"));
            oauth_client(admin.oauth().create_client(client).await?)
        }
        Call::GetClient(id) => oauth_client(admin.oauth().get_client(id).await?),
        Call::UpdateClient(id) => {
            let changes = set!(OAuthClientChanges::new(); client_name question.text("client_name"));
            oauth_client(admin.oauth().update_client(id, changes).await?)
        }
        Call::DeleteClient(id) => admin.oauth().delete_client(id).await.map(nothing)?,
        Call::RegenerateSecret(id) => oauth_client(admin.oauth().regenerate_client_secret(id).await?),
        Call::ListCustom => json(admin.custom_providers().list(query("type").map(ProviderType::from)).await?),
        Call::CreateCustom => {
            let provider = NewCustomProvider::oauth2(text("identifier"), text("name"), text("client_id"));
            let provider = set!(provider;
                client_secret question.text("client_secret"), scopes list("scopes"),
                authorization_url question.text("authorization_url"), token_url question.text("token_url"),
                userinfo_url question.text("userinfo_url"));
            json(admin.custom_providers().create(provider).await?)
        }
        Call::GetCustom(name) => json(admin.custom_providers().get(name).await?),
        Call::UpdateCustom(name) => {
            let changes = set!(CustomProviderChanges::new();
                name question.text("name"), enabled flag("enabled"), scopes list("scopes"));
            json(admin.custom_providers().update(name, changes).await?)
        }
        Call::DeleteCustom(name) => admin.custom_providers().delete(name).await.map(nothing)?,
        other => panic!("{other:?} is no call of an administrator"),
    })
}

fn mapping(json: Value) -> AttributeMapping {
    serde_json::from_value(json).unwrap()
}

/// Of `24h`.
fn hours(text: &str) -> std::time::Duration {
    let hours: u64 = text.strip_suffix('h').unwrap().parse().unwrap();
    std::time::Duration::from_secs(hours * 3600)
}
