use proptest::prelude::*;

use super::*;

const CHUNK: u64 = 4;

fn told(offset: u64) -> Event {
    Event::Told { offset, length: Some(10) }
}

fn accepted(end: u64, offset: u64) -> Event {
    Event::Accepted { end, offset: Some(offset) }
}

fn refused(refusal: Refusal, end: u64) -> Event {
    Event::Refused { refusal, end }
}

/// What is done after each of these, in their order.
fn steps(mut protocol: Protocol, events: impl IntoIterator<Item = Event>) -> Vec<Step> {
    events.into_iter().map(|event| protocol.on(event)).collect()
}

#[test]
fn an_upload_of_three_chunks() {
    let (protocol, first) = Protocol::new(Some(10), 3);
    assert_eq!(first, Step::Create);
    assert_eq!(
        steps(protocol, [Event::Created, accepted(4, 4), accepted(8, 8), accepted(10, 10)]),
        [Step::Send { offset: 0 }, Step::Send { offset: 4 }, Step::Send { offset: 8 }, Step::Done]
    );
}

#[test]
fn what_is_empty_is_done_when_it_is_created() {
    assert_eq!(steps(Protocol::new(Some(0), 3).0, [Event::Created]), [Step::Done]);
}

#[test]
fn after_every_failure_it_asks_and_goes_on_where_the_service_is() {
    for failure in
        [Event::Lost { end: 8 }, refused(Refusal::Later, 8), Event::Accepted { end: 8, offset: None }]
    {
        for there in [4, 5, 8] {
            assert_eq!(
                steps(
                    Protocol::new(Some(10), 3).0,
                    [Event::Created, accepted(4, 4), failure, Event::Waited, told(there)]
                ),
                [
                    Step::Send { offset: 0 },
                    Step::Send { offset: 4 },
                    Step::Wait { failures: 1 },
                    Step::Ask,
                    Step::Send { offset: there },
                ],
                "{failure:?}"
            );
        }
    }
}

#[test]
fn only_the_answer_to_what_reached_the_end_says_that_the_object_is_there() {
    let end = Step::Send { offset: 10 };
    for failure in
        [Event::Lost { end: 10 }, refused(Refusal::Later, 10), Event::Accepted { end: 10, offset: None }]
    {
        // The service says to have everything, before it has made an object of it or where it never will.
        let events = [Event::Created, failure, Event::Waited, told(10), accepted(10, 10)];
        let expected = [Step::Send { offset: 0 }, Step::Wait { failures: 1 }, Step::Ask, end, Step::Done];
        assert_eq!(steps(Protocol::new(Some(10), 3).0, events), expected, "{failure:?}");
    }
    // What an earlier process sent.
    for (event, then) in [
        (accepted(10, 10), Step::Done),
        (refused(Refusal::Final, 10), Step::Fail(Fault::AsSaid)),
        (refused(Refusal::Gone, 10), Step::Create),
        (Event::Lost { end: 10 }, Step::Wait { failures: 1 }),
    ] {
        assert_eq!(steps(Protocol::resumed(Some(10), 3).0, [told(10), event]), [end, then], "{event:?}");
    }
    // More than this chunk holds, from a try before: no answer to what reached the end.
    let events = [Event::Created, Event::Lost { end: 10 }, Event::Waited, told(4), accepted(8, 10)];
    assert_eq!(steps(Protocol::new(Some(10), 3).0, events).last(), Some(&end));
    // It is in vain again and again.
    let (mut protocol, _) = Protocol::new(Some(10), 2);
    protocol.on(Event::Created);
    protocol.on(accepted(4, 4));
    protocol.on(Event::Lost { end: 10 });
    protocol.on(Event::Waited);
    assert_eq!(protocol.on(told(10)), end);
    for failures in 1..=2 {
        assert_eq!(protocol.on(refused(Refusal::Later, 10)), Step::Wait { failures });
        protocol.on(Event::Waited);
        assert_eq!(protocol.on(told(10)), end);
    }
    assert_eq!(protocol.on(refused(Refusal::Later, 10)), Step::Fail(Fault::AsSaid));
}

