//! The screen beside a real registrar and real user agents: it shows what the registrar's table holds.

use std::time::{Duration, Instant};

use crate::console::Console;
use crate::lab::{Exchange, Kamailio, Lab, Phone, missing};
use crate::namespace::{inside, say};

const fn phone(dn: &str, port: u16) -> Phone<'_> {
    Phone { dn, port, transport: "u1" }
}

#[test]
fn a_dn_is_followed_through_its_life_within_a_second() {
    const NAME: &str = "registrar::a_dn_is_followed_through_its_life_within_a_second";
    if let Some(why) = missing(&["kamailio", "sipp", "nsenter"]) {
        return say(&format!("skipped {NAME}: {why}"));
    }
    if !inside(NAME) {
        return;
    }
    let lab = Lab::new();
    let kamailio = Kamailio::start(&lab, "kamailio", &[]);
    kamailio.policy("1001", "open");
    kamailio.policy("1003", "digest");
    let mut console = Console::start(lab.dir.path(), &["-i", "lab0", "--utc"], (110, 30));
    console.see("nothing lost");
    let own = phone("1001", 5071);
    let shown = |console: &mut Console, text: &str, from: Instant| {
        console.see(text);
        let took = from.elapsed();
        // the screen counts as drawn when it has not changed for a moment
        assert!(took < Duration::from_secs(3), "{text} after {took:?}");
    };
    lab.register(&own, &[Exchange::new(1, 4, 200)]);
    shown(&mut console, "1001 in service", Instant::now());
    assert_eq!(kamailio.table(), ["1001"]);
    // a refresh: every DN is in service at the end of the first grant
    std::thread::sleep(Duration::from_secs(2));
    lab.register(&own, &[Exchange::new(2, 4, 200)]);
    let granted = Instant::now();
    std::thread::sleep(Duration::from_millis(2800));
    assert!(console.see("1001 in service").contains("1 in service"));
    console.see("1001 expired");
    let expired = granted.elapsed();
    assert!((3900..5500).contains(&expired.as_millis()), "expired after {expired:?}");
    lab.register(&own, &[Exchange::new(3, 300, 200)]);
    shown(&mut console, "1001 in service", Instant::now());
    // refused from the start, and with credentials
    kamailio.policy("1002", "403");
    lab.register(&phone("1002", 5072), &[Exchange::new(1, 300, 403)]);
    shown(&mut console, "1002 rejected 403 Forbidden", Instant::now());
    let given = Exchange::new(2, 300, 200).with_credentials();
    lab.register(&phone("1003", 5073), &[Exchange::new(1, 300, 401), given]);
    shown(&mut console, "1003 in service", Instant::now());
    lab.register(&own, &[Exchange::new(4, 0, 200)]);
    shown(&mut console, "1001 de-registered by the device", Instant::now());
    assert_eq!(kamailio.table(), ["1003"]);
    console.see("✗ 2 out  ✓ 1 in service");
    console.keys("q");
    assert_eq!(console.end(), 0);
}
