//! Where events may be sent, how they are signed, and when they are sent again. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use url::{Host, Url};

use crate::error::Refusal;

/// Characters of an address.
const LONGEST: usize = 2_000;
/// What every secret begins with.
pub const PREFIX: &str = "whsec_";
/// How long after each attempt that failed the next one is.
const BACK_OFF: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
];

/// The longest that a receiver may put an attempt off.
const LONGEST_WAIT: TimeDelta = TimeDelta::days(1);

/// How long after the attempt of this number, from 1, the next one is, in whole microseconds; none if that was the last.
/// `chance`, from 0 to 255, puts off by up to a tenth, so that what failed at once does not come back at once. A
/// receiver that asks for more time gets it, up to a day; one that asks for less does not.
pub fn again(attempt: i64, chance: u8, asked: Option<TimeDelta>) -> Option<TimeDelta> {
    let wait = BACK_OFF.get(usize::try_from(attempt - 1).ok()?)?;
    let microseconds = wait.num_microseconds()?;
    let wait = TimeDelta::microseconds(microseconds + microseconds * i64::from(chance) / 2_550);
    Some(asked.map_or(wait, |asked| asked.min(LONGEST_WAIT).max(wait)))
}

/// How long a receiver asks to be left alone, by the header `Retry-After` of an answer that says that it is busy (429,
/// 503): seconds, or a date in any of the three forms of HTTP, from `now`. None if it does not ask, or cannot be read.
pub fn asked_to_wait(status: u16, header: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    if ![429, 503].contains(&status) {
        return None;
    }
    let header = header.trim();
    if header.bytes().all(|byte| byte.is_ascii_digit()) && !header.is_empty() {
        // What is no number any more is as long as anything.
        let seconds = header.parse().unwrap_or(i64::MAX);
        return Some(TimeDelta::try_seconds(seconds).unwrap_or(LONGEST_WAIT));
    }
    http_date(header).map(|date| date - now)
}

/// A date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`, or in one of the two forms of its first years.
pub fn http_date(text: &str) -> Option<DateTime<Utc>> {
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok())
        .map(|date| date.and_utc())
}

/// An address as it was typed: of the web, without a password, at a port that is one of the web or of nobody else.
///
/// # Errors
/// `BAD_INPUT`, naming the field.
pub fn address(typed: &str) -> Result<Url, Refusal> {
    let refuse = |message: &str| Refusal::bad_input(&["url"], message);
    if typed.len() > LONGEST {
        return Err(refuse("An address has at most 2,000 characters."));
    }
    let url = Url::parse(typed.trim()).map_err(|_| refuse("This is no address: they look like https://…"))?;
    if !["https", "http"].contains(&url.scheme()) || url.host().is_none() {
        return Err(refuse("This is no address of the web: they look like https://…"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(refuse("An address has no user, no password and no fragment."));
    }
    match url.port_or_known_default() {
        Some(80 | 443 | 1_024..) => Ok(url),
        _ => Err(refuse("The port is 443, 80, or 1024 and above.")),
    }
}

/// The one address that an address of the web names; none where it has a name that is looked up.
pub fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// Whether an address is of the public network: nobody's own, and of one machine.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let reserved = match (a, b, c) {
        // This network, private ones, those behind a provider's translation, loopback, link-local.
        (0 | 10 | 127, ..) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => true,
        // Protocols, documentation, relays, benchmarks.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, and whatever is kept for later.
        (224.., ..) => true,
        _ => false,
    };
    !reserved
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let carried = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // What carries an address of IPv4 is what that is: mapped, translated, by relay.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => carried(high, low),
        [0x2002, high, low, ..] => carried(high, low),
        // Tunnels, documentation, benchmarks and other purposes of their own.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // All that is given out to networks so far; loopback, unique local, link-local and multicast are not.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// A secret of these random bytes.
pub fn secret(random: &[u8; 32]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(random))
}