#[test]
fn what_ends_before_the_length_that_the_service_knows_is_no_object() {
    let ends = |told| {
        let (mut protocol, _) = Protocol::resumed(None, 3);
        let event = Event::Told { offset: 4, length: Some(told) };
        assert_eq!(protocol.on(event), Step::Send { offset: 4 });
        protocol.ends_at(6);
        protocol.on(accepted(6, 6))
    };
    assert_eq!(ends(6), Step::Done);
    assert_eq!(ends(10), Step::Fail(Fault::Length { told: 10, announced: 6 }));
}

#[test]
fn what_fails_too_often_without_getting_further_fails() {
    let (mut protocol, _) = Protocol::new(Some(10), 2);
    protocol.on(Event::Created);
    for failures in 1..=2 {
        assert_eq!(protocol.on(Event::Lost { end: 4 }), Step::Wait { failures });
        assert_eq!(protocol.on(Event::Waited), Step::Ask);
        protocol.on(told(0));
    }
    assert_eq!(protocol.on(Event::Lost { end: 4 }), Step::Fail(Fault::AsSaid));

    // A single byte more, and it counts from the beginning.
    let (mut protocol, _) = Protocol::new(Some(10), 1);
    protocol.on(Event::Created);
    for there in 1..10 {
        assert_eq!(protocol.on(Event::Lost { end: 10 }), Step::Wait { failures: 1 });
        protocol.on(Event::Waited);
        assert_eq!(protocol.on(told(there)), Step::Send { offset: there });
    }
}

#[test]
fn what_is_refused_for_good_fails_at_once() {
    let refusals = [Refusal::Final, Refusal::Gone];
    for refusal in refusals {
        assert_eq!(steps(Protocol::new(Some(10), 9).0, [refused(refusal, 0)]), [Step::Fail(Fault::AsSaid)]);
    }
    let events = [Event::Created, refused(Refusal::Final, 4)];
    assert_eq!(steps(Protocol::new(Some(10), 9).0, events).last(), Some(&Step::Fail(Fault::AsSaid)));
}

#[test]
fn what_the_service_has_forgotten_begins_anew_and_not_for_ever() {
    let (mut protocol, _) = Protocol::new(Some(10), 2);
    for _ in 0..2 {
        assert_eq!(protocol.on(Event::Created), Step::Send { offset: 0 });
        assert_eq!(protocol.on(accepted(4, 4)), Step::Send { offset: 4 });
        assert_eq!(protocol.on(refused(Refusal::Gone, 8)), Step::Create);
        assert!(protocol.is_creating());
    }
    protocol.on(Event::Created);
    assert_eq!(protocol.on(refused(Refusal::Gone, 4)), Step::Fail(Fault::AsSaid));

    // What cannot be read again cannot begin anew.
    let (mut protocol, _) = Protocol::new(Some(10), 2);
    protocol.on(Event::Created);
    protocol.on(accepted(4, 4));
    protocol.keeps_from(4);
    assert_eq!(protocol.on(refused(Refusal::Gone, 8)), Step::Fail(Fault::AsSaid));
}

#[test]
fn an_earlier_upload_is_asked_about_first() {
    let (protocol, first) = Protocol::resumed(Some(10), 3);
    assert_eq!(first, Step::Ask);
    assert_eq!(steps(protocol, [told(8), accepted(10, 10)]), [Step::Send { offset: 8 }, Step::Done]);
    // It is no more, or was of another content.
    let other = Event::Told { offset: 4, length: Some(11) };
    for event in [refused(Refusal::Gone, 0), other] {
        let steps = steps(Protocol::resumed(Some(10), 0).0, [event, Event::Created]);
        assert_eq!(steps, [Step::Create, Step::Send { offset: 0 }], "{event:?}");
    }
    let busy = [refused(Refusal::Later, 0), Event::Waited, told(4)];
    let expected = [Step::Wait { failures: 1 }, Step::Ask, Step::Send { offset: 4 }];
    assert_eq!(steps(Protocol::resumed(Some(10), 3).0, busy), expected);
}

