//! What a resumable upload does next: the protocol TUS 1.0 without a connection and without a clock.
//!
//! It is told what happened and says what to do. Whatever the service says of how much it has is compared with what can be
//! true, as an object that is wrong in the middle is worse than an upload that fails.
//!
//! Source: <https://tus.io/protocols/resumable-upload>

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Create an upload.
    Create,
    /// Ask the service how much it has.
    Ask,
    /// Send a chunk that begins at `offset`. At the end it is empty, and has the service make the object of what it has.
    Send { offset: u64 },
    /// Wait, for the longer the more often it was in vain, and say [`Event::Waited`].
    Wait { failures: u32 },
    /// Everything is there, and the object is made.
    Done,
    /// It cannot go on.
    Fail(Fault),
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// An upload was created.
    Created,
    /// The service says how much it has, and how long it thinks that the upload is.
    Told { offset: u64, length: Option<u64> },
    /// The bytes from the offset of the step up to `end` were sent, and the service says how much it has.
    Accepted { end: u64, offset: Option<u64> },
    /// The service said no. `end` is how far the bytes may have gone, where some were sent.
    Refused { refusal: Refusal, end: u64 },
    /// There was no answer. `end` is how far the bytes may have gone, where some were sent.
    Lost { end: u64 },
    /// The pause is over.
    Waited,
    /// The last step was given up by the caller. `end` is how far the bytes may have gone, where some were sent.
    Stopped { end: u64 },
}

/// How the service said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The same may succeed a little later, or from another offset.
    Later,
    /// There is no such upload, or no more.
    Gone,
    /// It is no use to ask again.
    Final,
}

/// Why it cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// As the last answer, or its lack, says.
    AsSaid,
    /// The service says to have bytes that were never sent.
    Beyond { told: u64, sent: u64 },
    /// The service has fewer bytes than it had, and those that it lacks cannot be read again.
    Back { told: u64, kept: u64 },
    /// The service says that the upload has another length.
    Length { told: u64, announced: u64 },
    /// The service accepts, again and again, and has no more than before.
    Stuck { offset: u64 },
}

/// An upload on its way.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    /// How many bytes there are, once that is known.
    total: Option<u64>,
    /// How many there are as far as the service knows.
    declared: Option<u64>,
    /// How often in a row it may be in vain, and how often it may begin anew.
    max_retries: u32,
    place: Place,
    /// How many bytes the service has.
    offset: u64,
    /// The most that the service ever said to have, of this upload.
    best: u64,
    /// How far bytes may have gone, by this process or an earlier one.
    sent: u64,
    /// From where on the content can still be read.
    kept: u64,
    failures: u32,
    restarts: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Creating,
    /// The upload is an earlier process's, and not yet known to be there.
    Finding,
    Asking,
    Sending,
    Over,
}

impl Protocol {
    /// A new upload.
    pub(crate) fn new(total: Option<u64>, max_retries: u32) -> (Self, Step) {
        let protocol = Self {
            total,
            declared: None,
            max_retries,
            place: Place::Creating,
            offset: 0,
            best: 0,
            sent: 0,
            kept: 0,
            failures: 0,
            restarts: 0,
        };
        (protocol, Step::Create)
    }

    /// An upload that an earlier process began.
    pub(crate) fn resumed(total: Option<u64>, max_retries: u32) -> (Self, Step) {
        let (mut protocol, _) = Self::new(total, max_retries);
        protocol.place = Place::Finding;
        (protocol, Step::Ask)
    }

    /// How many bytes there are was found out.
    pub(crate) fn ends_at(&mut self, total: u64) {
        self.total = Some(total);
    }

    /// What is before `kept` cannot be read again.
    pub(crate) fn keeps_from(&mut self, kept: u64) {
        self.kept = kept;
    }

    /// How many bytes the service has, as far as it said.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the next step creates an upload, so that there is none to be asked about.
    pub(crate) fn is_creating(&self) -> bool {
        self.place == Place::Creating
    }

    /// What to do after `event`.
    pub(crate) fn on(&mut self, event: Event) -> Step {
        let step = self.after(event);
        if matches!(step, Step::Done | Step::Fail(_)) {
            self.place = Place::Over;
        }
        step
    }

