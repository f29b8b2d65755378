//! The names of the hosts: no lookup leaves this process.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What happens before a lookup is answered.
type Asked = Box<dyn Fn(usize) -> io::Result<()> + Send + Sync>;

/// Every name is this machine, unless `asked` says that there is none.
pub(crate) struct Names {
    lookups: AtomicUsize,
    asked: Asked,
}

impl Names {
    /// `asked` is told how many lookups there were before.
    pub(crate) fn new(asked: impl Fn(usize) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self { lookups: AtomicUsize::new(0), asked: Box::new(asked) }
    }

    pub(crate) fn lookups(&self) -> usize {
        self.lookups.load(Ordering::SeqCst)
    }
}

impl Resolve for Names {
    fn resolve(&self, _: Name) -> Resolving {
        let nth = self.lookups.fetch_add(1, Ordering::SeqCst);
        let answer = (self.asked)(nth);
        Box::pin(async move {
            answer?;
            // The port of the address that was asked for takes the place of this one.
            let address: Addrs = Box::new(std::iter::once(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
            Ok(address)
        })
    }
}