#[test]
fn lies_are_not_believed() {
    let beyond = |told, sent| Some(Step::Fail(Fault::Beyond { told, sent }));
    let new = || Protocol::new(Some(10), 3).0;
    let last = |protocol, events: &[Event]| steps(protocol, events.iter().copied()).pop();
    assert_eq!(last(new(), &[Event::Created, accepted(4, 5)]), beyond(5, 4));
    assert_eq!(last(new(), &[Event::Created, Event::Lost { end: 4 }, Event::Waited, told(5)]), beyond(5, 4));
    assert_eq!(last(new(), &[Event::Created, accepted(10, 11)]), beyond(11, 10));
    assert_eq!(last(Protocol::resumed(Some(10), 3).0, &[told(11)]), beyond(11, 10));

    let length = Event::Told { offset: 4, length: Some(9) };
    assert_eq!(
        last(new(), &[Event::Created, Event::Lost { end: 4 }, Event::Waited, length]),
        Some(Step::Fail(Fault::Length { told: 9, announced: 10 }))
    );

    // It takes a chunk, and has no more than before.
    let (mut protocol, _) = Protocol::new(Some(10), 1);
    protocol.on(Event::Created);
    assert_eq!(protocol.on(accepted(4, 0)), Step::Wait { failures: 1 });
    protocol.on(Event::Waited);
    assert_eq!(protocol.on(told(0)), Step::Send { offset: 0 });
    assert_eq!(protocol.on(accepted(4, 0)), Step::Fail(Fault::Stuck { offset: 0 }));

    // It has lost what it had: sent again, if that can be read again.
    let (mut protocol, _) = Protocol::new(Some(10), 1);
    protocol.on(Event::Created);
    protocol.on(accepted(4, 4));
    protocol.on(Event::Lost { end: 8 });
    protocol.on(Event::Waited);
    let mut kept = protocol.clone();
    assert_eq!(protocol.on(told(1)), Step::Send { offset: 1 });
    kept.keeps_from(4);
    assert_eq!(kept.on(told(1)), Step::Fail(Fault::Back { told: 1, kept: 4 }));
}

#[test]
fn a_length_that_is_known_late_ends_it() {
    let (mut protocol, _) = Protocol::new(None, 3);
    assert_eq!(protocol.on(Event::Created), Step::Send { offset: 0 });
    assert_eq!(protocol.on(accepted(4, 4)), Step::Send { offset: 4 });
    protocol.ends_at(6);
    assert_eq!(protocol.on(accepted(6, 6)), Step::Done);
}

#[test]
fn what_was_stopped_asks_before_it_goes_on() {
    let (mut protocol, _) = Protocol::new(Some(10), 0);
    assert_eq!(protocol.on(Event::Stopped { end: 0 }), Step::Create);
    protocol.on(Event::Created);
    assert_eq!(protocol.on(Event::Stopped { end: 4 }), Step::Ask);
    assert_eq!(protocol.on(Event::Stopped { end: 4 }), Step::Ask);
    assert_eq!(protocol.on(told(3)), Step::Send { offset: 3 });
}

/// A service that works, on a bad line: what may happen to a request.
#[derive(Clone, Copy, Debug)]
enum Weather {
    Fine,
    /// Only so many bytes of the chunk arrive, and no answer.
    Cut(u64),
    /// All arrives, and no answer.
    Unanswered,
    /// All arrives, and if that is the end, no object is made of it; the service says so, or nothing.
    Unmade,
    Busy,
    Expired,
}

fn weather() -> impl Strategy<Value = Weather> {
    prop_oneof![
        4 => Just(Weather::Fine),
        1 => Just(Weather::Unmade),
        2 => (0..=CHUNK).prop_map(Weather::Cut),
        1 => Just(Weather::Unanswered),
        1 => Just(Weather::Busy),
        1 => Just(Weather::Expired),
    ]
}

