//! The values every stage shares: time, endpoint, transport, and references to frames in files.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU16, NonZeroU64};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub mod address;
mod count;
mod escape;
pub mod password;

pub(crate) use count::count;
pub use escape::{escape_bytes, escape_lossy, escape_revealed, escape_text, shortened};

/// The name of standard input where a file or a device is asked for.
pub const STANDARD_INPUT: &str = "-";

/// A moment on the trace's clock: nanoseconds since the Unix epoch.
///
/// It is kept as a number in the same order that is never zero, so that an `Option` takes no more room.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroU64);

impl Default for Timestamp {
    fn default() -> Self {
        Self::from_nanos(0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.nanos()).finish()
    }
}

/// A long time in words: days, or hours and minutes.
#[must_use]
pub fn apart(nanos: i64) -> String {
    let minutes = nanos.unsigned_abs().saturating_add(30_000_000_000) / 60_000_000_000;
    match minutes {
        2880.. => format!("{} days", minutes / 1440),
        60.. => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => format!("{minutes} min"),
    }
}

impl Timestamp {
    /// The time of what a log without a clock holds: it comes before everything, and nothing is due after it.
    pub const NONE: Self = Self::from_nanos(0);

    /// The last moment there could be.
    pub const MAX: Self = Self::from_nanos(i64::MAX);

    const SIGN: u64 = 1 << 63;

    /// The time by the clock of this machine, which is the clock of a live capture.
    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }

    /// The moment `nanos` nanoseconds after the Unix epoch; the very first there could be is the one after it.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        match NonZeroU64::new(nanos.cast_unsigned() ^ Self::SIGN) {
            Some(number) => Self(number),
            None => Self(NonZeroU64::MIN),
        }
    }

    /// The moment `secs` seconds and `nanos` nanoseconds after the epoch, saturating.
    #[must_use]
    pub const fn from_parts(secs: i64, nanos: i64) -> Self {
        Self::from_nanos(secs.saturating_mul(1_000_000_000).saturating_add(nanos))
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        (self.0.get() ^ Self::SIGN).cast_signed()
    }

    /// The moment `seconds` later, saturating.
    #[must_use]
    pub const fn plus_secs(self, seconds: u32) -> Self {
        Self::from_nanos(
            self.nanos().saturating_add((seconds as i64).saturating_mul(1_000_000_000)),
        )
    }

    /// The moment so much later, saturating.
    #[must_use]
    pub fn plus(self, time: Duration) -> Self {
        let nanos = i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        Self::from_nanos(self.nanos().saturating_add(nanos))
    }

    /// The moment, unless it is that of a log without a clock.
    #[must_use]
    pub fn known(self) -> Option<Self> {
        (self != Self::NONE).then_some(self)
    }

    /// Signed nanoseconds from `earlier` to `self`, saturating.
    #[must_use]
    pub const fn nanos_since(self, earlier: Self) -> i64 {
        self.nanos().saturating_sub(earlier.nanos())
    }

    /// The time since `earlier`; zero when the clock went backwards.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.nanos_since(earlier)).unwrap_or(0))
    }

    /// Seconds since the epoch with nine decimals, as the JSON outputs print it.
    #[must_use]
    pub fn epoch_string(self) -> String {
        let (secs, nanos) =
            (self.nanos().div_euclid(1_000_000_000), self.nanos().rem_euclid(1_000_000_000));
        format!("{secs}.{nanos:09}")
    }
}

/// One end of a conversation: address and port (port 0 where the transport has none).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Endpoint {
    /// The IP address.
    pub addr: IpAddr,
    /// The UDP, TCP or SCTP port.
    pub port: u16,
}

impl Endpoint {
    /// An endpoint from its parts.
    #[must_use]
    pub const fn new(addr: IpAddr, port: u16) -> Self {
        Self { addr, port }
    }
}

impl fmt::Display for Endpoint {
    /// `192.0.2.1:5060` or `[2001:db8::1]:5060`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.addr, self.port).fmt(f)
    }
}

/// What carried a message, in the sense of the transport in its Via (RFC 3261 §18, RFC 7118 §4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Transport {
    /// UDP datagrams.
    Udp,
    /// A TCP byte stream.
    Tcp,
    /// SCTP chunks.
    Sctp,
    /// TLS over TCP.
    Tls,
    /// WebSocket messages over TCP (RFC 7118).
    Ws,
    /// WebSocket messages over TLS over TCP.
    Wss,
}

