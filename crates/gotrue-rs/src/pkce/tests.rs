//! Flows, as they begin, wait and end.

use super::*;

fn newest(flows: &Flows) -> Vec<String> {
    flows.newest().unwrap().into_iter().map(|flow| flow.id).collect()
}

#[test]
fn the_challenge_is_that_of_the_rfc() {
    let flow = PendingFlow {
        id: "x".to_owned(),
        verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
        purpose: Purpose::SignIn,
    };
    assert_eq!(flow.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#[test]
fn a_verifier_has_the_length_and_characters_that_servers_accept_and_is_never_the_same() {
    let flow = PendingFlow::begin(Purpose::SignIn).unwrap();
    let verifier = flow.verifier.expose_secret();
    assert!((43..=128).contains(&verifier.len()));
    assert!(verifier.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)));
    assert_ne!(verifier, PendingFlow::begin(Purpose::SignIn).unwrap().verifier.expose_secret());
    assert!(!format!("{flow:?}").contains(verifier));
}

#[test]
fn a_flow_is_found_by_its_own_id_and_no_other() {
    let flows = Flows::new(FlowType::Pkce, false);
    assert!(flows.newest().is_err());
    let first = flows.begin(Start::Browser).unwrap().unwrap();
    assert_eq!(newest(&flows), [first.id()]);
    let second = flows.begin(Start::Recovery("a@example.com")).unwrap().unwrap();
    assert_eq!(newest(&flows), [second.id(), first.id()]);
    assert_eq!(flows.find(&second.id).unwrap().purpose, Purpose::Recovery);
    assert!(flows.find("other").is_err());
    flows.end(&first.id);
    assert!(flows.find(&first.id).is_err());
    assert_eq!(newest(&flows), [second.id()]);
}

#[test]
fn the_sixth_flow_takes_the_place_of_the_first() {
    let flows = Flows::new(FlowType::Pkce, false);
    let begun: Vec<_> = (0..6).map(|_| flows.begin(Start::Browser).unwrap().unwrap()).collect();
    assert!(flows.find(begun[0].id()).is_err());
    for flow in &begun[1..] {
        let found = flows.find(flow.id()).unwrap();
        assert_eq!(found.verifier.expose_secret(), flow.verifier.expose_secret());
    }
}

#[test]
fn a_mail_that_is_sent_again_takes_the_place_of_the_one_before() {
    let flows = Flows::new(FlowType::Pkce, false);
    let begin = |start| {
        let flow = flows.begin(start).unwrap();
        flows.began(flow.as_ref(), Ok(())).unwrap();
        flow.unwrap().id
    };
    let first = begin(Start::Mail("otp", "a@example.com"));
    let second = begin(Start::Mail("otp", "A@example.com"));
    assert_eq!(newest(&flows)[0], second);
    assert!(flows.find(&first).is_err());
    begin(Start::Mail("otp", "b@example.com"));
    begin(Start::Recovery("a@example.com"));
    assert!(flows.find(&second).is_ok());
}

#[test]
fn a_flow_that_the_server_refused_stands_in_nobodys_way() {
    let flows = Flows::new(FlowType::Pkce, false);
    let flow = flows.begin(Start::Browser).unwrap();
    let refused: Result<()> = Err(Error::of_kind(ErrorKind::Rejected, None, "no"));
    assert!(flows.began(flow.as_ref(), refused).is_err());
    assert!(flows.newest().is_err());
    // Here, the server may have acted.
    let flow = flows.begin(Start::Browser).unwrap();
    let lost: Result<()> = Err(Error::of_kind(ErrorKind::Timeout, None, "no answer"));
    assert!(flows.began(flow.as_ref(), lost).is_err());
    assert!(flows.newest().is_ok());
}

