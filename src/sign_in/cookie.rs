//! The cookie by which a browser is signed in: no script reads it, no page of another site sends it.

use chrono::TimeDelta;

/// How cookies are written and found here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cookie {
    /// Sent over TLS alone, and set by this very host.
    #[default]
    Secure,
    /// For a browser on the same machine, where there is no TLS.
    Plain,
}

impl Cookie {
    /// What it is called. The first name is one that a browser takes from nobody else.
    const fn name(self) -> &'static str {
        match self {
            Cookie::Secure => "__Host-roster",
            Cookie::Plain => "roster",
        }
    }

    /// What the one is called that marks a device ([`super::device`]).
    const fn device_name(self) -> &'static str {
        match self {
            Cookie::Secure => "__Host-roster-device",
            Cookie::Plain => "roster-device",
        }
    }

    /// The header that gives a browser the secret for as long as it may last.
    pub fn set(self, secret: &str, lasts: TimeDelta) -> String {
        self.header(self.name(), secret, lasts)
    }

    /// The header that marks a browser as a device that somebody signed in on.
    pub fn set_device(self, mark: &str, lasts: TimeDelta) -> String {
        self.header(self.device_name(), mark, lasts)
    }

    fn header(self, name: &str, value: &str, lasts: TimeDelta) -> String {
        let secure = match self {
            Cookie::Secure => "; Secure",
            Cookie::Plain => "",
        };
        let seconds = lasts.num_seconds().max(0);
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }

    /// The header that takes it away again.
    pub fn clear(self) -> String {
        self.set("", TimeDelta::zero())
    }

    /// The secret in a header of a request.
    pub fn find(self, header: &str) -> Option<&str> {
        named(self.name(), header)
    }

    /// The mark of a device in a header of a request.
    pub fn find_device(self, header: &str) -> Option<&str> {
        named(self.device_name(), header)
    }
}

fn named<'a>(wanted: &str, header: &'a str) -> Option<&'a str> {
    let mut cookies = header.split(';').filter_map(|cookie| cookie.trim().split_once('='));
    cookies.find(|(name, value)| *name == wanted && !value.is_empty()).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_as_it_was_set() {
        for (cookie, header) in [
            (Cookie::Secure, "__Host-roster=abc; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure"),
            (Cookie::Plain, "roster=abc; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax"),
        ] {
            assert_eq!(cookie.set("abc", TimeDelta::days(1)), header);
            assert_eq!(cookie.find(header), Some("abc"));
            assert_eq!(cookie.find(&cookie.clear()), None);
            let mark = cookie.set_device("mark", TimeDelta::days(1));
            assert_eq!((cookie.find(&mark), cookie.find_device(&mark)), (None, Some("mark")));
            assert_eq!(cookie.find_device(header), None);
        }
        // The one that anybody may set is not looked at where there is a better one.
        assert_eq!(Cookie::Secure.find("roster=abc; a=b"), None);
        assert_eq!(Cookie::Plain.find("a=b;roster=c=d"), Some("c=d"));
        assert_eq!(Cookie::Plain.find("xroster=c"), None);
    }
}
