//! Lists that come in pages.

use futures_util::{Stream, StreamExt, stream};
use serde::de::DeserializeOwned;
use supabase_core::{Bytes, MaybeSend, MaybeSync, Reply, Url};

use crate::api::Api;
use crate::error::{Error, Result};

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on this page; empty beyond the last one.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: Option<u64>,
    /// The number of the next page; `None` on the last one, and where the server does not tell.
    pub next_page: Option<u64>,
    /// The number of the last page.
    pub last_page: Option<u64>,
}

impl<T> Page<T> {
    /// Reads the list out of an answer, and the numbers out of its headers.
    pub(super) fn read<L: DeserializeOwned>(reply: &Reply, items: impl FnOnce(L) -> Vec<T>) -> Result<Self> {
        let links = reply.header("link").unwrap_or_default();
        Ok(Self {
            items: items(reply.json().map_err(Error::from_failure)?),
            total: reply.header("x-total-count").and_then(|total| total.parse().ok()),
            next_page: page_of(links, "next"),
            last_page: page_of(links, "last"),
        })
    }
}

/// The page that `Link` names as `rel`. Its path is the one that the server saw behind its gateway, so only the query
/// counts.
fn page_of(links: &str, rel: &str) -> Option<u64> {
    // A comma within a link would be encoded.
    links.split(',').find_map(|link| {
        let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        parameters.split(';').find(|parameter| {
            let name = parameter.trim().strip_prefix("rel=");
            name.is_some_and(|name| name.trim_matches('"') == rel)
        })?;
        let url = Url::parse("http://server").ok()?.join(address).ok()?;
        let (_, page) = url.query_pairs().find(|(name, _)| name == "page")?;
        page.parse().ok()
    })
}

/// How far a list was read.
struct Place {
    next: Option<u64>,
    /// How many items came.
    seen: u64,
    /// The last page as it came, if the server does not say which one is next.
    last: Option<Bytes>,
}

impl Place {
    /// Which page comes after this one.
    fn follow<T>(&mut self, page: u64, read: &Page<T>, reply: &Reply, is_from_start: bool) {
        self.seen = self.seen.saturating_add(u64::try_from(read.items.len()).unwrap_or(u64::MAX));
        let is_told = reply.header("link").is_some_and(|links| !links.trim().is_empty());
        let is_all = is_from_start && read.total.is_some_and(|total| self.seen >= total);
        self.next = match is_told {
            _ if read.items.is_empty() => None,
            // A server that tells the same page again would never end.
            true => read.next_page.filter(|next| *next > page),
            // What stands between may have left the links out: that there are none does not say that this is all.
            false if is_all => None,
            false => page.checked_add(1),
        };
        self.last = (!is_told).then(|| reply.body().clone());
    }
}

/// All items of all pages from `first` on. Where the server does not say which page is next, the list ends by its total, by
/// an empty page, or by the same one again. `request` asks for one page, and `read` reads it.
pub(super) fn all<T, R, D>(
    first: u64,
    request: R,
    read: D,
) -> impl Stream<Item = Result<T>> + MaybeSend + 'static + use<T, R, D>
where
    T: MaybeSend + 'static,
    R: Fn(u64) -> Api + MaybeSend + MaybeSync + 'static,
    D: Fn(&Reply) -> Result<Page<T>> + MaybeSend + MaybeSync + 'static,
{
    let place = Place { next: Some(first), seen: 0, last: None };
    let pages = stream::unfold((place, request, read), move |(mut place, request, read)| async move {
        let page = place.next.take()?;
        let outcome = async {
            let reply = request(page).send().await?;
            Ok((read(&reply)?, reply))
        };
        let items: Vec<Result<T>> = match outcome.await {
            Ok((read, reply)) => {
                if place.last.as_ref() == Some(reply.body()) {
                    return None;
                }
                place.follow(page, &read, &reply, first == 1);
                read.items.into_iter().map(Ok).collect()
            }
            Err(error) => vec![Err(error)],
        };
        Some((stream::iter(items), (place, request, read)))
    });
    pages.flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_out_of_links() {
        let links =
            r#"</admin/users?page=2&per_page=2>; rel="next", </admin/users?page=35&per_page=2>; rel="last""#;
        assert_eq!((page_of(links, "next"), page_of(links, "last")), (Some(2), Some(35)));
        let last = "</admin/users?filter=a&page=1&sort=created_at+asc>; rel=\"last\"";
        assert_eq!((page_of(last, "next"), page_of(last, "last")), (None, Some(1)));
        let gateway =
            r#"<https://abc.supabase.co/auth/v1/admin/users?per_page=5&page=7>; title="x"; rel=next"#;
        assert_eq!(page_of(gateway, "next"), Some(7));
        for odd in ["", "<", "<x>", "next", "<?page=x>; rel=\"next\"", "<http://[>; rel=next"] {
            assert_eq!(page_of(odd, "next"), None, "{odd}");
        }
    }
}