/// The header `webhook-signature`: of each secret a signature over the id, the second at which it is sent, and the body.
pub fn signatures<'a>(
    secrets: impl IntoIterator<Item = &'a str>,
    id: &str,
    second: i64,
    body: &str,
) -> String {
    let signed = secrets.into_iter().filter_map(|secret| {
        let key = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(format!("{id}.{second}.{body}").as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    });
    signed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_convention() {
        // The example of the Standard Webhooks.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = r#"{"test": 2432232314}"#;
        assert_eq!(
            signatures([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        let two = signatures([secret, &super::secret(&[7; 32])], "a", 1, body);
        assert_eq!(two.split(' ').filter(|one| one.starts_with("v1,")).count(), 2);
    }

    #[test]
    fn what_fails_is_sent_again_ever_later_and_then_no_more() {
        let waits: Vec<i64> =
            (1..).map_while(|attempt| Some(again(attempt, 0, None)?.num_seconds())).collect();
        assert_eq!(waits, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert_eq!(again(1, 255, None).map(|wait| wait.num_milliseconds()), Some(5_500));
        assert!(again(0, 0, None).is_none());
        for (attempt, chance) in (1..10).flat_map(|attempt| (0..=255).map(move |chance| (attempt, chance))) {
            let wait = again(attempt, chance, None).expect("another attempt");
            assert_eq!(wait.subsec_nanos() % 1_000, 0, "whole microseconds");
        }
    }

    #[test]
    fn a_receiver_that_is_busy_is_left_alone_for_as_long_as_it_asks_up_to_a_day() {
        for (asked, waits) in [(2, 5), (600, 600), (86_400, 86_400), (i64::from(u32::MAX), 86_400), (-7, 5)] {
            let asked = Some(TimeDelta::seconds(asked));
            assert_eq!(again(1, 0, asked), Some(TimeDelta::seconds(waits)), "{asked:?}");
        }
        assert_eq!(
            again(9, 0, Some(TimeDelta::seconds(1))),
            again(9, 0, None),
            "never sooner than it would be"
        );
        assert!(again(10, 0, Some(TimeDelta::seconds(1))).is_none(), "the last attempt stays the last");
    }

    #[test]
    fn what_a_receiver_asks_for_is_read_in_all_forms_of_http() {
        let now = http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
        for (header, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:59:37 GMT", Some(600)),
            ("Sunday, 06-Nov-94 08:59:37 GMT", Some(600)),
            ("Sun Nov  6 08:59:37 1994", Some(600)),
            ("Sun, 06 Nov 1994 08:49:07 GMT", Some(-30)),
            ("99999999999999999999", Some(86_400)),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
        ] {
            for status in [429, 503] {
                let asked = asked_to_wait(status, header, now).map(|asked| asked.num_seconds());
                assert_eq!(asked, expected, "{header}");
            }
            assert_eq!(asked_to_wait(500, header, now), None, "{header}");
        }
    }

    #[test]
    fn private_addresses_are_not_public_however_they_are_written() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.5",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!is_public(address.parse().expect(address)), "{address}");
        }
        for address in
            ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1"]
        {
            assert!(is_public(address.parse().expect(address)), "{address}");
        }
    }

    #[test]
    fn addresses_of_the_web_alone_are_addresses() {
        for typed in [
            "",
            "example.org",
            "ftp://example.org",
            "file:///etc/passwd",
            "https://",
            "https://a b",
            "mailto:a@b",
            "https://user@example.org",
            "https://u:p@example.org",
            "https://example.org/#x",
            "https://example.org:22",
            "http://example.org:1023",
            "https://example.org:99999",
            "gopher://example.org:70",
        ] {
            assert_eq!(address(typed).expect_err(typed).code(), "BAD_INPUT", "{typed}");
        }
        assert!(address(&format!("https://example.org/{}", "a".repeat(2_000))).is_err());
        for (typed, found) in [
            ("https://example.org/hook?a=b", None),
            (" http://example.org:8080 ", None),
            ("https://2130706433/", Some("127.0.0.1")),
            ("https://0x7f.1/", Some("127.0.0.1")),
            ("https://[::1]:8443/", Some("::1")),
        ] {
            let url = address(typed).expect(typed);
            assert_eq!(literal(&url), found.map(|found| found.parse().expect("an address")), "{typed}");
        }
    }
}
