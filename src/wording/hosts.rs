//! Puts into words what is behind an address.

use std::net::IpAddr;

use crate::capture::Hosts;
use crate::net::Endpoint;

/// `192.0.2.1:5090 is sipendpoint (pid 4312)`, `192.0.2.1:5060 is pbx.example`; nothing if it is unknown.
pub(crate) fn who(hosts: &Hosts, endpoint: Endpoint) -> Option<String> {
    let process = hosts.owners.get(&endpoint).map(|process| process.words.as_str());
    let name = hosts.names.get(&endpoint.addr).map(String::as_str);
    match (process, name) {
        (Some(process), Some(name)) => Some(format!("{endpoint} is {process} on {name}")),
        (Some(one), None) | (None, Some(one)) => Some(format!("{endpoint} is {one}")),
        (None, None) => None,
    }
}

/// What is known of an address: its name, and what runs at which of its ports.
pub(crate) fn known_at(hosts: &Hosts, address: IpAddr) -> Option<String> {
    let mut words = hosts.names.get(&address).cloned().unwrap_or_default();
    for (endpoint, process) in hosts.owners.iter().filter(|(at, _)| at.addr == address) {
        let between = if words.is_empty() { "" } else { ", " };
        append!(words, "{between}port {} is {}", endpoint.port, process.words);
    }
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Process;

    #[test]
    fn processes_and_names_are_told_where_they_are_known() {
        let mut hosts = Hosts::default();
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let at = |port| Endpoint::new(address, port);
        assert_eq!((who(&hosts, at(5090)), known_at(&hosts, address)), (None, None));
        let process = Process {
            pid: Some(4312),
            name: Some("sipendpoint".to_owned()),
            uid: 0,
            user: None,
            words: "sipendpoint (pid 4312)".to_owned(),
        };
        hosts.owners.insert(at(5090), process);
        assert_eq!(who(&hosts, at(5090)).unwrap(), "192.0.2.1:5090 is sipendpoint (pid 4312)");
        assert_eq!(who(&hosts, at(5060)), None);
        hosts.names.insert(address, "pbx.example".to_owned());
        assert_eq!(who(&hosts, at(5060)).unwrap(), "192.0.2.1:5060 is pbx.example");
        assert_eq!(
            known_at(&hosts, address).unwrap(),
            "pbx.example, port 5090 is sipendpoint (pid 4312)"
        );
    }
}
