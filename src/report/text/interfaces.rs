//! The capture devices of this host, a row each.

use std::io;

use super::layout::{cell, wrap};
use super::page::{Ink, Page, WIDTH};
use crate::net::escape_text;
use crate::source::live::{Interface, Kind, Permitted, setcap_command};

const STATE_WIDTH: usize = 12;
const LINK_WIDTH: usize = 10;

pub(super) fn write(devices: &[Interface], page: &mut Page<'_>) -> io::Result<()> {
    let (networks, others): (Vec<&Interface>, Vec<_>) =
        devices.iter().partition(|device| device.kind != Kind::Other);
    let names = networks.iter().map(|device| escape_text(&device.name).chars().count());
    let width = names.max().unwrap_or(0).clamp("interface".len(), 24);
    let titles = format!(
        "{:width$}  {:STATE_WIDTH$}  {:LINK_WIDTH$}  addresses",
        "interface", "state", "link type"
    );
    let titles = page.paint(Ink::Faint, &titles);
    page.line(&format!("  {titles}"))?;
    for device in &networks {
        row(device, width, page)?;
    }
    if !others.is_empty() {
        let names: Vec<_> = others.iter().map(|device| escape_text(&device.name)).collect();
        page.line("")?;
        let text = format!("No network interfaces, and not tried: {}.", names.join(", "));
        page.hanging("", 2, &text)?;
    }
    if let Some(refused) = networks.iter().find(|device| device.permitted == Permitted::No) {
        page.line("")?;
        let name = escape_text(&refused.name);
        let text =
            format!("{name}: no permission to capture. Start regscope with sudo, or give it");
        page.hanging("", 2, &format!("{text} the right once with"))?;
        // in one piece, to be copied
        page.line(&format!("  {}", setcap_command()))?;
    }
    Ok(())
}

fn row(device: &Interface, width: usize, page: &mut Page<'_>) -> io::Result<()> {
    let (mark, color, link) = match &device.permitted {
        Permitted::Yes(link) => {
            let name = link.name.clone().unwrap_or_else(|| link.number.0.to_string());
            (page.glyphs.in_service, Ink::Good, name)
        }
        Permitted::No | Permitted::Fails(_) => {
            (page.glyphs.out_of_service, Ink::Bad, page.glyphs.dash.to_owned())
        }
        Permitted::Untried => (page.glyphs.unknown, Ink::Doubtful, page.glyphs.dash.to_owned()),
    };
    let more = page.glyphs.more;
    let start = format!(
        "{} {}  {}  {}  ",
        page.paint(color, mark),
        cell(&escape_text(&device.name), width, more),
        cell(state(device), STATE_WIDTH, more),
        cell(&link, LINK_WIDTH, more),
    );
    let indent = 2 + width + 2 + STATE_WIDTH + 2 + LINK_WIDTH + 2;
    let remarks = remarks(device);
    let room = WIDTH.saturating_sub(indent).max(20);
    let mut start = Some(start);
    for line in wrap(&remarks, room, room) {
        let before = start.take().unwrap_or_else(|| " ".repeat(indent));
        page.line(&format!("{before}{line}"))?;
    }
    match start {
        Some(start) => page.line(&start),
        None => Ok(()),
    }
}

const fn state(device: &Interface) -> &'static str {
    match (device.up, device.running, device.connected) {
        (false, ..) => "down",
        (true, false, _) => "up, not ready",
        (true, true, Some(false)) => "up, no link",
        (true, true, _) => "up",
    }
}

/// Addresses, what it is, and why it cannot be captured on.
fn remarks(device: &Interface) -> String {
    let addresses: Vec<_> = device.addresses.iter().map(ToString::to_string).collect();
    let mut remarks = Vec::from_iter((!addresses.is_empty()).then(|| addresses.join(", ")));
    match device.kind {
        Kind::Any => remarks.push("(all interfaces together)".to_owned()),
        Kind::Loopback => remarks.push("(loopback)".to_owned()),
        Kind::Wireless => remarks.push("(wireless)".to_owned()),
        Kind::Network | Kind::Other => {
            let told = device.description.as_deref().map(escape_text);
            remarks.extend(told.map(|description| format!("({description})")));
        }
    }
    // that it is down is the reason, and has been said
    if let Permitted::Fails(reason) = &device.permitted
        && device.up
    {
        remarks.push(format!("cannot be captured on: {}", escape_text(reason)));
    }
    remarks.join(" ")
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;
    use crate::net::LinkType;
    use crate::report::Style;
    use crate::source::live::Link;

    fn device(name: &str, kind: Kind, permitted: Permitted) -> Interface {
        Interface {
            name: name.to_owned(),
            description: None,
            addresses: Vec::new(),
            up: true,
            running: true,
            connected: None,
            kind,
            permitted,
        }
    }

    fn text(devices: &[Interface]) -> String {
        let mut out = Vec::new();
        let style = Style { unicode: true, ..Style::default() };
        write(devices, &mut Page::new(&mut out, style)).unwrap();
        let text = String::from_utf8(out).unwrap();
        let is_short = |line: &str| line.width() <= WIDTH || line.contains("setcap");
        assert!(text.lines().all(is_short), "{text}");
        text
    }

    #[test]
    fn devices_have_their_rows_in_80_columns() {
        let link = |name: &str| Link { number: LinkType(1), name: Some(name.to_owned()) };
        let mut eth0 = device("eth0", Kind::Network, Permitted::Yes(link("EN10MB")));
        eth0.addresses = ["192.0.2.2", "2001:db8::2", "fe80::1234:5678:9abc:def0"]
            .map(|a| a.parse().unwrap())
            .to_vec();
        let mut down = device("a-very-long-name-of-a-device", Kind::Network, Permitted::Untried);
        down.up = false;
        down.permitted = Permitted::Fails("That device is not up".to_owned());
        down.description = Some("evil \x1b[31m".to_owned());
        let any = device("any", Kind::Any, Permitted::Yes(link("LINUX_SLL2")));
        let other = device("nfqueue", Kind::Other, Permitted::Untried);
        let mut odd = device("eth1", Kind::Network, Permitted::Untried);
        odd.permitted = Permitted::Fails("no \u{1b}memory".to_owned());
        insta::assert_snapshot!(text(&[eth0, any, down, odd, other]), @r"
          interface                 state         link type   addresses
        ✓ eth0                      up            EN10MB      192.0.2.2, 2001:db8::2,
                                                              fe80::1234:5678:9abc:def0
        ✓ any                       up            LINUX_SLL2  (all interfaces together)
        ✗ a-very-long-name-of-a-d…  down          –           (evil \u{1b}[31m)
        ✗ eth1                      up            –           cannot be captured on: no
                                                              \u{1b}memory

        No network interfaces, and not tried: nfqueue.
        ");
    }

    #[test]
    fn without_permission_the_two_ways_are_told_once() {
        let lo = device("lo", Kind::Loopback, Permitted::No);
        let any = device("any", Kind::Any, Permitted::No);
        let text = text(&[lo, any]);
        assert_eq!(text.matches("setcap").count(), 1, "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with('✗')).count(), 2, "{text}");
    }
}
