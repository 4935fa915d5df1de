//! Posts that wait for delivery, in order and bounded.

use std::collections::VecDeque;

use super::Post;

/// What may wait.
#[derive(Clone, Debug)]
pub struct OutboxLimits {
    /// Posts.
    pub posts: usize,
    /// Bytes of their bodies.
    pub bytes: usize,
}

impl Default for OutboxLimits {
    fn default() -> Self {
        Self { posts: 500, bytes: 2 << 20 }
    }
}

/// Posts that wait; the first may be under way.
#[derive(Debug)]
pub struct Outbox {
    limits: OutboxLimits,
    posts: VecDeque<Post>,
    bytes: usize,
    /// Whether the first was given to the poster.
    is_under_way: bool,
    dropped: u64,
}

impl Outbox {
    /// Nothing waits.
    #[must_use]
    pub const fn new(limits: OutboxLimits) -> Self {
        Self { limits, posts: VecDeque::new(), bytes: 0, is_under_way: false, dropped: 0 }
    }

    /// Adds a post; the oldest that wait are dropped for it, and counted.
    pub fn add(&mut self, post: Post) {
        self.bytes += post.body.len();
        self.posts.push_back(post);
        while self.posts.len() > self.limits.posts || self.bytes > self.limits.bytes {
            // the one that is under way may be delivered at this moment
            let Some(oldest) = self.posts.remove(usize::from(self.is_under_way)) else { break };
            self.bytes -= oldest.body.len();
            self.dropped += 1;
        }
    }

    /// The post that is to be given to the poster, if it is idle.
    pub fn give(&mut self) -> Option<&Post> {
        if self.is_under_way {
            return None;
        }
        let first = self.posts.front()?;
        self.is_under_way = true;
        Some(first)
    }

    /// Notes that the poster is done with the first.
    pub fn done(&mut self) {
        if std::mem::take(&mut self.is_under_way)
            && let Some(post) = self.posts.pop_front()
        {
            self.bytes -= post.body.len();
        }
    }

    /// What waits, the one under way included.
    #[must_use]
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &Post> {
        self.posts.iter()
    }

    /// Posts that were dropped.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}