proptest! {
    /// Whatever happens on the way, the bytes that the service has are those of the content, in their order, and it ends; and
    /// it is done only where there is an object.
    #[test]
    fn the_service_gets_every_byte_once(total in 0u64..30, weather in proptest::collection::vec(weather(), 0..60)) {
        let content: Vec<u8> = (0..total).map(|byte| byte as u8).collect();
        let mut stored: Option<Vec<u8>> = None;
        let mut object: Option<Vec<u8>> = None;
        let mut weather = weather.into_iter();
        let (mut protocol, mut step) = Protocol::new(Some(total), 3);
        let mut count = 0;
        loop {
            count += 1;
            prop_assert!(count < 2_000, "it does not end");
            let now = match step {
                Step::Wait { .. } | Step::Done => Weather::Fine,
                _ => weather.next().unwrap_or(Weather::Fine),
            };
            if matches!(now, Weather::Expired) {
                stored = None;
            }
            let event = match step {
                Step::Done => {
                    prop_assert_eq!(object.as_deref(), Some(content.as_slice()));
                    break;
                }
                // The line was too bad for too long.
                Step::Fail(fault) => {
                    prop_assert_eq!(fault, Fault::AsSaid);
                    break;
                }
                Step::Wait { .. } => Event::Waited,
                Step::Create => {
                    stored = Some(Vec::new());
                    if total == 0 {
                        object = Some(Vec::new());
                    }
                    Event::Created
                }
                Step::Ask => match (&stored, now) {
                    (_, Weather::Busy) => refused(Refusal::Later, 0),
                    (_, Weather::Unanswered | Weather::Unmade | Weather::Cut(_)) => Event::Lost { end: 0 },
                    (Some(stored), _) => Event::Told { offset: stored.len() as u64, length: Some(total) },
                    (None, _) => refused(Refusal::Gone, 0),
                },
                Step::Send { offset } => {
                    let end = total.min(offset + CHUNK);
                    match (&mut stored, now) {
                        (None, _) => refused(Refusal::Gone, end),
                        (_, Weather::Busy) => refused(Refusal::Later, end),
                        (Some(stored), now) => {
                            prop_assert_eq!(stored.len() as u64, offset, "it would be refused");
                            let arrives = match now {
                                Weather::Cut(bytes) => end.min(offset + bytes),
                                _ => end,
                            };
                            stored.extend(&content[offset as usize..arrives as usize]);
                            if arrives == total && !matches!(now, Weather::Unmade) {
                                object = Some(stored.clone());
                            }
                            match now {
                                Weather::Fine => accepted(end, end),
                                Weather::Unmade if count % 2 == 0 => refused(Refusal::Later, end),
                                _ => Event::Lost { end },
                            }
                        }
                    }
                }
            };
            step = protocol.on(event);
        }
    }

    /// Whatever the service says, it ends, and is done only if the service says to have everything, in answer to what reached
    /// the end.
    #[test]
    fn no_answer_makes_it_run_for_ever(answers in proptest::collection::vec((0u8..8, 0u64..14), 0..80)) {
        let (mut protocol, mut step) = Protocol::new(Some(10), 3);
        let mut answers = answers.into_iter();
        let mut last = None;
        for _ in 0..2_000 {
            match step {
                Step::Done => {
                    prop_assert_eq!(last, Some(accepted(10, 10)));
                    return Ok(());
                }
                Step::Fail(_) => return Ok(()),
                Step::Send { offset } => prop_assert!(offset <= 10),
                _ => {}
            }
            let (what, number) = answers.next().unwrap_or((3, 0));
            let end = match step {
                Step::Send { offset } => 10.min(offset + CHUNK),
                _ => 0,
            };
            let event = match (step, what) {
                (Step::Wait { .. }, _) => Event::Waited,
                (Step::Create, 0..=3) => Event::Created,
                (Step::Ask, 0..=3) => Event::Told { offset: number, length: Some(10) },
                (Step::Send { .. }, 0..=3) => accepted(end, number),
                (_, 4) => Event::Stopped { end },
                (_, 5) => refused(Refusal::Gone, end),
                (_, 6) => refused(Refusal::Later, end),
                _ => Event::Lost { end },
            };
            last = Some(event);
            step = protocol.on(event);
        }
        prop_assert!(false, "it does not end");
    }
}
