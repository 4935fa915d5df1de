//! Durations as they fit into a cell.

/// `0.4ms`, `1.2s`, `24m12s`.
pub(crate) fn span_short(nanos: i64) -> String {
    match nanos {
        ..60_000_000_000 => duration_short(nanos),
        _ => seconds_short(nanos / 1_000_000_000),
    }
}

/// `45s`, `24m12s`, `3h05m`, `2d04h`.
pub(crate) fn seconds_short(seconds: i64) -> String {
    let s = seconds.max(0);
    match s {
        0..60 => format!("{s}s"),
        60..3600 => format!("{}m{:02}s", s / 60, s % 60),
        3600..86_400 => format!("{}h{:02}m", s / 3600, s % 3600 / 60),
        _ => format!("{}d{:02}h", s / 86_400, s % 86_400 / 3600),
    }
}

/// `0.4ms`, `23ms`, `1.2s`.
pub(crate) fn duration_short(nanos: i64) -> String {
    let ms = nanos.max(0) as f64 / 1e6;
    match ms {
        ms if ms < 9.95 => format!("{ms:.1}ms"),
        ms if ms < 999.5 => format!("{ms:.0}ms"),
        ms => format!("{:.1}s", ms / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let cases = [(0, "0s"), (59, "59s"), (60, "1m00s"), (3599, "59m59s"), (7500, "2h05m")];
        for (seconds, want) in cases {
            assert_eq!(seconds_short(seconds), want);
        }
        assert_eq!(seconds_short(200_000), "2d07h");
        for (nanos, want) in [(400_000, "0.4ms"), (23_400_000, "23ms"), (1_200_000_000, "1.2s")] {
            assert_eq!(duration_short(nanos), want);
        }
    }
}
