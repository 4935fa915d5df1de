//! A set of frames, a bit each.

use crate::net::FrameRef;

const BITS: u64 = u64::BITS as u64;

/// Frames of a session's files, by their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct FrameSet {
    files: Vec<Vec<u64>>,
    count: u64,
}

impl FrameSet {
    /// Adds a frame; whether it is new.
    pub(super) fn insert(&mut self, frame: FrameRef) -> bool {
        let file = usize::from(frame.file().0);
        let (word, bit) = place(frame);
        if self.files.len() <= file {
            self.files.resize_with(file + 1, Vec::new);
        }
        let Some(words) = self.files.get_mut(file) else { return false };
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        let Some(word) = words.get_mut(word) else { return false };
        let new = *word & bit == 0;
        *word |= bit;
        self.count += u64::from(new);
        new
    }

    /// Whether a frame is in it.
    pub(super) fn contains(&self, frame: FrameRef) -> bool {
        let (word, bit) = place(frame);
        let words = self.files.get(usize::from(frame.file().0));
        words.and_then(|words| words.get(word)).is_some_and(|word| word & bit != 0)
    }

    /// How many frames there are.
    pub(super) const fn len(&self) -> u64 {
        self.count
    }
}

fn place(frame: FrameRef) -> (usize, u64) {
    ((frame.number() / BITS) as usize, 1 << (frame.number() % BITS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::FileId;

    #[test]
    fn frames_are_told_apart_by_file_and_number() {
        let frame = |file, number| FrameRef::new(FileId(file), number);
        let mut set = FrameSet::default();
        for (file, number) in [(0, 1), (0, 64), (2, 63), (2, 1000)] {
            assert!(set.insert(frame(file, number)));
            assert!(!set.insert(frame(file, number)));
            assert!(set.contains(frame(file, number)));
        }
        assert!(!set.contains(frame(1, 1)) && !set.contains(frame(0, 63)));
        assert!(!set.contains(frame(2, 64)) && !set.contains(frame(9, 9_999_999)));
        assert_eq!(set.len(), 4);
    }
}
