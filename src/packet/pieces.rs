//! Holds byte ranges that came too early, sorted and free of overlap: the first to arrive wins.

/// Up to this many pieces the list grows one by one.
const FEW: usize = 4;
/// What the allocator adds to the bytes of a piece.
const ALLOCATION: usize = 16;

/// Bytes from `start` on, and how many more were sent there than captured.
#[derive(Clone, Debug)]
pub(super) struct Piece<T> {
    pub(super) start: u64,
    pub(super) bytes: Box<[u8]>,
    pub(super) missing: u64,
    pub(super) tag: T,
}

impl<T> Piece<T> {
    /// The position of the next byte.
    pub(super) fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64 + self.missing
    }
}

/// A sorted list of pieces that do not overlap.
#[derive(Clone, Debug)]
pub(super) struct Pieces<T> {
    list: Vec<Piece<T>>,
    bytes: usize,
    /// The bytes of all, those not captured included.
    covered: u64,
}

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self { list: Vec::new(), bytes: 0, covered: 0 }
    }
}

impl<T: Clone> Pieces<T> {
    /// Adds what of the range is not there yet.
    pub(super) fn insert(&mut self, start: u64, bytes: &[u8], missing: u64, tag: &T) {
        let end = start + bytes.len() as u64 + missing;
        let mut at = start;
        let mut index = self.list.partition_point(|piece| piece.end() <= start);
        while at < end {
            let (free_until, next) = self
                .list
                .get(index)
                .map_or((end, end), |piece| (piece.start.min(end), piece.end()));
            if at < free_until {
                let piece = part(start, bytes, at, free_until, tag);
                self.bytes += piece.bytes.len();
                self.covered += piece.end() - piece.start;
                // most wait for one hole, behind which little comes
                if self.list.len() < FEW {
                    self.list.reserve_exact(1);
                }
                self.list.insert(index, piece);
                index += 1;
            }
            at = next.max(free_until);
            index += 1;
        }
    }

    /// Takes the first piece if it starts at or before `position`.
    pub(super) fn pop_reached(&mut self, position: u64) -> Option<Piece<T>> {
        self.list.first().filter(|piece| piece.start <= position)?;
        let piece = self.list.remove(0);
        self.bytes -= piece.bytes.len();
        self.covered -= piece.end() - piece.start;
        Some(piece)
    }
}

impl<T> Pieces<T> {
    pub(super) fn first(&self) -> Option<&Piece<T>> {
        self.list.first()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Piece<T>> {
        self.list.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many bytes the pieces cover, those not captured included.
    pub(super) fn covered(&self) -> u64 {
        self.covered
    }

    /// How many bytes are held.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// About what it takes to hold them, the list included.
    pub(super) fn memory(&self) -> usize {
        self.bytes + self.list.len() * ALLOCATION + self.list.capacity() * size_of::<Piece<T>>()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The part from `from` to `to` of a range that starts at `start` and of which only `bytes` are there.
fn part<T: Clone>(start: u64, bytes: &[u8], from: u64, to: u64, tag: &T) -> Piece<T> {
    let low = usize::try_from(from - start).unwrap_or(usize::MAX).min(bytes.len());
    let high = usize::try_from(to - start).unwrap_or(usize::MAX).min(bytes.len());
    let bytes: Box<[u8]> = bytes.get(low..high).unwrap_or_default().into();
    let missing = to - from - bytes.len() as u64;
    Piece { start: from, bytes, missing, tag: tag.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: &Pieces<()>) -> Vec<(u64, String, u64)> {
        pieces
            .iter()
            .map(|piece| {
                (piece.start, String::from_utf8_lossy(&piece.bytes).into_owned(), piece.missing)
            })
            .collect()
    }

    #[test]
    fn first_come_wins() {
        let mut pieces = Pieces::default();
        pieces.insert(4, b"EFG", 0, &());
        pieces.insert(10, b"KL", 0, &());
        pieces.insert(2, b"cdefghijklmn", 0, &());
        let expected = [(2, "cd"), (4, "EFG"), (7, "hij"), (10, "KL"), (12, "mn")]
            .map(|(start, text)| (start, text.to_owned(), 0));
        assert_eq!(shown(&pieces), expected);
        assert_eq!(pieces.bytes(), 12);
        pieces.insert(3, b"xxxxxxx", 0, &());
        assert_eq!(pieces.len(), 5);
    }

    #[test]
    fn missing_tails_keep_their_place() {
        let mut pieces = Pieces::default();
        pieces.insert(0, b"ab", 4, &());
        pieces.insert(4, b"efgh", 0, &());
        assert_eq!(shown(&pieces), [(0, "ab".to_owned(), 4), (6, "gh".to_owned(), 0)]);
    }

    #[test]
    fn reached_pieces_come_in_order() {
        let mut pieces = Pieces::default();
        pieces.insert(5, b"f", 0, &());
        pieces.insert(3, b"d", 0, &());
        assert!(pieces.pop_reached(2).is_none());
        assert_eq!(pieces.pop_reached(3).unwrap().start, 3);
        assert_eq!(pieces.pop_reached(9).unwrap().start, 5);
        assert_eq!((pieces.len(), pieces.bytes()), (0, 0));
    }
}
