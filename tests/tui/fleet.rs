//! Captures of many DNs, made on the spot.

#![expect(clippy::unwrap_used, reason = "numbers that are known to fit")]

/// A capture file of so many DNs from ten sources; every seventh is refused.
pub(crate) fn capture(dns: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let words = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101];
    file.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    for n in 0..dns {
        let dn = 5000 + n;
        let source = [10, 1, 0, u8::try_from(n % 10).unwrap() + 1];
        let host = format!("10.1.0.{}", source[3]);
        let common = format!(
            "Via: SIP/2.0/UDP {host}:5060;branch=z9hG4bK{dn}\r\n\
             From: <sip:{dn}@pbx.example>;tag=a{dn}\r\nTo: <sip:{dn}@pbx.example>\r\n\
             Call-ID: {dn}@{host}\r\nCSeq: 1 REGISTER\r\nContact: <sip:{dn}@{host}:5060>"
        );
        let request = format!(
            "REGISTER sip:pbx.example SIP/2.0\r\n{common}\r\nExpires: 600\r\n\
             User-Agent: Phone/{}\r\nContent-Length: 0\r\n\r\n",
            n % 3
        );
        let status = if n % 7 == 0 { "403 Forbidden" } else { "200 OK" };
        let answer =
            format!("SIP/2.0 {status}\r\n{common};expires=600\r\nContent-Length: 0\r\n\r\n");
        let registrar = [10, 2, 0, 1];
        packet(&mut file, (1000 + n / 10, n % 10 * 1000), source, registrar, request.as_bytes());
        let at = (1000 + n / 10, n % 10 * 1000 + 700);
        packet(&mut file, at, registrar, source, answer.as_bytes());
    }
    file
}

/// Appends a packet: IPv4, UDP from port 5060 to port 5060.
pub(crate) fn packet(
    file: &mut Vec<u8>,
    at: (u32, u32),
    src: [u8; 4],
    dst: [u8; 4],
    payload: &[u8],
) {
    let udp = u16::try_from(payload.len() + 8).unwrap();
    let total = udp + 20;
    let length = u32::from(total);
    for word in [at.0, at.1, length, length] {
        file.extend(word.to_le_bytes());
    }
    file.extend([0x45, 0]);
    file.extend(total.to_be_bytes());
    file.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    file.extend(src);
    file.extend(dst);
    file.extend(5060_u16.to_be_bytes());
    file.extend(5060_u16.to_be_bytes());
    file.extend(udp.to_be_bytes());
    file.extend([0, 0]);
    file.extend(payload);
}
