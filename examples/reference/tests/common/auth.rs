//! The examples of auth, one after the other, on a live stack: what they need of it by [`Need`].

use std::collections::BTreeSet;

use reference_examples as examples;
use supabase::Client;
use supabase::auth::{
    AssuranceLevel, EmailOtp, Factor, FactorStatus, NewUser, Otp, Password, SignUp, UserUpdate, Verified,
    Verify,
};
use supabase::secrecy::ExposeSecret;
use supabase_testing::live::{Need, Stack, lacks};
use supabase_testing::sent::{code, follow_until, hash, link, mail, mail_with, sms};
use supabase_testing::totp;

use crate::common::listed;

/// Whom the examples sign up and in.
const EMAIL: &str = "email@example.com";
/// All addresses and numbers that examples give to users.
const TAKEN: [&str; 10] = [
    EMAIL,
    "hello1@example.com",
    "new@email.com",
    "user@email.com",
    "current.email@example.com",
    "new.email@example.com",
    PHONE,
    "1234567890",
    "123456789",
    "987654321",
];
const PHONE: &str = "13334445555";

fn client(stack: &Stack, key: &str) -> Client {
    let builder = Client::builder(&stack.url, key).http_client(supabase_testing::http::client());
    builder.configure_auth(|auth| auth.auto_refresh_token(false)).build().unwrap()
}

/// Frees the addresses and numbers of the examples, which an earlier run may have left with somebody.
async fn free(stack: &Stack) {
    if lacks(Need::AuthAdmin) {
        for address in ["email@example.com", "hello1@example.com", "new@email.com"] {
            give_up(stack, address).await;
        }
        return;
    }
    let service = client(stack, &stack.service_role_key);
    let admin = service.auth().admin().unwrap();
    let mut page = Some(1);
    let mut those = Vec::new();
    while let Some(number) = page {
        let users = admin.list_users().page(number).per_page(1000).await.unwrap();
        page = users.next_page;
        those.extend(users.items.into_iter().filter(|user| {
            let names = [user.email.as_deref(), user.phone.as_deref()];
            names.into_iter().flatten().any(|name| TAKEN.contains(&name))
        }));
    }
    for user in those {
        admin.delete_user(&user.id).await.unwrap();
    }
}

/// Without administrators, nobody but the user can do so: whoever it is gets another address.
async fn give_up(stack: &Stack, address: &str) {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let supabase = client(stack, &stack.anon_key);
    let auth = supabase.auth();
    match auth.sign_in(Otp::email(address).create_user(false)).await {
        Ok(_) => {}
        Err(error) if error.code().is_some_and(|code| code.as_str() == "otp_disabled") => return,
        Err(error) => panic!("{error:?}"),
    }
    let sent = code(&mail_with(stack, address, "magiclink").await);
    auth.verify_otp(Verify::email(address, sent, EmailOtp::MagicLink)).await.unwrap();
    let other = format!("former-{}@example.com", since.as_nanos());
    auth.update_user(UserUpdate::email(&other)).await.unwrap();
    let sent = code(&mail_with(stack, address, "email_change").await);
    auth.verify_otp(Verify::email(address, sent, EmailOtp::EmailChange)).await.unwrap();
    assert_eq!(auth.get_user().await.unwrap().email.as_deref(), Some(&*other));
}

