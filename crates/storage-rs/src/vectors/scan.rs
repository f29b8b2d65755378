//! All vectors of an index, read by several workers.

use std::task::Poll;

use futures_util::{StreamExt, stream};
use supabase_core::BoxStream;

use super::{ListVectors, Vector, VectorIndex, question};
use crate::error::{Error, Result};

/// How many segments the service knows at the most.
const MOST_SEGMENTS: u32 = 16;

impl VectorIndex {
    /// All vectors of the index, in no order: so many segments, 16 at the most, are read side by side, page after page.
    /// `of_each` says what is wanted of them, and how many on a page. The stream ends with the first error.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// use futures_util::TryStreamExt;
    /// let index = storage.vectors().from("embeddings").index("documents");
    /// let mut vectors = index.scan(4, |list| list.return_data(true).max_results(500));
    /// while let Some(vector) = vectors.try_next().await? {
    ///     println!("{}", vector.key);
    /// }
    /// # Ok(()) }
    /// ```
    #[doc(alias = "parallel_scan")]
    pub fn scan(
        &self,
        segments: u32,
        of_each: impl Fn(ListVectors) -> ListVectors,
    ) -> BoxStream<'static, Result<Vector>> {
        if !(1..=MOST_SEGMENTS).contains(&segments) {
            let message = format!("an index is read in 1 to {MOST_SEGMENTS} segments, and not in {segments}");
            return Box::pin(stream::iter([Err(Error::invalid(message))]));
        }
        let segments = (0..segments).map(|index| {
            let list = of_each(self.list_vectors());
            pages(if segments == 1 { list } else { list.segment(index, segments) })
        });
        let mut all = stream::select_all(segments);
        let mut failed = false;
        Box::pin(stream::poll_fn(move |context| {
            if failed {
                return Poll::Ready(None);
            }
            let next = all.poll_next_unpin(context);
            failed = matches!(next, Poll::Ready(Some(Err(_))));
            next
        }))
    }
}

/// The vectors of one segment, page after page.
fn pages(list: ListVectors) -> BoxStream<'static, Result<Vector>> {
    let ListVectors { draft, body } = list;
    let (transport, request) = match draft.finish() {
        Ok(ready) => ready,
        Err(fault) => return Box::pin(stream::iter([Err(fault)])),
    };
    let pages = stream::try_unfold(Some(Ok(body)), move |body: Option<Result<_>>| {
        let (transport, request) = (transport.clone(), request.clone());
        async move {
            let Some(body) = body else { return Ok(None) };
            let mut body = body?;
            let mut draft = question(&transport, "storage.list_vectors", "ListVectors");
            draft.request = request;
            let page = ListVectors { draft, body: body.clone() }.await?;
            let next = page.next_token.clone().map(|next| {
                // A token that leads to itself would never end, and a part is not the whole.
                if body.next_token.as_ref() == Some(&next) {
                    return Err(Error::unreadable("the service says that the next page is this one"));
                }
                body.next_token = Some(next);
                Ok(body)
            });
            Ok(Some((page.vectors, next)))
        }
    });
    Box::pin(pages.flat_map(|page| match page {
        Ok(vectors) => stream::iter(vectors.into_iter().map(Ok).collect::<Vec<_>>()),
        Err(error) => stream::iter(vec![Err(error)]),
    }))
}
