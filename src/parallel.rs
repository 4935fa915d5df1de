//! Spreads work over the cores and returns the results in order, whatever their number.

use std::convert::Infallible;
use std::num::NonZero;
use std::thread::{self, Builder, scope};

use crossbeam_channel::{Receiver, bounded};

/// Threads that work at most: more would wait for the one that writes.
const MOST: usize = 8;
/// Results of a thread that may wait to be taken.
const WAITING: usize = 2;

/// Does `work` on the items, `size` of them at a time, and gives the results to `take` in the order
/// of the items; ends with the first error of `take`.
///
/// Few results wait at any time. A thread that cannot be started leaves its part to the caller's.
pub(crate) fn in_order<T: Sync, R: Send, E>(
    items: &[T],
    size: usize,
    work: impl Fn(&[T]) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let size = size.max(1);
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(MOST).min(items.len().div_ceil(size));
    if threads < 2 {
        return items.chunks(size).try_for_each(|part| take(work(part)));
    }
    let (work, parts) = (&work, items.chunks(size));
    scope(|scope| {
        let start = |own: usize| -> Option<Receiver<R>> {
            let (done, results) = bounded(WAITING);
            let mut parts = parts.clone().skip(own).step_by(threads);
            let run = move || drop(parts.try_for_each(|part| done.send(work(part))));
            Builder::new().name("part".to_owned()).spawn_scoped(scope, run).ok().map(|_| results)
        };
        let results: Vec<_> = (0..threads).map(start).collect();
        for (place, part) in parts.clone().enumerate() {
            let result = match results.get(place % threads).and_then(Option::as_ref) {
                // a thread that panicked gives no more; the scope passes its panic on
                Some(results) => results.recv().ok(),
                None => Some(work(part)),
            };
            let Some(result) = result else { break };
            take(result)?;
        }
        Ok(())
    })
}

/// Does two things at a time.
pub(crate) fn both<A: Send, B>(one: impl Fn() -> A + Sync, other: impl FnOnce() -> B) -> (A, B) {
    let (a, b) = scope(|scope| {
        let run = Builder::new().name("part".to_owned()).spawn_scoped(scope, &one).ok();
        let b = other();
        (run.and_then(|run| run.join().ok()), b)
    });
    // without a second thread, one after the other
    (a.unwrap_or_else(one), b)
}

/// The results of `work` on each item, in their order; a thread takes `size` of them at a time.
pub(crate) fn map<T: Sync, R: Send>(
    items: &[T],
    size: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let mut all = Vec::with_capacity(items.len());
    let part = |part: &[T]| part.iter().map(&work).collect::<Vec<R>>();
    let Ok(()) = in_order::<_, _, Infallible>(items, size, part, |results| {
        all.extend(results);
        Ok(())
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        for (count, size) in [(0, 1), (1, 1), (7, 0), (1000, 1), (1000, 7), (1000, 5000)] {
            let items: Vec<u32> = (0..count).collect();
            let doubled: Vec<u32> = items.iter().map(|n| n * 2).collect();
            let mut all = Vec::new();
            let double = |part: &[u32]| part.iter().map(|n| n * 2).collect::<Vec<_>>();
            let end = in_order(&items, size, double, |part| {
                all.extend(part);
                Ok::<_, ()>(())
            });
            assert_eq!((end, all), (Ok(()), doubled), "{count} by {size}");
        }
        assert_eq!(both(|| 1, || 2), (1, 2));
    }

    #[test]
    fn an_error_ends_it() {
        let items = [1_u8; 1000];
        let mut taken = 0;
        let end = in_order(&items, 1, <[u8]>::len, |_| {
            taken += 1;
            if taken == 5 { Err("enough") } else { Ok(()) }
        });
        assert_eq!((end, taken), (Err("enough"), 5));
    }
}
