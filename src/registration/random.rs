//! Random lines of scenarios, for property tests of the model and of its readers.

use proptest::prelude::*;

/// Any line of traffic, without its time.
pub(crate) fn any_line() -> impl Strategy<Value = String> {
    let what = prop::sample::select(vec![
        "> REGISTER",
        "> REGISTER expires=0",
        "> REGISTER contact=*",
        "> REGISTER contact=none",
        "> REGISTER nonce=n1",
        "> REGISTER nonce=n2 realm=other",
        "> REGISTER via=1-1-5002",
        "> OPTIONS method=OPTIONS",
        "< 100",
        "< 200",
        "< 200 contact=none",
        "< 302",
        "< 401 nonce=n1",
        "< 401 nonce=n2 stale",
        "< 403",
        "< 407 nonce=n1 proxy",
        "< 423 min=60",
        "< 480 method=OPTIONS",
        "< 503 after=5",
        "! icmp",
        ".",
    ]);
    let host = prop::sample::select(vec!["a", "b", "e"]);
    let to = prop::sample::select(vec!["r", "s", "e"]);
    (what, host, to, 1..4u32, 1..4u32, 0..3u32, prop::option::of(0..700usize), any::<bool>())
        .prop_map(|(what, from, to, call, cseq, dn, cut, tcp)| {
            let cut = cut.filter(|n| *n > 200).map_or(String::new(), |n| format!(" cut={n}"));
            let tcp = if tcp { " tcp" } else { "" };
            let expires = if what.contains("expires") { "" } else { " expires=20" };
            format!(
                "{what} from={from} to={to} call={call} cseq={cseq} dn=500{dn}{expires}{cut}{tcp}"
            )
        })
}