#[test]
fn a_mail_that_was_not_sent_leaves_the_one_before() {
    let flows = Flows::new(FlowType::Pkce, false);
    let begin = || flows.begin(Start::Mail("otp", "a@example.com")).unwrap().unwrap();
    let refused = |flow| {
        flows.began::<()>(Some(flow), Err(Error::of_kind(ErrorKind::Rejected, None, "too early"))).is_err()
    };
    let (first, second, third) = (begin(), begin(), begin());
    assert_eq!(newest(&flows)[0], third.id);
    assert!(refused(&second) && refused(&third));
    assert_eq!(newest(&flows)[0], first.id);
    let (fourth, fifth) = (begin(), begin());
    // Whichever answer comes first, the newest mail that was sent is the one.
    flows.began(Some(&fifth), Ok(())).unwrap();
    flows.began(Some(&fourth), Ok(())).unwrap();
    assert_eq!(newest(&flows)[0], fifth.id);
    assert!(flows.find(&first.id).is_err());
    flows.end(&fifth.id);
    assert!(flows.newest().is_err());
}

#[test]
fn where_nobody_knows_whether_a_mail_was_sent_the_one_before_waits_behind_it() {
    let flows = Flows::new(FlowType::Pkce, false);
    let begin = || flows.begin(Start::Mail("otp", "a@example.com")).unwrap().unwrap();
    let first = begin();
    flows.began(Some(&first), Ok(())).unwrap();
    let second = begin();
    let lost: Result<()> = Err(Error::of_kind(ErrorKind::Timeout, None, "no answer"));
    assert!(flows.began(Some(&second), lost).is_err());
    let other = flows.begin(Start::Browser).unwrap().unwrap();
    assert_eq!(newest(&flows), [other.id(), second.id(), first.id()]);
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_nobody_came_back_from_is_forgotten() {
    let flows = Flows::new(FlowType::Pkce, false);
    let browser = flows.begin(Start::Browser).unwrap().unwrap();
    let mail = flows.begin(Start::Recovery("a@example.com")).unwrap().unwrap();
    tokio::time::advance(Duration::from_secs(30 * 60)).await;
    assert!(flows.find(browser.id()).is_ok());
    tokio::time::advance(Duration::from_secs(31 * 60)).await;
    assert_eq!(newest(&flows), [mail.id()]);
    tokio::time::advance(Duration::from_secs(23 * 3600)).await;
    assert!(flows.find(mail.id()).is_ok());
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert!(flows.newest().is_err());
}

#[test]
fn a_code_that_was_typed_ends_the_flows_of_its_mails_and_no_others() {
    let started = [
        Start::Browser,
        Start::Mail("otp", "a@example.com"),
        Start::Mail("signup", "a@example.com"),
        Start::Recovery("a@example.com"),
        Start::Mail("otp", "b@example.com"),
    ];
    let change = [Start::Mail("email_change", "a@example.com"), Start::Recovery("a@example.com")];
    for (started, kind, left) in [
        (&started[..], "email", &[0, 3, 4][..]),
        (&started[..], "signup", &[0, 3, 4]),
        (&started[..], "recovery", &[0, 4]),
        (&started[..], "sms", &[0, 1, 2, 3, 4]),
        (&change[..], "email_change", &[1]),
        (&change[..], "email", &[0, 1]),
    ] {
        let flows = Flows::new(FlowType::Pkce, false);
        let begun: Vec<_> = started.iter().map(|start| flows.begin(*start).unwrap().unwrap()).collect();
        flows.verified(kind, "A@example.com");
        let still = (0..begun.len()).filter(|nth| flows.find(begun[*nth].id()).is_ok());
        assert_eq!(still.collect::<Vec<_>>(), left, "{kind}");
    }
}

#[test]
fn a_flow_survives_as_a_text() {
    let flow = PendingFlow::begin(Purpose::Recovery).unwrap();
    let again = PendingFlow::from_secret(&flow.to_secret()).unwrap();
    assert_eq!((again.id(), again.purpose), (flow.id(), Purpose::Recovery));
    assert_eq!(again.challenge(), flow.challenge());
    assert!(PendingFlow::from_secret(&"{}".into()).is_err());
}