    fn after(&mut self, event: Event) -> Step {
        if let Event::Accepted { end, .. }
        | Event::Refused { end, .. }
        | Event::Lost { end }
        | Event::Stopped { end } = event
        {
            self.sent = self.sent.max(end);
        }
        match (event, self.place) {
            (_, Place::Over) => Step::Fail(Fault::AsSaid),
            // The service makes an object of nothing when it creates the upload.
            (Event::Created, _) if self.total == Some(0) => Step::Done,
            (Event::Created, _) => self.go_on(0),
            (Event::Told { offset, length }, place) => self.told(offset, length, place == Place::Finding),
            (Event::Accepted { end, offset: Some(offset) }, _) => self.accepted(offset, end),
            // Without a word of how much it has, it must be asked.
            (Event::Accepted { offset: None, .. } | Event::Lost { .. }, _) => self.failed(),
            (Event::Refused { refusal: Refusal::Later, .. }, _) => self.failed(),
            (Event::Refused { refusal: Refusal::Gone, .. }, Place::Finding) => self.anew(),
            (Event::Refused { refusal: Refusal::Gone, .. }, Place::Asking | Place::Sending) => self.gone(),
            (Event::Refused { .. }, _) => Step::Fail(Fault::AsSaid),
            (Event::Waited | Event::Stopped { .. }, place) => self.again(place),
        }
    }

    fn told(&mut self, offset: u64, length: Option<u64>, is_found: bool) -> Step {
        if let Some((told, announced)) = length.zip(self.total).filter(|(told, announced)| told != announced)
        {
            // What an earlier process began is of another content, and of no use.
            return if is_found { self.anew() } else { Step::Fail(Fault::Length { told, announced }) };
        }
        self.declared = length;
        if is_found {
            // How far that process came is not known here: only the end is a limit.
            self.sent = self.total.unwrap_or(u64::MAX);
        }
        match self.check(offset) {
            Some(fault) => Step::Fail(fault),
            None => self.go_on(offset),
        }
    }

    fn accepted(&mut self, offset: u64, end: u64) -> Step {
        if let Some(fault) = self.check(offset) {
            return Step::Fail(fault);
        }
        if Some(offset) == self.total && end == offset {
            self.offset = offset;
            return match self.declared.filter(|told| *told != offset) {
                // It waits for more, and makes no object.
                Some(told) => Step::Fail(Fault::Length { told, announced: offset }),
                None => Step::Done,
            };
        }
        if offset > self.offset {
            return self.go_on(offset);
        }
        self.offset = offset;
        match self.failed() {
            // The service has said nothing that would explain it.
            Step::Fail(_) => Step::Fail(Fault::Stuck { offset }),
            step => step,
        }
    }

    /// Whether the service can have this many bytes.
    fn check(&self, told: u64) -> Option<Fault> {
        let sent = self.sent.min(self.total.unwrap_or(u64::MAX));
        if told > sent {
            Some(Fault::Beyond { told, sent })
        } else if told < self.kept {
            Some(Fault::Back { told, kept: self.kept })
        } else {
            None
        }
    }

    /// Goes on from `offset`, also where that is the end: the service says to have everything before it has made the object
    /// of it, and also where it never will. Only the answer to what reached the end says that it has.
    fn go_on(&mut self, offset: u64) -> Step {
        self.offset = offset;
        if offset > self.best {
            self.best = offset;
            self.failures = 0;
        }
        self.place = Place::Sending;
        Step::Send { offset }
    }

    /// It was in vain: once more, if that was not often enough.
    fn failed(&mut self) -> Step {
        if self.failures >= self.max_retries {
            return Step::Fail(Fault::AsSaid);
        }
        self.failures += 1;
        Step::Wait { failures: self.failures }
    }

    fn again(&mut self, place: Place) -> Step {
        if place == Place::Creating {
            return Step::Create;
        }
        if place == Place::Sending {
            self.place = Place::Asking;
        }
        Step::Ask
    }

    /// The upload is no more: begins anew, if the content can be read from its beginning.
    fn gone(&mut self) -> Step {
        if self.kept > 0 || self.restarts >= self.max_retries {
            return Step::Fail(Fault::AsSaid);
        }
        self.restarts += 1;
        self.anew()
    }

    fn anew(&mut self) -> Step {
        self.place = Place::Creating;
        (self.offset, self.best, self.sent) = (0, 0, 0);
        self.declared = None;
        Step::Create
    }
}

#[cfg(test)]
mod tests;
