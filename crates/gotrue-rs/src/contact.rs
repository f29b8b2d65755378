//! How a user is reached: by email or by phone, and never by both.

use crate::body::Body;
use crate::channel::Channel;
use crate::pkce::Start;

/// By email.
#[derive(Clone, Debug)]
pub struct ByEmail {
    pub(crate) address: String,
    pub(crate) redirect_to: Option<String>,
}

/// By phone.
#[derive(Clone, Debug)]
pub struct ByPhone {
    pub(crate) number: String,
    pub(crate) channel: Option<Channel>,
}

impl ByEmail {
    pub(crate) fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), redirect_to: None }
    }
}

impl ByPhone {
    pub(crate) fn new(number: impl Into<String>) -> Self {
        Self { number: number.into(), channel: None }
    }
}

/// How a user is reached.
pub trait Contact: sealed::Contact {}

impl Contact for ByEmail {}
impl Contact for ByPhone {}

pub(crate) mod sealed {
    use super::{Body, ByEmail, ByPhone, Start};

    pub trait Contact: Send + 'static {
        /// The flow that a mail of this kind begins. A text message begins none: it has no link that brings a code back.
        #[allow(private_interfaces, reason = "the trait is sealed: nobody else can call this")]
        fn start(&self, mail: &'static str) -> Option<Start<'_>>;

        fn redirect_to(&self) -> Option<&str>;
        #[allow(private_interfaces, reason = "the trait is sealed: nobody else can call this")]
        fn write(&self, body: Body) -> Body;
    }

    impl Contact for ByEmail {
        #[allow(private_interfaces, reason = "the trait is sealed: nobody else can call this")]
        fn start(&self, mail: &'static str) -> Option<Start<'_>> {
            Some(Start::Mail(mail, &self.address))
        }

        fn redirect_to(&self) -> Option<&str> {
            self.redirect_to.as_deref()
        }

        #[allow(private_interfaces, reason = "the trait is sealed: nobody else can call this")]
        fn write(&self, body: Body) -> Body {
            body.put("email", self.address.as_str())
        }
    }

    impl Contact for ByPhone {
        #[allow(private_interfaces, reason = "the trait is sealed: nobody else can call this")]
        fn start(&self, _: &'static str) -> Option<Start<'_>> {
            None
        }

        fn redirect_to(&self) -> Option<&str> {
            None
        }

        #[allow(private_interfaces, reason = "the trait is sealed: nobody else can call this")]
        fn write(&self, body: Body) -> Body {
            let channel = self.channel.as_ref().map(|channel| channel.as_str());
            body.put("phone", self.number.as_str()).put_opt("channel", channel)
        }
    }
}