/// Runs every example that the stack has what for, and checks that these are all.
pub(crate) async fn every_example(stack: &Stack) {
    let mut ran = BTreeSet::new();
    macro_rules! run {
        ($client:ident, $id:ident($($argument:expr),*)) => {{
            ran.insert(stringify!($id).to_owned());
            let given = examples::$id(&$client $(, $argument)*).await;
            let given = given.unwrap_or_else(|error| panic!("{} failed: {error:?}", stringify!($id)));
            println!("{}: {given:?}", stringify!($id));
            given
        }};
    }
    /// What the stack has not been set up for: the server's own word.
    macro_rules! refused {
        ($client:ident, $id:ident, $code:expr) => {{
            ran.insert(stringify!($id).to_owned());
            let error = examples::$id(&$client).await.unwrap_err();
            println!("{}: {error:?}", stringify!($id));
            assert_eq!(error.code(), Some($code), "{}: {error:?}", stringify!($id));
        }};
    }
    let anybody = || client(stack, &stack.anon_key);

    // Signing up.
    free(stack).await;
    let supabase = anybody();
    let given = run!(supabase, auth_sign_up_1());
    assert_eq!(given.user.email.as_deref(), Some(EMAIL));
    free(stack).await;
    let supabase = anybody();
    let given = run!(supabase, auth_sign_up_4());
    assert_eq!(
        (&given.user.user_metadata["first_name"], &given.user.user_metadata["age"]),
        (&"John".into(), &27.into())
    );
    let given = run!(supabase, auth_sign_up_5());
    assert_eq!(given.user.email.as_deref(), Some("hello1@example.com"));

    // A session of a user, who has the password of the example.
    free(stack).await;
    let supabase = anybody();
    let id = sign_up(stack, &supabase).await;
    run!(supabase, auth_resend_1());
    run!(supabase, auth_resend_3());
    let session = run!(supabase, auth_sign_in_with_password_1());
    assert_eq!(session.user.id, id);
    let same = run!(supabase, auth_get_session_1()).unwrap();
    assert_eq!(same.access_token.expose_secret(), session.access_token.expose_secret());
    let newer = run!(supabase, auth_refresh_session_1());
    assert_ne!(newer.refresh_token.expose_secret(), session.refresh_token.expose_secret());
    assert_eq!(run!(supabase, auth_get_user_1()).id, id);
    let other = anybody();
    assert_eq!(run!(other, auth_get_user_2(newer.access_token.expose_secret())).id, id);
    let (access, refresh) = (newer.access_token.expose_secret(), newer.refresh_token.expose_secret());
    assert_eq!(run!(other, auth_set_session_1(access, refresh)).user.id, id);
    assert_eq!(run!(supabase, auth_update_user_4()).user.user_metadata["hello"], "world");
    run!(supabase, auth_update_user_3());
    run!(supabase, auth_reauthenticate_1());
    let nonce = code(&mail(stack, EMAIL).await);
    supabase.auth().update_user(UserUpdate::password("another password")).await.unwrap();
    run!(supabase, auth_update_user_5(&nonce));
    supabase.auth().sign_in(Password::email(EMAIL, "new password")).await.unwrap();
    let identities = run!(supabase, auth_get_user_identities_1());
    assert_eq!(identities[0].provider, "email");
    run!(supabase, auth_reset_password_for_email_1());
    let sent = code(&mail_with(stack, EMAIL, "recovery").await);
    let verified = anybody().auth().verify_otp(Verify::email(EMAIL, sent, EmailOtp::Recovery)).await.unwrap();
    assert!(matches!(verified, Verified::SignedIn(_)));
    run!(supabase, auth_sign_in_with_otp_1());
    let sent = code(&mail_with(stack, EMAIL, "magiclink").await);
    let other = anybody();
    let verified = run!(other, auth_verify_otp_1(&sent));
    assert_eq!(verified.session().unwrap().user.id, id);
    run!(supabase, auth_sign_in_with_otp_1());
    let hash = hash(&link(&mail_with(stack, EMAIL, "magiclink").await));
    let other = anybody();
    let verified = run!(other, auth_verify_otp_3(&hash));
    assert_eq!(verified.session().unwrap().user.id, id);
    let updated = run!(supabase, auth_update_user_1());
    assert_eq!(updated.user.new_email.as_deref(), Some("new@email.com"));
    if !lacks(Need::Mfa) {
        let levels = run!(supabase, auth_mfa_get_authenticator_assurance_level_1());
        assert_eq!((levels.current, levels.next), (AssuranceLevel::Aal1, AssuranceLevel::Aal1));
        let factor = run!(supabase, auth_mfa_enroll_1());
        let challenge = run!(supabase, auth_mfa_challenge_1(&factor.id));
        let now = totp::code(factor.totp.secret.expose_secret());
        let session = run!(supabase, auth_mfa_verify_1(&factor.id, &challenge.id, &now));
        assert_eq!(session.user.factors[0].status, FactorStatus::Verified);
        run!(supabase, auth_mfa_unenroll_1(&factor.id));
        let factor = run!(supabase, auth_mfa_enroll_1());
        let now = totp::code(factor.totp.secret.expose_secret());
        run!(supabase, auth_mfa_challenge_and_verify_1(&factor.id, &now));
        let service = client(stack, &stack.service_role_key);
        let deleted: Factor = run!(service, auth_admin_mfa_delete_factor_1(&id, &factor.id));
        assert_eq!(deleted.id, factor.id);
    }
    supabase.auth().refresh_session().await.unwrap();
    run!(supabase, auth_sign_out_1());
    assert!(supabase.auth().get_session().await.unwrap().is_none());
    assert_eq!(other.auth().refresh_session().await.unwrap_err().kind(), supabase::auth::ErrorKind::Rejected);

    // A provider.
    let supabase = anybody();
    let back = |url: String| async move {
        follow_until(&url, |url| {
            !url.path().ends_with("/callback")
                && url.query_pairs().any(|(name, _)| name == "code")
                && url.query_pairs().all(|(name, _)| name != "state")
        })
        .await
    };
    let next = run!(supabase, auth_sign_in_with_oauth_1());
    let url = back(next.url).await;
    let (_, code_of) = url.split_once("code=").unwrap();
    let session = run!(supabase, auth_exchange_code_for_session_1(code_of.split(['&', '#']).next().unwrap()));
    assert_eq!(session.user.app_metadata["provider"], "github");
    run!(supabase, auth_unlink_identity_1());
    let supabase = anybody();
    let next = run!(supabase, auth_sign_in_with_oauth_2());
    let to = follow_until(&next.url, |url| url.path().ends_with("/login/oauth/authorize")).await;
    assert!(to.contains("client_id="), "{to}");
    let next = run!(supabase, auth_sign_in_with_oauth_3());
    let to = follow_until(&next.url, |url| url.path().ends_with("/login/oauth/authorize")).await;
    assert!(["repo", "gist", "notifications"].iter().all(|scope| to.contains(scope)), "{to}");
    if !lacks(Need::ManualLinking) {
        let supabase = anybody();
        free(stack).await;
        sign_up(stack, &supabase).await;
        let next = run!(supabase, auth_link_identity_1());
        assert!(next.url.contains("/login/oauth/authorize"), "{}", next.url);
    }

    if !lacks(Need::Anonymous) {
        let supabase = anybody();
        assert!(run!(supabase, auth_sign_in_anonymously_1()).user.is_anonymous);
        let supabase = anybody();
        assert_eq!(run!(supabase, auth_sign_in_anonymously_2()).user.user_metadata["theme"], "dark");
    }
    if !lacks(Need::Phones) && !lacks(Need::AuthAdmin) {
        free(stack).await;
        let supabase = anybody();
        let given = run!(supabase, auth_sign_up_2());
        assert_eq!(given.user.phone.as_deref(), Some("123456789"));
        let service = client(stack, &stack.service_role_key);
        let new = NewUser::phone(PHONE).password("some-password").phone_confirm(true);
        let user = service.auth().admin().unwrap().create_user(new).await.unwrap();
        assert_eq!(run!(supabase, auth_sign_in_with_password_2()).user.id, user.id);
        run!(supabase, auth_sign_in_with_otp_2());
        let sent = sms(stack, PHONE).await;
        let verified = run!(supabase, auth_verify_otp_2(&sent));
        assert_eq!(verified.session().unwrap().user.id, user.id);
        free(stack).await;
        let new = NewUser::phone("987654321").password("some-password").phone_confirm(true);
        service.auth().admin().unwrap().create_user(new).await.unwrap();
        let supabase = anybody();
        supabase.auth().sign_in(Password::phone("987654321", "some-password")).await.unwrap();
        assert_eq!(run!(supabase, auth_update_user_2()).user.new_phone.as_deref(), Some("123456789"));
        run!(supabase, auth_resend_2());
        run!(supabase, auth_resend_4());
        let supabase = anybody();
        run!(supabase, auth_sign_in_with_otp_3());
        free(stack).await;
        assert_eq!(run!(supabase, auth_sign_up_3()).user.phone.as_deref(), Some("123456789"));
    }
    if !lacks(Need::SsoProviders) {
        let supabase = anybody();
        refused!(supabase, auth_sign_in_with_sso_1, "sso_provider_not_found");
        refused!(supabase, auth_sign_in_with_sso_2, "sso_provider_not_found");
        refused!(supabase, auth_sign_in_with_id_token_1, "provider_disabled");
    }
    if !lacks(Need::AuthAdmin) {
        free(stack).await;
        let service = client(stack, &stack.service_role_key);
        ran.insert("auth_admin_client_1".to_owned());
        examples::auth_admin_client_1(&stack.url, &stack.service_role_key).await.unwrap();
        let user = run!(service, auth_admin_create_user_1());
        assert_eq!(user.user_metadata["name"], "Yoda");
        assert_eq!(run!(service, auth_admin_get_user_by_id_1(&user.id)).id, user.id);
        let listed = run!(service, auth_admin_list_users_1());
        assert!(listed.items.iter().any(|listed| listed.id == user.id));
        let listed = run!(service, auth_admin_list_users_2());
        assert!(listed.items.iter().any(|listed| listed.id == user.id));
        run!(service, auth_admin_delete_user_1(&user.id));
        let user = run!(service, auth_admin_create_user_2());
        assert!(user.email_confirmed_at.is_some());
        assert!(run!(service, auth_admin_create_user_3()).phone_confirmed_at.is_some());
        let id = user.id.as_str();
        assert_eq!(run!(service, auth_admin_update_user_by_id_1(id)).email.as_deref(), Some("new@email.com"));
        run!(service, auth_admin_update_user_by_id_2(id));
        anybody().auth().sign_in(Password::email("new@email.com", "new_password")).await.unwrap();
        assert_eq!(run!(service, auth_admin_update_user_by_id_3(id)).user_metadata["hello"], "world");
        assert_eq!(run!(service, auth_admin_update_user_by_id_4(id)).app_metadata["plan"], "trial");
        assert!(run!(service, auth_admin_update_user_by_id_5(id)).email_confirmed_at.is_some());
        run!(service, auth_admin_update_user_by_id_6(id));

        let invited = run!(service, auth_admin_invite_user_by_email_1());
        assert!(invited.invited_at.is_some());
        free(stack).await;
        run!(service, auth_admin_generate_link_1());
        free(stack).await;
        run!(service, auth_admin_generate_link_2());
        run!(service, auth_admin_generate_link_3());
        run!(service, auth_admin_generate_link_4());
        let current = NewUser::email("current.email@example.com").email_confirm(true);
        service.auth().admin().unwrap().create_user(current).await.unwrap();
        run!(service, auth_admin_generate_link_5());
    }
    free(stack).await;

    let mut expected = listed("auth.");
    let mut without = |need: Need, which: &[&str]| {
        if lacks(need) {
            expected.retain(|id| !which.iter().any(|left| id.starts_with(left)));
        }
    };
    without(Need::Mfa, &["auth_mfa_", "auth_admin_mfa_"]);
    without(Need::ManualLinking, &["auth_link_identity_1"]);
    without(Need::Anonymous, &["auth_sign_in_anonymously_"]);
    without(
        Need::Phones,
        &[
            "auth_sign_up_2",
            "auth_sign_up_3",
            "auth_sign_in_with_password_2",
            "auth_sign_in_with_otp_2",
            "auth_sign_in_with_otp_3",
            "auth_verify_otp_2",
            "auth_update_user_2",
            "auth_resend_2",
            "auth_resend_4",
        ],
    );
    without(Need::SsoProviders, &["auth_sign_in_with_sso_", "auth_sign_in_with_id_token_"]);
    without(Need::AuthAdmin, &["auth_admin_"]);
    assert_eq!(ran, expected);
}

/// The user of the examples with the password of the examples, signed in; and the id.
async fn sign_up(stack: &Stack, supabase: &Client) -> String {
    let auth = supabase.auth();
    let answer = auth.sign_up(SignUp::email(EMAIL, "example-password")).await.unwrap();
    if answer.session.is_none() {
        let sent = code(&mail_with(stack, EMAIL, "signup").await);
        auth.verify_otp(Verify::email(EMAIL, sent, EmailOtp::Signup)).await.unwrap();
    }
    answer.user.id
}
