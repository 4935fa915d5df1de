//! Sends anything over a connection of the HEP listener: every byte is in a packet, passed over or held,
//! and nothing but a valid packet, with the right key if one is asked for, keeps the connection.
//!
//! Input: flags (bit 0 a key is asked for), the size of the parts the bytes come in, then the bytes.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use regscope::hep::read;
use regscope::source::hep::{AgentStream, Key, ListenerLimits};

const KEY: &str = "secret";

fuzz_target!(|data: &[u8]| {
    let Some(([flags, size], bytes)) = data.split_first_chunk::<2>() else { return };
    let asks = flags & 1 != 0;
    let key = asks.then(|| Key::from(KEY));
    let limits = ListenerLimits { key, noise: 256, ..ListenerLimits::default() };
    let begin = Instant::now();
    // a sender that is not greeted yet is judged alike wherever its bytes are cut
    let first_verdict = |size: usize| {
        let mut stream = AgentStream::new(begin);
        let keeps = |part: &[u8], stream: &mut AgentStream| {
            stream.push(part, begin, &limits, &mut |_| {}).1 && !stream.has_greeted()
        };
        let last = bytes.chunks(size).find(|part| !keeps(part, &mut stream));
        (last.is_some(), stream.has_greeted())
    };
    assert_eq!(first_verdict(bytes.len().max(1)), first_verdict(usize::from(*size).max(1)));
    let mut stream = AgentStream::new(begin);
    let (mut given, mut taken, mut passed_over, mut valid) = (0, 0, 0, false);
    for part in bytes.chunks(usize::from(*size).max(1)) {
        let before = stream.has_greeted();
        let mut found = |packet: &[u8]| {
            taken += packet.len();
            let Some((len, packet_read)) = read(packet) else { panic!("a packet that is none") };
            assert_eq!(len, packet.len());
            let shows = |p: &regscope::hep::Packet<'_>| !asks || p.key == Some(KEY.as_bytes());
            valid |= packet_read.is_ok_and(|packet| shows(&packet));
        };
        let (skipped, keep) = stream.push(part, begin, &limits, &mut found);
        passed_over += skipped as usize;
        given += part.len();
        assert_eq!(taken + passed_over + stream.unfinished(), given);
        assert!(stream.unfinished() <= 65_535 + usize::from(u8::MAX));
        assert_eq!(stream.has_greeted(), valid);
        assert!(before <= stream.has_greeted(), "a greeting was forgotten");
        if !keep {
            assert!(passed_over > 0);
            return;
        }
        assert!(stream.has_greeted() || passed_over == 0);
    }
    assert!(!stream.is_idle(begin + Duration::from_secs(1), &limits));
    assert_eq!(stream.is_idle(begin + limits.greeting, &limits), !valid);
    assert!(stream.is_idle(begin + limits.idle, &limits));
});