impl Transport {
    /// The lower-case name used in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Sctp => "sctp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The port that it has where none is written (RFC 3261 §19.1.2, RFC 7118 §4).
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp | Self::Sctp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    /// Whether the transport itself retransmits, so that SIP does not (RFC 3261 §17.1.2.2).
    #[must_use]
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// What WebSocket messages inside this transport are carried by.
    #[must_use]
    pub const fn upgraded(self) -> Self {
        match self {
            Self::Tls | Self::Wss => Self::Wss,
            Self::Udp | Self::Tcp | Self::Sctp | Self::Ws => Self::Ws,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which input of a session a frame came from: an index into its list of files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FileId(pub u16);

/// The place of a frame: its file and its number there, as Wireshark counts. It takes 8 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FrameRef(u64);

impl FrameRef {
    /// Bits of the number; the file is above them.
    const NUMBER: u32 = 48;

    /// The frame of a file with this number; numbers from 2^48 on are no longer distinct.
    #[must_use]
    pub const fn new(file: FileId, number: u64) -> Self {
        const MOST: u64 = (1 << FrameRef::NUMBER) - 1;
        let number = if number > MOST { MOST } else { number };
        Self((file.0 as u64) << Self::NUMBER | number)
    }

    /// The file.
    #[must_use]
    pub const fn file(self) -> FileId {
        FileId((self.0 >> Self::NUMBER) as u16)
    }

    /// The frame's number in that file, from 1, counting every packet as Wireshark does.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0 & ((1 << Self::NUMBER) - 1)
    }
}

impl fmt::Debug for FrameRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameRef({}, {})", self.file().0, self.number())
    }
}

/// A link-layer header type as in pcap files (<https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LinkType(pub u32);

/// One captured frame, borrowed from the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When it was captured.
    pub time: Timestamp,
    /// How its first byte is to be read.
    pub link: LinkType,
    /// Its place.
    pub at: FrameRef,
    /// Its length on the wire, in bytes; more than `bytes.len()` when the capture cut it.
    pub wire_len: u32,
    /// The captured bytes.
    pub bytes: &'a [u8],
}

/// Why a payload is not all that was sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cut {
    /// The capture kept fewer bytes than the packet had (snapshot length).
    Snaplen,
    /// IP fragments are missing from the capture.
    LostFragments,
    /// Bytes of the TCP stream are missing from the capture.
    LostSegments,
}

/// Where and how a payload was seen on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// When the frame that completed it was captured.
    pub time: Timestamp,
    /// The frame that completed it.
    pub frame: FrameRef,
    /// The sender.
    pub src: Endpoint,
    /// The receiver.
    pub dst: Endpoint,
    /// What carried it.
    pub transport: Transport,
    /// What the lower layers showed.
    pub path: PathInfo,
}

/// What the layers below the transport showed of a payload; the innermost packet's values in tunnels.
#[derive(Clone, Copy, Debug, Default)]
pub struct PathInfo {
    /// The innermost 802.1Q tag.
    pub vlan: Option<u16>,
    /// IPv4 time to live or IPv6 hop limit.
    pub ttl: u8,
    /// IPv4 identification; 0 when there is none.
    pub ip_id: u16,
    /// The sender's link-layer address where the link has one.
    pub mac: Option<[u8; 6]>,
    /// Whether it came in IP fragments.
    pub fragmented: bool,
    /// Whether something of it is missing, and why.
    pub cut: Option<Cut>,
    /// For TCP: whether any packet of the other direction of this connection was captured before.
    pub peer_seen: bool,
    /// The HEP agent that saw it, when it was not captured here. Its VLAN, time to live and link-layer
    /// address are then those the agent reports, if it does.
    pub hep: Option<HepAgent>,
    /// What a log leaves open of it, when it was logged and not captured.
    pub log: LogMarks,
}

/// What a log leaves open of a message in it; nothing is marked on one that was captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LogMarks(u16);

impl LogMarks {
    /// It is from a log: there is no TTL, no VLAN and no link-layer address, and none was to be had.
    pub const LOGGED: Self = Self(1);
    /// The sender's address or port was inferred.
    pub const SRC_INFERRED: Self = Self(2);
    /// The receiver's address or port was inferred.
    pub const DST_INFERRED: Self = Self(4);
    /// The transport was inferred.
    pub const TRANSPORT_INFERRED: Self = Self(8);
    /// The program says that it could not be sent.
    pub const NOT_SENT: Self = Self(16);
    /// The host that wrote the log sent it.
    pub const SENT: Self = Self(32);
    /// The host that wrote the log received it.
    pub const RECEIVED: Self = Self(64);
    /// Its log has no clock.
    pub const UNTIMED: Self = Self(128);
    /// Its log has times in whole seconds only.
    pub const COARSE: Self = Self(256);
    /// It was pasted without an envelope: sender, receiver and time are inferred.
    pub const PASTED: Self = Self(512);

    /// Whether any of `other` is marked.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The same with `other` marked when `on`.
    #[must_use]
    pub const fn with_if(self, other: Self, on: bool) -> Self {
        if on { Self(self.0 | other.0) } else { self }
    }
}

/// A HEP agent: one sender address with one capture id and node name, numbered from 0 as they appear.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HepAgent(NonZeroU16);

impl HepAgent {
    /// The agent at that place; `None` beyond the last place there is, 65,534.
    #[must_use]
    pub fn from_index(index: usize) -> Option<Self> {
        u16::try_from(index + 1).ok().and_then(NonZeroU16::new).map(Self)
    }

    /// Its place, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0.get()) - 1
    }
}
