//! What a service may say about an upload by parts.
#![allow(clippy::expect_used, reason = "a fault is told by a panic")]

use supabase_core::Url;

use super::address;
use super::protocol::{Event, Protocol, Refusal, Step};

/// The first line is a `Location`, the second the length of the upload, if it is known; each of the others is an answer: a
/// letter, and what its headers say.
pub(crate) fn tus(text: &str) {
    let mut lines = text.lines();
    let creator =
        Url::parse("https://abc.supabase.co/storage/v1/upload/resumable").expect("it is an address");
    if let Some(id) = lines.next().and_then(address::id) {
        let url = address::upload(&creator, id);
        assert_eq!(url.origin(), creator.origin());
        let below = url.path().strip_prefix("/storage/v1/upload/resumable/").expect("it stays below");
        assert!(!below.is_empty() && !below.contains('/'), "{url}");
    }
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let total = lines.next().and_then(number);
    let (mut protocol, mut step) = match total {
        Some(total) if total % 2 == 1 => Protocol::resumed(Some(total), 3),
        _ => Protocol::new(total, 3),
    };
    for line in lines.take(1_000) {
        if matches!(step, Step::Done | Step::Fail(_)) {
            break;
        }
        let (kind, rest) = line.split_at(line.chars().next().map_or(0, char::len_utf8));
        let mut numbers = rest.split(',').map(number);
        let (first, second) = (numbers.next().flatten(), numbers.next().flatten());
        // No more than there is was sent.
        let end = first.unwrap_or_default().min(total.unwrap_or(u64::MAX));
        let event = match kind {
            "c" => Event::Created,
            "t" => Event::Told { offset: first.unwrap_or_default(), length: second },
            "a" => Event::Accepted { end, offset: second },
            "r" => Event::Refused { refusal: Refusal::Later, end },
            "g" => Event::Refused { refusal: Refusal::Gone, end },
            "l" => Event::Lost { end },
            "s" => Event::Stopped { end },
            _ => Event::Waited,
        };
        step = protocol.on(event);
        match step {
            Step::Send { offset } => {
                assert!(total.is_none_or(|total| offset <= total), "{offset} of {total:?}")
            }
            Step::Done => {
                assert_eq!(Some(protocol.offset()), total);
                match event {
                    Event::Created => assert_eq!(total, Some(0)),
                    event => assert_eq!(event, Event::Accepted { end, offset: total }),
                }
            }
            _ => {}
        }
    }
}
